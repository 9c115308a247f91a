#pragma once

/// One request and its whole answer. Redirects are followed, connections are kept for the next
/// exchange, content codings undone; the body is bounded by `max.body` and, where it was packed, by
/// a thousand times what came over the wire (H9). A body that was cut short is never an answer
/// (H10). Nothing is repeated: Patience says when to try again.
/// Threads: one at a time; wake() from any.

#include <string>

#include "common/http/http_stream.h"

namespace millrace::http {

struct Answer {
  int status = 0;
  Head head;
  std::string body;
  std::string url;  ///< Where it came from, behind all redirects: what its links are relative to.
};

class Exchange {
 public:
  /// `settings` must outlive it.
  explicit Exchange(const HttpSettings& settings)
      : settings_(settings),
        limit_(settings.limits.body),
        stream_(settings, settings.limits.body + 1) {}

  /// Drops what was there and sends.
  void start(Request request);
  bool is_running() const { return running_; }
  void close();

  enum class Step {
    kBusy,    ///< at_most has passed.
    kAnswer,  ///< answer(): 2xx, or 304.
    kFailed,  ///< ending() says how.
  };
  Step step(Micros at_most);
  Answer& answer() { return answer_; }
  const Ending& ending() const { return ending_; }

  /// Ends a wait of step(). [any]
  void wake() noexcept { stream_.wake(); }
  /// Waits for nothing but time or wake(), so that a pause can be cancelled.
  void pause(Micros at_most) { stream_.step(at_most); }

 private:
  Step failed(Ending ending);
  /// Null: the body so far is of a size that a body may have.
  const char* size_fault(uint64_t wire_bytes) const;
  /// Null: the status fits the request.
  const char* status_fault(int status) const;
  Step unusable(const std::string& what);
  Step finish();

  const HttpSettings& settings_;
  const uint64_t limit_;
  HttpStream stream_;
  bool running_ = false;
  bool asks_for_changes_ = false;  ///< The request has a validator (H2).
  Answer answer_;
  Ending ending_;
};

}  // namespace millrace::http
