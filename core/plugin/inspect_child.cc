// Runs the inspecting children. One poll loop, a few children at a time: a folder of 20 plugins is
// listed in the time of five, and a hanging one costs 10 s once, not one after another.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "json/document.h"
#include "plugin/inspect.h"
#include "plugin/watchdog.h"

extern char** environ;

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int64_t kTimeoutMs = 10'000;
constexpr size_t kAnswerBytesMax = 64 << 20;
constexpr size_t kReasonBytesMax = 4 << 10;

Error refused(std::string why) { return {Code::kPluginRefused, std::move(why)}; }

/// Collects what one end of a pipe gives.
struct Stream {
  int fd = -1;
  size_t max = 0;
  std::string text{};

  /// False at the end.
  bool read_some() {
    char buffer[64 << 10];
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) return true;
    if (n <= 0) {
      close_end();
      return false;
    }
    text.append(buffer, std::min(static_cast<size_t>(n), max - std::min(max, text.size())));
    return true;
  }
  void close_end() {
    if (fd >= 0) close(fd);
    fd = -1;
  }
};

struct Child {
  size_t index = 0;
  pid_t pid = -1;
  Stream out{.max = kAnswerBytesMax}, err{.max = kReasonBytesMax};
  Clock::time_point deadline{};

  bool running() const { return out.fd >= 0 || err.fd >= 0; }
};

/// Empty, or why it could not be started.
std::string start(Child& child, const std::string& self, const std::string& file) {
  int out[2], err[2];
  if (pipe2(out, O_CLOEXEC) != 0) return strerror(errno);
  if (pipe2(err, O_CLOEXEC) != 0) {
    close(out[0]);
    close(out[1]);
    return strerror(errno);
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
  std::string verb = "inspect-file";
  char* argv[] = {const_cast<char*>(self.c_str()), verb.data(), const_cast<char*>(file.c_str()),
                  nullptr};
  const int failed = posix_spawn(&child.pid, self.c_str(), &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  close(err[1]);
  child.out.fd = out[0];
  child.err.fd = err[0];
  child.deadline = Clock::now() + std::chrono::milliseconds(call_timeout_ms(kTimeoutMs));
  if (!failed) return {};
  child.out.close_end();
  child.err.close_end();
  return strerror(failed);
}

Inspected read_answer(const std::string& text, const std::string& file) {
  auto json = parse_json(text, "answer");
  if (!json || !json->root.is_array()) return refused("its inspection gave no usable answer");
  std::vector<ComponentInfo> components;
  for (const JsonValue& item : json->root.items()) {
    auto info = info_from_json(item, file);
    if (!info) return info.error();
    components.push_back(std::move(*info));
  }
  return components;
}

std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

Inspected finish(Child& child, const std::string& file, bool timed_out) {
  if (timed_out) kill(child.pid, SIGKILL);
  child.out.close_end();
  child.err.close_end();
  int status = 0;
  while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (timed_out)
    return refused("loading it did not end within " + std::to_string(call_timeout_ms(kTimeoutMs)) +
                   " ms");
  if (WIFSIGNALED(status)) {
    return refused("loading it crashed (" + std::string(strsignal(WTERMSIG(status))) + ")");
  }
  const int code = WEXITSTATUS(status);
  if (code == 0) return read_answer(child.out.text, file);
  const std::string reason = last_line(child.err.text);
  if (code == 3 && !reason.empty()) return refused(reason);
  return refused("its inspection ended with exit code " + std::to_string(code) +
                 (reason.empty() ? "" : ": " + reason));
}

/// Waits until one of the children says something, ends or runs out of time.
void serve(std::vector<Child>& children) {
  std::vector<pollfd> fds;
  std::vector<Stream*> streams;
  auto deadline = Clock::time_point::max();
  for (Child& child : children) {
    deadline = std::min(deadline, child.deadline);
    for (Stream* stream : {&child.out, &child.err}) {
      if (stream->fd < 0) continue;
      fds.push_back({stream->fd, POLLIN, 0});
      streams.push_back(stream);
    }
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  if (poll(fds.data(), fds.size(), static_cast<int>(std::max<int64_t>(left, 0))) <= 0) return;
  for (size_t i = 0; i < fds.size(); ++i) {
    if (fds[i].revents) streams[i]->read_some();
  }
}

}  // namespace

std::vector<Inspected> inspect_files(const std::vector<std::string>& files,
                                     const std::string& self) {
  std::vector<Inspected> results(files.size(), Inspected(std::vector<ComponentInfo>{}));
  const size_t at_once = std::max(2u, std::thread::hardware_concurrency());
  std::vector<Child> children;
  size_t next = 0;
  while (next < files.size() || !children.empty()) {
    while (next < files.size() && children.size() < at_once) {
      Child child;
      child.index = next++;
      const std::string failed = start(child, self, files[child.index]);
      if (failed.empty()) {
        children.push_back(std::move(child));
      } else {
        results[child.index] = refused("its inspection could not be started: " + failed);
      }
    }
    if (!children.empty()) serve(children);
    std::erase_if(children, [&](Child& child) {
      const bool late = Clock::now() >= child.deadline;
      if (child.running() && !late) return false;
      results[child.index] = finish(child, files[child.index], child.running());
      return true;
    });
  }
  return results;
}

}  // namespace millrace
