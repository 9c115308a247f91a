#include "host/report.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "base/noun.h"
#include "json/write.h"
#include "pipeline/ledger_json.h"

namespace millrace {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

JsonValue ledger_json(const Ledger& ledger, const RunResult& result) {
  JsonValue out = JsonValue::object();
  JsonValue& sources = out.set("sources", JsonValue::object());
  for (const auto& [name, counters] : ledger.sources) sources.set(name, counters_json(counters));
  JsonValue& operators = out.set("operators", JsonValue::object());
  for (const auto& [name, counters] : ledger.operators)
    operators.set(name, counters_json(counters));
  JsonValue& sinks = out.set("sinks", JsonValue::object());
  for (const auto& [name, counters] : ledger.sinks) {
    JsonValue& one = sinks.set(name, counters_json(counters));
    for (const SinkReport& sink : result.sinks) {
      if (sink.name == name) one.set("delivery", JsonValue::string(sink.delivery));
    }
  }
  return out;
}

JsonValue restored_json(const std::vector<RestoredTask>& tasks) {
  JsonValue out = JsonValue::array();
  for (const RestoredTask& task : tasks) {
    JsonValue one = JsonValue::object();
    one.set("stage", JsonValue::string(task.stage));
    one.set("task", JsonValue::integer(task.task));
    one.set("cache_bytes", JsonValue::integer(static_cast<int64_t>(task.cache_bytes)));
    one.set("changelog_bytes", JsonValue::integer(static_cast<int64_t>(task.changelog_bytes)));
    one.set("seconds", JsonValue::floating(task.seconds));
    out.push_back(std::move(one));
  }
  return out;
}

std::string restored_text(const std::vector<RestoredTask>& tasks) {
  uint64_t cache = 0, changelog = 0;
  for (const RestoredTask& task : tasks) {
    cache += task.cache_bytes;
    changelog += task.changelog_bytes;
  }
  return fmt::format("  restored  {}: {:.1f} MB from the cache, {:.1f} MB from changelogs\n",
                     counted(tasks.size(), "task"), static_cast<double>(cache) / 1e6,
                     static_cast<double>(changelog) / 1e6);
}

bool balanced(const Ledger& ledger) {
  return std::all_of(ledger.operators.begin(), ledger.operators.end(),
                     [](const auto& op) { return op.counters.balanced(); });
}

std::string grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), " ");
  }
  return digits;
}

/// VmHWM of this program alone: what getrusage tells begins with the peak of whoever started it.
uint64_t peak_rss_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    constexpr std::string_view kPeak = "VmHWM:";
    if (line.rfind(kPeak, 0) == 0)
      return std::strtoull(line.c_str() + kPeak.size(), nullptr, 10) << 10;
  }
  return 0;
}

}  // namespace

Usage usage_since(int64_t started_monotonic_us) {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  Usage out;
  out.wall_seconds = static_cast<double>(monotonic_us() - started_monotonic_us) / 1e6;
  out.cpu_seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
  out.peak_rss_bytes = peak_rss_bytes();
  return out;
}

std::string report_json(const std::string& pipeline, std::string_view outcome, const Usage& usage,
                        const RunResult& result) {
  JsonValue out = JsonValue::object();
  out.set("pipeline", JsonValue::string(pipeline));
  out.set("outcome", JsonValue::string(std::string(outcome)));
  out.set("wall_seconds", JsonValue::floating(usage.wall_seconds));
  out.set("cpu_seconds", JsonValue::floating(usage.cpu_seconds));
  out.set("peak_rss_bytes", JsonValue::integer(static_cast<int64_t>(usage.peak_rss_bytes)));
  out.set("commits", JsonValue::integer(static_cast<int64_t>(result.commits)));
  JsonValue run = ledger_json(result.run, result);
  for (const auto& member : run.members()) out.set(member.key, member.value);
  out.set("balanced", JsonValue::boolean(balanced(result.run)));
  out.set("total", ledger_json(result.total, result));
  if (!result.restored.empty()) out.set("restored", restored_json(result.restored));
  if (!result.waiting.empty()) out.set("open_windows", waiting_json(result.waiting));
  return to_pretty_json(out) + "\n";
}

std::string summary_text(const Usage& usage, const RunResult& result) {
  std::string out;
  uint64_t records = 0;
  size_t width = 8;
  for (const auto& source : result.run.sources) width = std::max(width, source.name.size());
  for (const auto& op : result.run.operators) width = std::max(width, op.name.size());
  for (const auto& sink : result.run.sinks) width = std::max(width, sink.name.size());
  for (const auto& [name, c] : result.run.sources) {
    records += c.records;
    out += fmt::format("  source    {:<{}}  {} {}", name, width, grouped(c.records),
                       noun(c.records, "record"));
    if (c.errors) out += fmt::format(", {} broken or without a usable time", grouped(c.errors));
    if (c.skipped) out += fmt::format(", {} seen before", grouped(c.skipped));
    out += '\n';
  }
  for (const auto& [name, c] : result.run.operators) {
    out += fmt::format("  operator  {:<{}}  {} in = {} used + {} late + {} filtered + {} {}", name,
                       width, grouped(c.rows), grouped(c.used), grouped(c.late),
                       grouped(c.filtered), grouped(c.errors), noun(c.errors, "error"));
    if (c.duplicates)
      out += fmt::format(" + {} {}", grouped(c.duplicates), noun(c.duplicates, "duplicate"));
    out += fmt::format("; {} out{}\n", grouped(c.out), c.balanced() ? "" : "  NOT BALANCED");
  }
  for (const auto& [name, c] : result.run.sinks) {
    std::string delivery;
    for (const SinkReport& sink : result.sinks) {
      if (sink.name == name) delivery = sink.delivery;
    }
    out += fmt::format("  sink      {:<{}}  {} {}, {}\n", name, width, grouped(c.records),
                       noun(c.records, "row"), delivery);
  }
  if (!result.restored.empty()) out += restored_text(result.restored);
  out += fmt::format("  {} {} in {:.2f} s ({} per second), {}, at most {} MiB\n", grouped(records),
                     noun(records, "record"), usage.wall_seconds,
                     grouped(static_cast<uint64_t>(static_cast<double>(records) /
                                                   std::max(usage.wall_seconds, 1e-3))),
                     counted(result.commits, "commit"), usage.peak_rss_bytes >> 20);
  return out;
}

}  // namespace millrace
