// The stdout sink: a view of rows for people and pipes. It promises nothing about what a reader
// sees after a crash.

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <millrace/plugin.hpp>

#include "common/local_file/local_file.h"
#include "sink_stdout_schema.h"
#include "table.h"

namespace millrace::stdout_sink {
namespace {

/// While it lives a write to a pipe that nobody reads fails instead of ending the process.
class NoPipeSignal {
 public:
  NoPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoPipeSignal() {
    if (sigismember(&before_, SIGPIPE)) return;
    const timespec now{};
    while (sigtimedwait(&pipe_, nullptr, &now) < 0 && errno == EINTR) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;

 private:
  sigset_t pipe_{}, before_{};
};

class StdoutSink final : public sink {
 public:
  static constexpr auto info = describe(
      "org.millrace.stdout", "1.0.0", "Apache-2.0",
      "Shows rows on standard output, as JSON lines or as a readable table.", schema::sink_stdout,
      title{"Rows on standard output"}, status::beta, trust::untrusted_input);

  StdoutSink(const context& ctx, const config& cfg)
      : ctx_(ctx), as_table_(cfg.str("format", "ndjson") == "table") {}

  void write(batch_view rows, emitter&) override {
    for (uint32_t i = 0; i < rows.size(); ++i) {
      const std::string_view row = rows.value(i).data() ? rows.value(i) : "null";
      if (as_table_) {
        text_ += table_.add(cells_of(row));
      } else {
        text_.append(row);
        text_ += '\n';
      }
    }
    put_out();
  }

  /// Rows that wait for their block are shown with the commit that holds them.
  std::string prepare(uint64_t) override {
    text_ += table_.print();
    put_out();
    return "";
  }

  void close() override {
    if (closed_) return;
    text_ += table_.print();
    put_out();
  }

 private:
  void put_out();

  context ctx_;
  bool as_table_;
  Table table_;
  std::string text_;
  bool closed_ = false;  ///< Nobody reads any more.
};

void StdoutSink::put_out() {
  const NoPipeSignal guard;
  std::string_view rest = text_;
  while (!rest.empty()) {
    const ssize_t n = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (n >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      if (ctx_.cancelled()) throw cancelled();
      pollfd ready{STDOUT_FILENO, POLLOUT, 0};
      poll(&ready, 1, 100);
    } else if (errno == EPIPE) {
      closed_ = true;
      throw failure(MR_E_CANCELLED, "stdout was closed");
    } else if (errno != EINTR) {
      closed_ = true;
      throw fatal("stdout: cannot be written: " + local_file::reason(errno));
    }
  }
  text_.clear();
}

}  // namespace
}  // namespace millrace::stdout_sink

using millrace::stdout_sink::StdoutSink;
MILLRACE_PLUGIN(StdoutSink)
