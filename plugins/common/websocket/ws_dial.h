#pragma once

/// Makes a WebSocket connection: libcurl connects (through proxies, with TLS), Beast shakes hands
/// on what libcurl made, and redirects are followed. It ends with a line to talk on, or with the
/// reason why there is none. Threads: as the io_context; everything happens inside step().

#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <memory>
#include <string>

#include "common/http/curl_loop.h"
#include "common/http/http_stream.h"
#include "common/websocket/curl_socket.h"

namespace millrace::websocket {

/// A connection, and what speaks WebSocket on it. The stream uses the transfer's socket.
struct WsLine {
  using Stream = boost::beast::websocket::stream<CurlSocket>;
  std::unique_ptr<http::Transfer> transfer;
  std::unique_ptr<Stream> stream;
};

class WsDial {
 public:
  enum class State { kDialling, kOpen, kFailed };

  /// Begins. All but the strings must outlive it. `url`: http or https (ws_url.h). `subprotocol`
  /// may be empty.
  WsDial(const http::HttpSettings& settings, http::CurlLoop& loop, asio::io_context& io,
         const std::string& url, std::string subprotocol);
  ~WsDial();
  WsDial(const WsDial&) = delete;
  WsDial& operator=(const WsDial&) = delete;

  /// Lets the network do what it can; if nothing came of it, waits at most `at_most`.
  State step(http::Micros at_most);
  /// Once, after kOpen.
  WsLine take() { return std::move(line_); }
  /// After kFailed. kStatus: the server answered, and refused.
  const http::Ending& ending() const { return ending_; }

 private:
  void connect(const std::string& url);
  void step_connect(http::Micros at_most);
  void settle_connect(http::Micros away);
  void shake_hands();
  void step_handshake(http::Micros at_most);
  void decorate(boost::beast::websocket::request_type& request) const;
  void shook_hands(error_code ec);
  bool has_offered(const std::string& chosen) const;
  void declined(int status);
  bool follow();
  void fail(http::Ending ending);
  void hang_up();

  const http::HttpSettings& settings_;
  http::CurlLoop& loop_;
  asio::io_context& io_;
  const std::string asked_, subprotocol_;
  std::string url_, next_url_;
  uint32_t redirects_ = 0;
  http::Micros driven_{0};  ///< When libcurl last had its turn.
  State state_ = State::kDialling;
  http::Ending ending_;
  boost::beast::websocket::response_type response_;
  WsLine line_;
};

/// Whether a peer that says nothing for `read_timeout` counts as dead. Not while nothing is read,
/// since a live peer looks dead then.
void watch_silence(WsLine::Stream& stream, const http::HttpSettings& settings, bool watches);

/// The peer broke the protocol or a limit.
bool breaks_rules(const error_code& ec);

}  // namespace millrace::websocket
