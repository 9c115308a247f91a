#include "common/websocket/ws_connection.h"

#include <algorithm>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "common/http/curl_loop.h"
#include "common/http/url.h"
#include "common/websocket/curl_socket.h"
#include "common/websocket/ws_url.h"

namespace millrace::websocket {
namespace {

namespace beast = boost::beast;
namespace ws = beast::websocket;
using http::Ending;
using http::Micros;

constexpr size_t kErrorBodyMax = 8 << 10;
/// Nobody has stepped for so long: the connection looks after itself, this often.
constexpr Micros kAway = std::chrono::milliseconds(100);

bool is_rule_broken(const error_code& ec) {
  return ec.category() == error_code(ws::error::bad_opcode).category() && ec != ws::error::closed &&
         ec != ws::error::upgrade_declined;
}

}  // namespace

class WsConnection::Impl {
 public:
  Impl(const http::HttpSettings& settings, const WsBuffer& buffer)
      : settings_(settings), bounds_(buffer) {}
  ~Impl() { close(); }

  void open(const std::string& url, const std::string& subprotocol) {
    close();
    const std::lock_guard lock(mutex_);
    subprotocol_ = subprotocol;
    asked_ = url;
    redirects_ = 0;
    connect(url);
  }

  void close() {
    stop_keeper();
    const std::lock_guard lock(mutex_);
    // Handlers that wait hold on to the stream: end them before it goes.
    if (stream_) stream_->next_layer().shut();
    io_.restart();
    io_.poll();
    stream_.reset();
    transfer_.reset();
    inbox_ = WsInbox(bounds_);
    outbox_.clear();
    in_.clear();
    reading_ = writing_ = false;
    state_ = State::kClosed;
  }

