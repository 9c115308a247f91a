#pragma once

/// A program that runs beside us: what it writes comes line by line, and lines go to it. It leads a
/// process group of its own, which ends with it. Threads: one at a time; wake() from any.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::exec {

using Micros = std::chrono::microseconds;

class Child {
 public:
  explicit Child(uint64_t line_max);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Why it cannot be started; empty: it runs. Throws retriable: no pipe.
  std::string start(const std::vector<std::string>& command, const std::string& folder,
                    const std::vector<std::pair<std::string, std::string>>& environment);
  bool is_running() const { return pid_ > 0; }
  /// Asks the group to end, insists after `grace`, and waits for it.
  void stop(Micros grace);

  enum class Got {
    kLine,     ///< line() is lent until the next call.
    kError,    ///< line() came from its standard error.
    kNothing,  ///< `at_most` has passed, or wake().
    kTooLong,  ///< A line larger than line_max; its beginning is in line().
    kEnd,      ///< It has ended, and everything it wrote was read. exit_text() says how.
  };
  Got next(Micros at_most);
  std::string_view line() const { return line_; }
  /// Queued; what it does not read is kept up to a bound, then dropped (it then gets a later one).
  void send(const std::string& line);
  /// Of the last end.
  const std::string& exit_text() const { return exit_text_; }
  int exit_code() const { return exit_code_; }

  /// Waits for nothing but time or wake().
  void pause(Micros at_most) { wait_for(at_most); }
  /// Ends a wait of next(). [any]
  void wake() noexcept;

 private:
  struct Pipe {
    int fd = -1;
    std::string bytes;
    bool is_skipping = false;  ///< The rest of a line that was too long.
  };
  bool take_line(Pipe& pipe, bool& too_long);
  void read_from(Pipe& pipe);
  void write_some();
  void wait_for(Micros at_most);
  bool is_mute() const;
  bool reap();
  void close_pipes();

  const uint64_t line_max_;
  pid_t pid_ = -1;
  int in_ = -1;    ///< Its standard input.
  int wake_ = -1;  ///< eventfd.
  int end_ = -1;   ///< pidfd: readable when it has ended.
  Pipe out_, error_;
  std::string to_send_, line_, exit_text_;
  int exit_code_ = 0;
};

}  // namespace millrace::exec
