#include "common/websocket/ws_connection.h"

#include <algorithm>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "common/websocket/ws_dial.h"

namespace millrace::websocket {
namespace {

namespace beast = boost::beast;
namespace ws = beast::websocket;
using http::Ending;
using http::Micros;

/// Nobody has stepped for so long: the connection looks after itself, this often.
constexpr Micros kAway = std::chrono::milliseconds(100);

}  // namespace

class WsConnection::Impl {
 public:
  Impl(const http::HttpSettings& settings, const WsBuffer& buffer)
      : settings_(settings), bounds_(buffer) {}
  ~Impl() { close(); }

  void open(const std::string& url, const std::string& subprotocol) {
    close();
    const std::lock_guard lock(mutex_);
    state_ = State::kOpening;
    ending_ = {};
    dial_ = std::make_unique<WsDial>(settings_, loop_, io_, url, subprotocol);
  }

  void close() {
    stop_keeper();
    const std::lock_guard lock(mutex_);
    dial_.reset();
    // Handlers that wait hold on to the stream: end them before it goes.
    if (line_.stream) line_.stream->next_layer().shut();
    io_.restart();
    io_.poll();
    line_.stream.reset();
    line_.transfer.reset();
    inbox_ = WsInbox(bounds_);
    outbox_.clear();
    in_.clear();
    reading_ = writing_ = false;
    state_ = State::kClosed;
  }

  State step(Micros at_most) {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kOpening) {
      step_dial(at_most);
    } else if (line_.stream) {
      step_stream(at_most);
    } else if (at_most.count() > 0) {
      loop_.wait(at_most);
    }
    stepped_ = http::steady_now();
    if (state_ == State::kOpen && !keeper_.joinable()) start_keeper();
    return state_;
  }

  State state() const {
    const std::lock_guard lock(mutex_);
    return state_;
  }
  /// Settled before state() says kEnded.
  const WsEnding& ending() const { return ending_; }
  Micros last_message() const {
    const std::lock_guard lock(mutex_);
    return last_message_;
  }

  std::string_view message() {
    const std::lock_guard lock(mutex_);
    return inbox_.front();
  }
  void pop() {
    const std::lock_guard lock(mutex_);
    inbox_.pop();
    read();
  }
  void send(std::string text) {
    const std::lock_guard lock(mutex_);
    outbox_.push_back(std::move(text));
    write();
  }
  uint64_t take_dropped() {
    const std::lock_guard lock(mutex_);
    return inbox_.take_dropped();
  }

  void wake() noexcept {
    loop_.wake();
    asio::post(io_, [] {});
  }

 private:
  void step_dial(Micros at_most) {
    const WsDial::State dialled = dial_->step(at_most);
    if (dialled == WsDial::State::kDialling) return;
    if (dialled == WsDial::State::kFailed) return end({dial_->ending()});
    line_ = dial_->take();
    state_ = State::kOpen;
    last_message_ = http::steady_now();
    read();
  }

  void step_stream(Micros at_most) {
    io_.restart();
    const size_t before = inbox_.size();
    const State state_before = state_;
    io_.poll();
    if (inbox_.size() != before || state_ != state_before || at_most.count() <= 0) return;
    io_.restart();
    io_.run_one_for(at_most);
    io_.poll();
  }

  /// One read is always pending, since pings are answered only inside of it (W4); but not while
  /// the inbox is full (P7).
  void read() {
    if (reading_ || state_ != State::kOpen) return;
    const bool was_held_up = inbox_.is_held_up();
    const bool has_room = inbox_.has_room(http::steady_now());
    if (was_held_up == has_room) watch_silence(*line_.stream, settings_, has_room);
    if (!has_room) return;
    reading_ = true;
    line_.stream->async_read(in_, [this](error_code ec, size_t) { was_read(ec); });
  }

  void was_read(error_code ec) {
    reading_ = false;
    if (ec) return broken(ec);
    last_message_ = http::steady_now();
    inbox_.push(beast::buffers_to_string(in_.data()));
    in_.clear();
    read();
  }

