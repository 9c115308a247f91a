#pragma once

/// A connection that libcurl made (through proxies, with TLS, to whichever address answers first)
/// as the stream below Beast's WebSocket. So there is one place that connects and checks
/// certificates. Threads: as the io_context.

#include <curl/curl.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>

namespace millrace::websocket {

namespace asio = boost::asio;
using boost::system::error_code;

class CurlSocket {
 public:
  using executor_type = asio::io_context::executor_type;

  /// `easy` is connected (CURLOPT_CONNECT_ONLY), stays with its owner, and outlives this.
  CurlSocket(asio::io_context& io, CURL* easy)
      : executor_(io.get_executor()), easy_(easy), wait_(io) {
    curl_socket_t fd = CURL_SOCKET_BAD;
    curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd);
    if (fd != CURL_SOCKET_BAD) wait_.assign(fd);
  }
  /// The socket is libcurl's.
  ~CurlSocket() {
    if (wait_.is_open()) wait_.release();
  }
  CurlSocket(const CurlSocket&) = delete;
  CurlSocket& operator=(const CurlSocket&) = delete;

  executor_type get_executor() const noexcept { return executor_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    const asio::mutable_buffer to = first<asio::mutable_buffer>(buffers);
    return start([this, to](size_t& n) { return curl_easy_recv(easy_, to.data(), to.size(), &n); },
                 asio::posix::stream_descriptor::wait_read, to.size() == 0, token);
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    const asio::const_buffer from = first<asio::const_buffer>(buffers);
    return start(
        [this, from](size_t& n) { return curl_easy_send(easy_, from.data(), from.size(), &n); },
        asio::posix::stream_descriptor::wait_write, from.size() == 0, token);
  }

  /// Whatever waits ends, whatever comes fails.
  void shut() {
    closed_ = true;
    error_code ignored;
    if (wait_.is_open()) {
      ::shutdown(wait_.native_handle(), SHUT_RDWR);
      wait_.cancel(ignored);
    }
  }

 private:
  template <class Buffer, class Buffers>
  static Buffer first(const Buffers& buffers) {
    for (auto at = asio::buffer_sequence_begin(buffers); at != asio::buffer_sequence_end(buffers);
         ++at) {
      const Buffer buffer(*at);
      if (buffer.size() > 0) return buffer;
    }
    return {};
  }

  /// Tries, waits for the socket, tries again; a result is handed over later, never at once. TLS
  /// may hold bytes that the socket no longer shows, so trying comes before waiting.
  template <class Try, class Token>
  auto start(Try attempt, asio::posix::stream_descriptor::wait_type what, bool is_empty,
             Token& token) {
    auto run = [this, attempt, what, is_empty, moved = size_t{0}, result = error_code(),
                done = false](auto& self, error_code waited = {}) mutable {
      if (done) return self.complete(result, moved);
      if (!waited && !is_empty && !closed_) {
        const CURLcode code = attempt(moved);
        if (code == CURLE_AGAIN) return wait_.async_wait(what, std::move(self));
        const bool is_end = code == CURLE_OK && moved == 0;
        if (code != CURLE_OK) result = asio::error::connection_reset;
        if (is_end) result = asio::error::eof;
      } else if (!is_empty) {
        result = waited ? waited : error_code(asio::error::operation_aborted);
      }
      done = true;
      const auto executor = executor_;
      asio::post(executor, std::move(self));
    };
    return asio::async_compose<Token, void(error_code, size_t)>(std::move(run), token, wait_);
  }

  executor_type executor_;
  CURL* easy_;
  asio::posix::stream_descriptor wait_;
  bool closed_ = false;
};

// What Beast asks of a stream that is none of its own.
inline void teardown(boost::beast::role_type, CurlSocket& socket, error_code& ec) {
  socket.shut();
  ec = {};
}
template <class Handler>
void async_teardown(boost::beast::role_type, CurlSocket& socket, Handler&& handler) {
  socket.shut();
  asio::post(socket.get_executor(),
             [handler = std::forward<Handler>(handler)]() mutable { handler(error_code()); });
}
inline void beast_close_socket(CurlSocket& socket) { socket.shut(); }

}  // namespace millrace::websocket
