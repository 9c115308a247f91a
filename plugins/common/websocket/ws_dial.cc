#include "common/websocket/ws_dial.h"

#include <algorithm>
#include <utility>

#include "common/http/url.h"
#include "common/websocket/ws_url.h"

namespace millrace::websocket {
namespace {

namespace beast = boost::beast;
namespace ws = beast::websocket;
using http::Ending;
using http::Micros;

constexpr size_t kErrorBodyMax = 8 << 10;

}  // namespace

void watch_silence(WsLine::Stream& stream, const http::HttpSettings& settings, bool watches) {
  ws::stream_base::timeout times{};
  times.handshake_timeout = settings.header_timeout;
  times.idle_timeout = ws::stream_base::none();
  if (watches && settings.read_timeout.count() > 0) times.idle_timeout = settings.read_timeout;
  times.keep_alive_pings = true;
  stream.set_option(times);
}

bool breaks_rules(const error_code& ec) {
  return ec.category() == error_code(ws::error::bad_opcode).category() && ec != ws::error::closed &&
         ec != ws::error::upgrade_declined;
}

WsDial::WsDial(const http::HttpSettings& settings, http::CurlLoop& loop, asio::io_context& io,
               const std::string& url, std::string subprotocol)
    : settings_(settings), loop_(loop), io_(io), asked_(url), subprotocol_(std::move(subprotocol)) {
  connect(url);
}

WsDial::~WsDial() { hang_up(); }

WsDial::State WsDial::step(Micros at_most) {
  if (line_.stream) {
    step_handshake(at_most);
  } else if (state_ == State::kDialling) {
    step_connect(at_most);
  }
  return state_;
}

void WsDial::connect(const std::string& url) {
  url_ = url;
  http::Request request{url, {}};
  request.connect_only = true;
  line_.transfer = std::make_unique<http::Transfer>(loop_, settings_, request,
                                                    [](std::string_view) { return true; });
  driven_ = http::steady_now();
}

void WsDial::step_connect(Micros at_most) {
  settle_connect(http::steady_now() - driven_);
  if (!line_.stream && state_ == State::kDialling && at_most.count() > 0) {
    const Micros check = line_.transfer->next_check() - http::steady_now();
    loop_.wait(std::max(std::min(at_most, check), Micros(0)));
    settle_connect(Micros(0));
  }
  driven_ = http::steady_now();
}

void WsDial::settle_connect(Micros away) {
  const http::Transfer& transfer = *line_.transfer;
  loop_.perform();
  line_.transfer->check_time(http::steady_now(), away);
  if (transfer.stage() != http::Transfer::Stage::kDone) return;
  if (transfer.fault() == http::Fault::kNone) return shake_hands();
  fail({.why = Ending::Why::kFault, .fault = transfer.fault(), .text = transfer.fault_text()});
}

void WsDial::shake_hands() {
  line_.stream = std::make_unique<WsLine::Stream>(io_, line_.transfer->easy());
  watch_silence(*line_.stream, settings_, true);
  line_.stream->read_message_max(settings_.limits.message);
  line_.stream->set_option(
      ws::stream_base::decorator([this](ws::request_type& request) { decorate(request); }));
  const auto url = http::parse_url(url_);
  const bool usual = url->port == (url->is_https() ? "443" : "80");
  const std::string host = url->host + (usual ? "" : ":" + url->port);
  response_ = {};
  io_.restart();
  line_.stream->async_handshake(response_, host, target_of(url_),
                                [this](error_code ec) { shook_hands(ec); });
}

/// The user's headers belong to the origin they were written for (S22).
void WsDial::decorate(ws::request_type& request) const {
  request.set(beast::http::field::user_agent, settings_.user_agent);
  if (!subprotocol_.empty()) request.set(beast::http::field::sec_websocket_protocol, subprotocol_);
  const auto from = http::parse_url(asked_), to = http::parse_url(url_);
  if (from->origin() != to->origin()) return;
  for (const http::Header& header : settings_.headers) request.set(header.name, header.value);
}

void WsDial::step_handshake(Micros at_most) {
  io_.restart();
  io_.poll();
  if (state_ == State::kDialling && at_most.count() > 0 && next_url_.empty()) {
    io_.restart();
    io_.run_one_for(at_most);
    io_.poll();
  }
  if (next_url_.empty()) return;
  const std::string url = std::exchange(next_url_, "");
  hang_up();
  line_.stream.reset();
  connect(url);
}

void WsDial::shook_hands(error_code ec) {
  // None was offered, so a granted one is a lie (W1, W9); Beast itself does not mind.
  const bool has_extension = response_.count(beast::http::field::sec_websocket_extensions) > 0;
  if (!ec && has_extension) {
    return fail({.why = Ending::Why::kBadResponse, .text = "an extension that was not asked for"});
  }
  if (!ec && !has_offered(std::string(response_[beast::http::field::sec_websocket_protocol]))) {
    return fail({.why = Ending::Why::kBadResponse, .text = "a subprotocol that was not asked for"});
  }
  if (!ec) {
    state_ = State::kOpen;
    return;
  }
  const int status = response_.result_int();
  if (ec == ws::error::upgrade_declined && status != 0) return declined(status);
  Ending ending{.why = Ending::Why::kFault,
                .fault = http::Fault::kNetwork,
                .text = "no WebSocket handshake: " + ec.message()};
  if (breaks_rules(ec)) ending.fault = http::Fault::kBadResponse;
  fail(std::move(ending));
}

/// `chosen` is none at all, or one of the list in `subprotocol_` (W1).
bool WsDial::has_offered(const std::string& chosen) const {
  std::string offered = "," + subprotocol_ + ",";
  std::erase(offered, ' ');
  return chosen.empty() || offered.find("," + chosen + ",") != offered.npos;
}

void WsDial::declined(int status) {
  const bool leads_on = http::class_of_status(status) == http::StatusClass::kRedirect;
  if (leads_on && follow()) return;
  const char* reason = http::reason_of_status(status);
  Ending ending{.why = Ending::Why::kStatus,
                .status = status,
                .body = response_.body().substr(0, kErrorBodyMax),
                .text = reason ? reason : "status " + std::to_string(status)};
  if (leads_on) {
    ending.text +=
        ", a redirect that is not followed: without a WebSocket or web address, from "
        "wss to ws, or one more than max.redirects";
  }
  const auto field = [&](beast::http::field name) { return std::string(response_[name]); };
  const std::string after = field(beast::http::field::retry_after);
  if (!after.empty()) {
    ending.retry_after = http::parse_retry_after(after, field(beast::http::field::date),
                                                 http::wall_now(), settings_.retry.max_after);
  }
  if (status < 300) {
    ending.why = Ending::Why::kBadResponse;
    ending.text += ", which is no refusal and no upgrade either: not a WebSocket service";
  }
  fail(std::move(ending));
}

bool WsDial::follow() {
  const std::string location(response_[beast::http::field::location]);
  const auto target = http::resolve_url(url_, web_url(location).value_or(location));
  if (location.empty() || !target || ++redirects_ > settings_.limits.redirects) return false;
  if (url_.starts_with("https:") && !target->starts_with("https:")) return false;
  next_url_ = *target;  // The stream is in use by the caller.
  return true;
}

void WsDial::fail(Ending ending) {
  ending_ = std::move(ending);
  state_ = State::kFailed;
  if (line_.stream) line_.stream->next_layer().shut();
}

/// Handlers that wait hold on to the stream: they end before it goes.
void WsDial::hang_up() {
  if (!line_.stream) return;
  line_.stream->next_layer().shut();
  io_.restart();
  io_.poll();
}

}  // namespace millrace::websocket