  State step(Micros at_most) {
    const std::lock_guard lock(mutex_);
    if (transfer_ && !stream_) {
      step_connect(at_most);
    } else if (stream_) {
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
  void connect(const std::string& url) {
    url_ = url;
    state_ = State::kOpening;
    ending_ = {};
    http::Request request{url, {}};
    request.connect_only = true;
    transfer_ = std::make_unique<http::Transfer>(loop_, settings_, request,
                                                 [](std::string_view) { return true; });
    driven_ = http::steady_now();
  }

  void step_connect(Micros at_most) {
    settle_connect(http::steady_now() - driven_);
    if (transfer_ && !stream_ && state_ == State::kOpening && at_most.count() > 0) {
      const Micros check = transfer_->next_check() - http::steady_now();
      loop_.wait(std::max(std::min(at_most, check), Micros(0)));
      settle_connect(Micros(0));
    }
    driven_ = http::steady_now();
  }

  void settle_connect(Micros away) {
    loop_.perform();
    transfer_->check_time(http::steady_now(), away);
    if (transfer_->stage() != http::Transfer::Stage::kDone) return;
    if (transfer_->fault() == http::Fault::kNone) return shake_hands();
    Ending ending{
        .why = Ending::Why::kFault, .fault = transfer_->fault(), .text = transfer_->fault_text()};
    end({ending});
  }

  void shake_hands() {
    stream_ = std::make_unique<ws::stream<CurlSocket>>(io_, transfer_->easy());
    watch_idleness(true);
    stream_->read_message_max(settings_.limits.message);
    stream_->set_option(
        ws::stream_base::decorator([this](ws::request_type& request) { decorate(request); }));
    const auto url = http::parse_url(url_);
    const bool usual = url->port == (url->is_https() ? "443" : "80");
    const std::string host = url->host + (usual ? "" : ":" + url->port);
    response_ = {};
    io_.restart();
    stream_->async_handshake(response_, host, target_of(url_),
                             [this](error_code ec) { shook_hands(ec); });
  }

  /// While nothing is read a live peer looks dead.
  void watch_idleness(bool watches) {
    ws::stream_base::timeout times{};
    times.handshake_timeout = settings_.header_timeout;
    times.idle_timeout = ws::stream_base::none();
    if (watches && settings_.read_timeout.count() > 0) times.idle_timeout = settings_.read_timeout;
    times.keep_alive_pings = true;
    stream_->set_option(times);
  }

  /// The user's headers belong to the origin they were written for (S22).
  void decorate(ws::request_type& request) {
    request.set(beast::http::field::user_agent, settings_.user_agent);
    if (!subprotocol_.empty())
      request.set(beast::http::field::sec_websocket_protocol, subprotocol_);
    const auto from = http::parse_url(asked_), to = http::parse_url(url_);
    if (from->origin() != to->origin()) return;
    for (const http::Header& header : settings_.headers) request.set(header.name, header.value);
  }

  void shook_hands(error_code ec) {
    // None was offered, so a granted one is a lie (W1, W9); Beast itself does not mind.
    const bool has_extension = response_.count(beast::http::field::sec_websocket_extensions) > 0;
    if (!ec && has_extension) {
      return end(
          {{.why = Ending::Why::kBadResponse, .text = "an extension that was not asked for"}});
    }
    if (!ec) {
      state_ = State::kOpen;
      last_message_ = http::steady_now();
      read();
      return;
    }
    const int status = response_.result_int();
    if (ec == ws::error::upgrade_declined && status != 0) return declined(status);
    Ending ending{.why = Ending::Why::kFault,
                  .fault = http::Fault::kNetwork,
                  .text = "no WebSocket handshake: " + ec.message()};
    if (is_rule_broken(ec)) ending.fault = http::Fault::kBadResponse;
    end({ending});
  }

  void declined(int status) {
    if (http::class_of_status(status) == http::StatusClass::kRedirect && follow()) return;
    const char* reason = http::reason_of_status(status);
    Ending ending{.why = Ending::Why::kStatus,
                  .status = status,
                  .body = response_.body().substr(0, kErrorBodyMax),
                  .text = reason ? reason : "status " + std::to_string(status)};
    const auto field = [&](beast::http::field name) { return std::string(response_[name]); };
    const std::string after = field(beast::http::field::retry_after);
    if (!after.empty()) {
      ending.retry_after = http::parse_retry_after(after, field(beast::http::field::date),
                                                   http::wall_now(), settings_.retry.max_after);
    }
    // An answer that is no refusal and no upgrade either is not a WebSocket service.
    if (status < 300) ending.why = Ending::Why::kBadResponse;
    end({ending});
  }

  bool follow() {
    const std::string location(response_[beast::http::field::location]);
    const auto target = http::resolve_url(url_, web_url(location).value_or(location));
    if (location.empty() || !target || ++redirects_ > settings_.limits.redirects) return false;
    if (url_.starts_with("https:") && !target->starts_with("https:")) return false;
    next_url_ = *target;  // The stream is in use by the caller.
    return true;
  }

  void step_stream(Micros at_most) {
    io_.restart();
    const size_t before = inbox_.size();
    const State state_before = state_;
    io_.poll();
    if (inbox_.size() == before && state_ == state_before && at_most.count() > 0 &&
        next_url_.empty()) {
      io_.restart();
      io_.run_one_for(at_most);
      io_.poll();
    }
    if (next_url_.empty()) return;
    const std::string url = std::exchange(next_url_, "");
    stream_->next_layer().shut();
    io_.restart();
    io_.poll();
    stream_.reset();
    connect(url);
  }

  /// One read is always pending, since pings are answered only inside of it (W4); but not while
  /// the inbox is full (P7).
  void read() {
    if (reading_ || state_ != State::kOpen) return;
    const bool was_held_up = inbox_.is_held_up();
    const bool has_room = inbox_.has_room(http::steady_now());
    if (was_held_up == has_room) watch_idleness(has_room);
    if (!has_room) return;
    reading_ = true;
    stream_->async_read(in_, [this](error_code ec, size_t) { was_read(ec); });
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
    stream_->text(true);
    stream_->async_write(asio::buffer(outbox_.front()), [this](error_code ec, size_t) {
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
      ending.close_code = stream_->reason().code;
      ending.http.text =
          "the server closed the connection with code " + std::to_string(ending.close_code);
    } else if (is_rule_broken(ec)) {
      ending.broke_rules = true;
      ending.http.text = "the server broke the protocol: " + ec.message();
    }
    end(std::move(ending));
  }

  /// Messages that came before the end stay.
  void end(WsEnding ending) {
    ending_ = std::move(ending);
    state_ = State::kEnded;
    if (stream_) stream_->next_layer().shut();
  }

  const http::HttpSettings& settings_;
  const WsBuffer bounds_;
  mutable std::mutex mutex_;  ///< Guards all that follows, against the keeper.
  http::CurlLoop loop_;
  asio::io_context io_{1};
  std::unique_ptr<http::Transfer> transfer_;
  std::unique_ptr<ws::stream<CurlSocket>> stream_;
  State state_ = State::kClosed;
  WsEnding ending_;
  std::string asked_, url_, next_url_, subprotocol_;
  uint32_t redirects_ = 0;
  Micros driven_{0}, last_message_{0};
  Micros stepped_{0};  ///< When step() last returned.
  ws::response_type response_;
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