  void start_keeper() {
    stopping_ = false;
    keeper_ = std::thread([this] { keep(); });
  }
  void stop_keeper() {
    if (!keeper_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    stopped_.notify_all();
    keeper_.join();
  }

  /// What step() would do without waiting, while nobody calls it.
  void keep() {
    std::unique_lock lock(mutex_);
    while (!stopped_.wait_for(lock, kAway, [this] { return stopping_; })) {
      const Micros now = http::steady_now();
      if (state_ != State::kOpen || now - stepped_ < kAway) continue;
      io_.restart();
      io_.poll();
      inbox_.look(now);
      read();
    }
  }

  void write() {
    if (writing_ || state_ != State::kOpen || outbox_.empty()) return;
    writing_ = true;
    line_.stream->text(true);
    line_.stream->async_write(asio::buffer(outbox_.front()), [this](error_code ec, size_t) {
      writing_ = false;
      if (ec) return;  // The read that is pending tells.
      outbox_.pop_front();
      write();
    });
  }

  void broken(error_code ec) {
    if (state_ != State::kOpen) return;
    WsEnding ending;
    ending.was_open = true;
    ending.http.why = ec == beast::error::timeout ? Ending::Why::kSilent : Ending::Why::kBodyEnd;
    ending.http.text = ec.message();
    if (ec == beast::error::timeout) {
      ending.http.text = "nothing received for " + http::duration_text(settings_.read_timeout);
    } else if (ec == ws::error::closed) {
      ending.close_code = line_.stream->reason().code;
      ending.http.text = "the server closed the connection " +
                         (ending.close_code ? "with code " + std::to_string(ending.close_code)
                                            : std::string("without a code"));
    } else if (breaks_rules(ec)) {
      ending.broke_rules = true;
      ending.http.text = "the server broke the protocol: " + ec.message();
    }
    end(std::move(ending));
  }

  /// Messages that came before the end stay.
  void end(WsEnding ending) {
    ending_ = std::move(ending);
    state_ = State::kEnded;
    if (line_.stream) line_.stream->next_layer().shut();
  }

  const http::HttpSettings& settings_;
  const WsBuffer bounds_;
  mutable std::mutex mutex_;  ///< Guards all that follows, against the keeper.
  http::CurlLoop loop_;
  asio::io_context io_{1};
  std::unique_ptr<WsDial> dial_;
  WsLine line_;
  State state_ = State::kClosed;
  WsEnding ending_;
  Micros last_message_{0};
  Micros stepped_{0};  ///< When step() last returned.
  beast::flat_buffer in_;
  WsInbox inbox_{bounds_};
  std::deque<std::string> outbox_;
  bool reading_ = false, writing_ = false;
  bool stopping_ = false;
  std::condition_variable stopped_;
  std::thread keeper_;  ///< Runs from the first step() that found the connection open.
};

WsConnection::WsConnection(const http::HttpSettings& settings, const WsBuffer& buffer)
    : impl_(std::make_unique<Impl>(settings, buffer)) {}
WsConnection::~WsConnection() = default;

void WsConnection::open(const std::string& url, const std::string& subprotocol) {
  impl_->open(url, subprotocol);
}
void WsConnection::close() { impl_->close(); }
WsConnection::State WsConnection::step(Micros at_most) { return impl_->step(at_most); }
WsConnection::State WsConnection::state() const { return impl_->state(); }
const WsEnding& WsConnection::ending() const { return impl_->ending(); }
std::string_view WsConnection::message() const { return impl_->message(); }
void WsConnection::pop() { impl_->pop(); }
void WsConnection::send(std::string text) { impl_->send(std::move(text)); }
Micros WsConnection::last_message() const { return impl_->last_message(); }
uint64_t WsConnection::take_dropped() { return impl_->take_dropped(); }
void WsConnection::wake() noexcept { impl_->wake(); }

}  // namespace millrace::websocket
