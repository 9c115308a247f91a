#pragma once

/// One WebSocket connection (RFC 6455), from the name look-up to its end. libcurl connects, Beast
/// speaks: masking, fragments, control frames, UTF-8 and limits are its work (W2-W7). A dead peer
/// is noticed by protocol pings within `read_timeout` (W8).
///
/// Everything happens inside step() (curl_loop.h says why), but for one thing: while nobody steps,
/// because whoever reads is held up, a thread of its own reads on into the buffer, so that pings
/// are answered (W4).
/// Threads: one at a time; wake() from any.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/http_stream.h"
#include "common/websocket/ws_inbox.h"

namespace millrace::websocket {

struct WsEnding {
  http::Ending http;   ///< kStatus: the handshake was refused. kBodyEnd: it ran.
  int close_code = 0;  ///< What the peer sent; 0: no close frame.
  bool was_open = false;
  bool broke_rules = false;  ///< The peer broke the protocol or a limit.
};

class WsConnection {
 public:
  enum class State { kClosed, kOpening, kOpen, kEnded };

  /// `settings` must outlive it.
  WsConnection(const http::HttpSettings& settings, const WsBuffer& buffer);
  ~WsConnection();
  WsConnection(const WsConnection&) = delete;
  WsConnection& operator=(const WsConnection&) = delete;

  /// `url`: http or https (ws_url.h). `subprotocol` may be empty.
  void open(const std::string& url, const std::string& subprotocol);
  /// Drops the connection and what was received.
  void close();

  /// Lets the network do what it can; if nothing came of it, waits at most `at_most`.
  State step(http::Micros at_most);
  State state() const;
  const WsEnding& ending() const;

  /// A text or binary message; data() null: none is here. Lent until pop().
  std::string_view message() const;
  void pop();
  /// Text, sent in the order of the calls.
  void send(std::string text);
  /// When the last message came, or the connection was made.
  http::Micros last_message() const;
  /// How many messages were dropped in front of message() since the last call.
  uint64_t take_dropped();

  /// Ends a wait of step(). [any]
  void wake() noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::websocket
