#include "source_exec/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <millrace/plugin.hpp>
#include <thread>

extern char** environ;

namespace millrace::exec {
namespace {

constexpr size_t kSendMax = 64 << 10;

struct Actions {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  Actions() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  ~Actions() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
};

void close_one(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

void set_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

/// The environment of this process, with some variables added or replaced: "NAME=value" each.
std::vector<std::string> variables_with(
    const std::vector<std::pair<std::string, std::string>>& environment) {
  std::vector<std::string> texts;
  for (char** at = environ; *at; ++at) {
    const std::string_view text(*at);
    const std::string_view name = text.substr(0, text.find('='));
    const bool is_replaced = std::any_of(environment.begin(), environment.end(),
                                         [&](const auto& one) { return one.first == name; });
    if (!is_replaced) texts.emplace_back(text);
  }
  for (const auto& [name, value] : environment) texts.push_back(name + "=" + value);
  return texts;
}

}  // namespace

Child::Child(uint64_t line_max)
    : line_max_(line_max), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Child::~Child() {
  stop(Micros(0));
  close_one(wake_);
}

std::string Child::start(const std::vector<std::string>& command, const std::string& folder,
                         const std::vector<std::pair<std::string, std::string>>& environment) {
  int in[2], out[2], error[2];
  if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(error, O_CLOEXEC)) {
    throw retriable(std::string("no pipe: ") + strerror(errno));
  }
  Actions actions;
  posix_spawn_file_actions_adddup2(&actions.files, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions.files, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions.files, error[1], STDERR_FILENO);
  if (!folder.empty()) posix_spawn_file_actions_addchdir_np(&actions.files, folder.c_str());
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&actions.attributes, &none);
  posix_spawnattr_setsigdefault(&actions.attributes, &all);
  posix_spawnattr_setflags(&actions.attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  std::vector<std::string> texts = variables_with(environment);
  std::vector<char*> variables;
  for (std::string& text : texts) variables.push_back(text.data());
  variables.push_back(nullptr);
  const int failed = posix_spawnp(&pid_, arguments[0], &actions.files, &actions.attributes,
                                  arguments.data(), variables.data());
  close(in[0]), close(out[1]), close(error[1]);
  in_ = in[1], out_.fd = out[0], error_.fd = error[0];
  if (failed) {
    pid_ = -1;
    close_pipes();
    const std::string where = folder.empty() ? "" : " in the folder " + folder;
    return "it cannot be started" + where + ": " + strerror(failed);
  }
  end_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  for (const int fd : {in_, out_.fd, error_.fd}) set_nonblocking(fd);
  return "";
}

void Child::close_pipes() {
  close_one(in_);
  close_one(end_);
  for (Pipe* pipe : {&out_, &error_}) {
    close_one(pipe->fd);
    pipe->bytes.clear();
    pipe->is_skipping = false;
  }
  to_send_.clear();
}

void Child::stop(Micros grace) {
  if (pid_ > 0) {
    close_one(in_);
    kill(-pid_, SIGTERM);
    const auto until = std::chrono::steady_clock::now() + grace;
    int status = 0;
    pid_t ended = 0;
    while ((ended = waitpid(pid_, &status, WNOHANG)) == 0 &&
           std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    kill(-pid_, SIGKILL);  // Whoever of the group is left.
    if (ended == 0) waitpid(pid_, &status, 0);
    pid_ = -1;
  }
  close_pipes();
}

Child::Got Child::next(Micros at_most) {
  for (bool waited = false;; waited = true) {
    bool too_long = false;
    if (take_line(error_, too_long)) return Got::kError;
    if (take_line(out_, too_long)) return too_long ? Got::kTooLong : Got::kLine;
    if (pid_ > 0 && is_mute() && reap()) return Got::kEnd;
    if (pid_ <= 0) return Got::kEnd;
    if (waited) return Got::kNothing;
    wait_for(at_most);
  }
}

/// It has closed both, mostly because it ended; but it may live on.
bool Child::is_mute() const { return out_.fd < 0 && error_.fd < 0; }

/// A last line without its end counts: the program may have forgotten it.
bool Child::take_line(Pipe& pipe, bool& too_long) {
  size_t end = pipe.bytes.find('\n');
  while (pipe.is_skipping && end != pipe.bytes.npos) {
    pipe.bytes.erase(0, end + 1);
    pipe.is_skipping = false;
    end = pipe.bytes.find('\n');
  }
  if (pipe.is_skipping) return pipe.bytes.clear(), false;
  if (end == pipe.bytes.npos && pipe.fd < 0 && !pipe.bytes.empty()) {
    line_ = std::exchange(pipe.bytes, "");
    return true;
  }
  if (end == pipe.bytes.npos && pipe.bytes.size() > line_max_) {
    too_long = true;
    line_ = pipe.bytes.substr(0, 1024);
    pipe.bytes.clear();
    pipe.is_skipping = true;
    return true;
  }
  if (end == pipe.bytes.npos) return false;
  too_long = end > line_max_;
  line_ = pipe.bytes.substr(0, too_long ? 1024 : end);
  if (line_.ends_with('\r')) line_.pop_back();
  pipe.bytes.erase(0, end + 1);
  return true;
}

void Child::wait_for(Micros at_most) {
  pollfd fds[] = {{out_.fd, POLLIN, 0},
                  {error_.fd, POLLIN, 0},
                  {wake_, POLLIN, 0},
                  {to_send_.empty() ? -1 : in_, POLLOUT, 0},
                  {is_mute() ? end_ : -1, POLLIN, 0}};
  const auto ms = std::clamp<int64_t>((at_most.count() + 999) / 1000, 0, 60'000);
  if (::poll(fds, 5, static_cast<int>(ms)) <= 0) return;
  if (fds[0].revents) read_from(out_);
  if (fds[1].revents) read_from(error_);
  if (fds[3].revents) write_some();
  uint64_t count = 0;
  if (fds[2].revents && read(wake_, &count, sizeof count) < 0) return;
}

void Child::read_from(Pipe& pipe) {
  char bytes[65536];
  const ssize_t n = read(pipe.fd, bytes, sizeof bytes);
  if (n > 0) {
    pipe.bytes.append(bytes, static_cast<size_t>(n));
  } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
    close_one(pipe.fd);
  }
}

void Child::send(const std::string& line) {
  if (in_ < 0 || to_send_.size() > kSendMax) return;
  to_send_ += line + '\n';
  write_some();
}

void Child::write_some() {
  sigset_t pipe_signal, before;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  const ssize_t n = write(in_, to_send_.data(), to_send_.size());
  const int error = errno;
  if (n > 0) to_send_.erase(0, static_cast<size_t>(n));
  if (n < 0 && error == EPIPE) {  // It does not listen: that is its affair.
    close_one(in_);
    to_send_.clear();
    const timespec now{};
    if (!sigismember(&before, SIGPIPE)) sigtimedwait(&pipe_signal, nullptr, &now);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

/// False: it has not ended yet.
bool Child::reap() {
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == 0) return false;
  kill(-pid_, SIGKILL);
  pid_ = -1;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  exit_text_ = WIFEXITED(status) ? "it ended with code " + std::to_string(exit_code_)
                                 : "it was ended by signal " + std::to_string(WTERMSIG(status));
  close_pipes();
  return true;
}

void Child::wake() noexcept {
  const uint64_t one = 1;
  if (write(wake_, &one, sizeof one) < 0) return;
}

}  // namespace millrace::exec
