#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace millrace {
namespace {

std::atomic<LogLevel> level_now{LogLevel::kInfo};

struct Secrets {
  std::mutex mutex;
  std::vector<std::string> all;  // Guarded by mutex.
};

Secrets& secrets() {
  static Secrets* instance =
      new Secrets;  // Never destroyed: threads may log while the program ends.
  return *instance;
}

spdlog::logger& logger() {
  static spdlog::logger* instance = [] {
    auto* made = new spdlog::logger("millrace", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%H:%M:%S %^%l%$ %v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarn: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

void set_log_level(LogLevel level) { level_now = level; }
LogLevel log_level() { return level_now; }

void hide_in_log(std::string_view secret) {
  constexpr size_t kShortestMasked = 4;
  if (secret.size() < kShortestMasked) return;
  std::lock_guard lock(secrets().mutex);
  // Longest first: a short one inside a long one must not bare the rest of it.
  auto& all = secrets().all;
  all.insert(std::find_if(all.begin(), all.end(),
                          [&](const std::string& s) { return s.size() < secret.size(); }),
             std::string(secret));
}

std::string masked(std::string_view text) {
  std::string out(text);
  std::lock_guard lock(secrets().mutex);
  for (const std::string& secret : secrets().all) {
    for (size_t at = out.find(secret); at != std::string::npos; at = out.find(secret, at)) {
      out.replace(at, secret.size(), "***");
    }
  }
  return out;
}

void log_line(LogLevel level, std::string_view text) {
  if (level < level_now.load()) return;
  logger().log(to_spdlog(level), masked(text));
}

}  // namespace millrace
