#pragma once

/// A request whose answer is read as a stream: connects, follows redirects (S22), and hands the
/// body out as bytes in order. It does not repeat anything; it says how it ended, and its owner
/// decides.
///
/// Bytes wait in a buffer of `buffer_max`; when it is full the socket is left alone until
/// consume() makes room, so that TCP slows the sender down (P7).
/// Threads: one at a time; wake() from any.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/http/retry_after.h"
#include "common/http/status_class.h"
#include "common/http/transfer.h"

namespace millrace::http {

/// How a stream ended, or why it never began.
struct Ending {
  enum class Why {
    kBodyEnd,      ///< 200, and the body was over, properly or not; `text` says how.
    kSilent,       ///< 200, and nothing came for `read_timeout`.
    kStatus,       ///< Another status than 2xx.
    kFault,        ///< No answer at all; `fault` says which kind.
    kBadResponse,  ///< Too many or forbidden redirects.
  };
  Why why = Why::kBodyEnd;
  int status = 0;
  Fault fault = Fault::kNone;
  uint64_t body_bytes = 0;
  uint64_t wire_bytes = 0;  ///< Of the body, before content coding was undone.
  std::string body{};       ///< kStatus: the beginning of the error document.
  std::string text{};       ///< One line for people.
  std::optional<RetryAfter> retry_after{};
};

class HttpStream {
 public:
  enum class State { kClosed, kOpening, kOpen, kEnded };

  /// `settings` must outlive the stream.
  HttpStream(const HttpSettings& settings, uint64_t buffer_max)
      : settings_(settings), buffer_max_(buffer_max) {}

  /// Drops what was there and begins. The user's headers of the settings are added by the stream,
  /// and left away when a redirect leads to another origin.
  void open(Request request);
  /// Drops the connection and all bytes.
  void close();

  /// Lets the network do what it can; if nothing came of it, waits at most `at_most` for something.
  State step(Micros at_most);
  State state() const { return state_; }
  /// kOpen, and after it.
  const Head& head() const { return head_; }
  /// Where redirects have led.
  const std::string& url() const { return url_; }
  const Ending& ending() const { return ending_; }

  /// Of the body, before content coding was undone.
  uint64_t wire_bytes() const { return transfer_ ? transfer_->wire_bytes() : 0; }

  std::string_view bytes() const { return std::string_view(buffer_).substr(consumed_); }
  void consume(size_t size);

  /// Ends a wait of step(). [any]
  void wake() noexcept { loop_.wake(); }

 private:
  void start(std::string url);
  void settle(Micros away);
  void on_head();
  void follow();
  void finish();
  void end(Ending ending);
  bool take(std::string_view bytes);
  Request request_to(const std::string& url) const;
  bool is_same_origin(const std::string& url) const;
  Micros until_next_check() const;

  const HttpSettings& settings_;
  const uint64_t buffer_max_;
  CurlLoop loop_;
  std::unique_ptr<Transfer> transfer_;
  State state_ = State::kClosed;
  Request request_;
  std::string url_;
  uint32_t redirects_ = 0;
  std::optional<Micros> follow_at_;  ///< A redirect that came with Retry-After.
  Micros error_since_{0};            ///< When the head of an error answer was seen.
  Head head_;
  Ending ending_;
  std::string buffer_;
  size_t consumed_ = 0;
  Micros driven_{0};  ///< When step() last returned.
};

}  // namespace millrace::http
