#include "base/fault_point.h"

#ifdef MILLRACE_FAULT_POINTS
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

namespace millrace {
namespace {

/// Another thread takes the signal; a short input would have ended by then.
constexpr useconds_t kSeenUs = 20'000;

/// `point:n` in the environment: what is to happen when `point` is passed the nth time.
class Trap {
 public:
  explicit Trap(const char* variable) : wanted_(std::getenv(variable)) {}

  bool springs(const char* name) {
    if (!wanted_) return false;
    const size_t length = std::strlen(name);
    if (std::strncmp(wanted_, name, length) != 0 || wanted_[length] != ':') return false;
    return ++passes_ == std::atoi(wanted_ + length + 1);
  }

 private:
  const char* wanted_;
  std::atomic<int> passes_{0};
};

void (*heard_by)(const char* name) = nullptr;

/// Whole lines, whichever threads write them.
void say_point(const char* name) {
  static const char* path = std::getenv("MILLRACE_SAY_POINTS");
  static const int file = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
  if (file < 0) return;
  const std::string line = std::string(name) + "\n";
  if (write(file, line.data(), line.size()) < 0) std::abort();
}

}  // namespace

void hear_fault_points(void (*hear)(const char* name)) { heard_by = hear; }

bool broken_on_purpose(const char* way) {
  const char* asked = std::getenv("MILLRACE_BROKEN");
  return asked && std::strcmp(asked, way) == 0;
}

void fault_point(const char* name) {
  if (heard_by) return heard_by(name);
  static Trap kill_at("MILLRACE_KILL_AT"), stop_at("MILLRACE_STOP_AT"),
      freeze_at("MILLRACE_FREEZE_AT");
  say_point(name);
  if (kill_at.springs(name)) std::raise(SIGKILL);
  if (freeze_at.springs(name)) std::raise(SIGSTOP);
  if (stop_at.springs(name)) {
    kill(getpid(), SIGTERM);
    usleep(kSeenUs);
  }
}

}  // namespace millrace
#endif
