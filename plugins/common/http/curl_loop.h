#pragma once

/// One libcurl multi handle, driven by whoever waits for its transfers: there is no network thread.
///
/// Why inside poll: the host already gives each source a thread that waits in poll(), up to a
/// deadline and until cancel(). libcurl can wait there as well (curl_multi_poll), and
/// curl_multi_wakeup() ends the wait from any thread. So cancellation is immediate, the budget of
/// poll is the budget of the network, a source that is not polled stops reading its socket (which
/// is the back-pressure of P7), what was parsed is what was emitted, and nothing needs a lock.
/// The price: while nobody polls nothing moves; timers are judged only after the socket has been
/// looked at, so slow polling is never taken for a silent peer.
///
/// Threads: one at a time; wake() from any.

#include <curl/curl.h>

#include "common/http/clock.h"

namespace millrace::http {

class Transfer;

class CurlLoop {
 public:
  /// Runs curl_global_init once per library (the function itself is thread-safe since 7.84).
  CurlLoop();
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  /// Moves all transfers as far as they go without waiting.
  void perform();
  /// Waits until a socket is ready, libcurl has something to do, wake(), or `at_most` has passed.
  void wait(Micros at_most);
  /// Ends the present or the next wait. [any]
  void wake() noexcept;

 private:
  friend class Transfer;
  CURLM* multi_;
};

}  // namespace millrace::http
