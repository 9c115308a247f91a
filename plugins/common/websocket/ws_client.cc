#include "common/websocket/ws_client.h"

#include <algorithm>

namespace millrace::websocket {

using http::Ending;
using http::Micros;
using http::steady_now;
using State = WsConnection::State;

namespace {

constexpr Micros kShort = std::chrono::milliseconds(20);
/// Waits are cut so that cancel() is heard without touching a connection from another thread.
constexpr Micros kSlice = std::chrono::milliseconds(100);
/// After the heir's first record what the old connection had in flight may still arrive.
constexpr Micros kDrain = std::chrono::seconds(1);

}  // namespace

WsClient::WsClient(const context& ctx, http::HttpSettings settings, WsOptions options,
                   WsHooks hooks, http::Random random)
    : ctx_(ctx),
      settings_(std::move(settings)),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      patience_(ctx, settings_, std::move(random), hooks_.remedy) {}

std::string_view WsClient::next(Micros deadline) {
  if (Line* line = std::exchange(popped_, nullptr)) line->connection.pop();
  note_absence(steady_now());
  for (bool looked = false;; looked = true) {
    if (cancelled_) throw cancelled();
    for (Line* line : {live_.get(), heir_.get()}) {
      if (line && take(*line)) return line->connection.message();
    }
    last_call_ = steady_now();
    if (looked && last_call_ >= deadline) return {};
    advance(last_call_, deadline);
  }
}

void WsClient::note_dropped(Line& line) {
  const uint64_t dropped = line.connection.take_dropped();
  if (dropped == 0) return;
  counts_.overflow += dropped;
  line.pinged = Micros(0);  // The answer may have been among them.
  line.last_record = steady_now();
  if (hooks_.overflowed) hooks_.overflowed();
}

/// Pongs are swallowed; everything else is the owner's.
bool WsClient::take(Line& line) {
  while (line.connection.message().data()) {
    note_dropped(line);
    const auto kind = hooks_.kind ? hooks_.kind(line.connection.message()) : WsHooks::Kind::kRecord;
    if (kind == WsHooks::Kind::kPong) {
      line.pinged = Micros(0);
      line.connection.pop();
      continue;
    }
    if (kind == WsHooks::Kind::kRecord) {
      line.last_record = steady_now();
      line.has_record = true;
    }
    popped_ = &line;
    return true;
  }
  return false;
}

void WsClient::note_absence(Micros now) {
  const bool was_away = last_call_.count() > 0 && now - last_call_ > options_.stall_limit;
  if (was_away && is_open() && options_.overflow == http::Overflow::kResume) after_stall_ = true;
  last_call_ = now;
}

void WsClient::advance(Micros now, Micros deadline) {
  if (!live_) return connect(now, deadline);
  const Micros until = std::min(deadline, next_timer(now));
  const bool waits_for_both = heir_ != nullptr;
  const Micros most = std::max(until - now, Micros(0));
  live_->connection.step(std::min(most, waits_for_both ? kShort : kSlice));
  if (heir_) heir_->connection.step(Micros(0));
  now = steady_now();
  // It may have opened and ended within one look.
  const bool stood =
      live_->connection.state() == State::kOpen ||
      (live_->connection.state() == State::kEnded && live_->connection.ending().was_open);
  if (stood && !live_->is_subscribed) subscribe(*live_, now);
  if (live_->connection.message().data()) return;
  if (live_->connection.state() == State::kEnded) return ended(now);
  if (live_->is_subscribed && !serve(*live_, now)) return;
  replace(now);
}

void WsClient::connect(Micros now, Micros deadline) {
  patience_.aim(hooks_.url());
  const Micros due = patience_.due();
  if (due > now) return pause_.wait(std::max(std::min(due, deadline) - now, Micros(0)));
  live_ = opened_line();
}

std::unique_ptr<WsClient::Line> WsClient::opened_line() {
  ++counts_.requests;
  WsBuffer buffer{.bytes_max = options_.buffer};
  if (options_.overflow == http::Overflow::kDropOldest) buffer.drop_after = options_.stall_limit;
  auto line = std::make_unique<Line>(settings_, buffer);
  line->connection.open(hooks_.url(), options_.subprotocol);
  return line;
}

Micros WsClient::shortened(Micros duration) {
  return Micros(
      static_cast<int64_t>(static_cast<double>(duration.count()) * (1 - 0.1 * patience_.random())));
}

void WsClient::subscribe(Line& line, Micros now) {
  line.is_subscribed = true;
  line.opened = line.last_record = now;
  line.planned_end = options_.max_age.count() ? now + shortened(options_.max_age) : Micros(0);
  line.next_ping = options_.ping_every.count() ? now + options_.ping_every : Micros(0);
  patience_.opened(now);
  if (!closed_by_refusal_) patience_.forgive();
  for (std::string& text : hooks_.subscribe()) line.connection.send(std::move(text));
  if (was_open_) ++counts_.reconnects;
  if (&line == live_.get() && hooks_.connected) hooks_.connected(!was_open_);
  was_open_ = true;
  after_stall_ = false;
  ctx_.debug("connected to " + patience_.printable());
}

/// Pings and the watch for silence. False: the connection was given up.
bool WsClient::serve(Line& line, Micros now) {
  if (line.next_ping.count() > 0 && now >= line.next_ping) {
    line.connection.send(options_.ping_text);
    if (line.pinged.count() == 0) line.pinged = now;
    line.next_ping = now + options_.ping_every;
  }
  if (after_stall_) {
    patience_.cut("reading was held up for more than " + http::duration_text(options_.stall_limit),
                  now - line.opened, settings_.retry.initial, now);
    drop();
    return false;
  }
  if (line.pinged.count() > 0 && now - line.pinged >= options_.pong_timeout) {
    stall("no answer to a ping for " + http::duration_text(options_.pong_timeout), now);
    return false;
  }
  const bool is_silent =
      options_.silence_timeout.count() > 0 && now - line.last_record >= options_.silence_timeout;
  if (is_silent) stall("no record for " + http::duration_text(options_.silence_timeout), now);
  return !is_silent;
}

/// Make before break (W12).
void WsClient::replace(Micros now) {
  const bool is_due = live_->planned_end.count() > 0 && now >= live_->planned_end;
  if (!heir_ && is_due) {
    heir_ = opened_line();
    both_until_ = now + options_.overlap + settings_.connect_timeout;
    return;
  }
  if (!heir_) return;
  const State state = heir_->connection.state();
  if (state == State::kEnded) {  // Not now: keep what works.
    ++counts_.retries;
    ctx_.debug("the planned replacement of the connection to " + patience_.printable() +
               " failed: " + heir_->connection.ending().http.text);
    heir_.reset();
    live_->planned_end = now + std::max(settings_.retry.max, Micros(std::chrono::seconds(1)));
    return;
  }
  if (state == State::kOpen && !heir_->is_subscribed) {
    subscribe(*heir_, now);
    both_until_ = now + options_.overlap;
  }
  const bool is_fed =
      heir_->has_record && now - heir_->opened >= std::min(kDrain, options_.overlap);
  if (!heir_->is_subscribed || (!is_fed && now < both_until_)) return;
  live_ = std::move(heir_);
}

void WsClient::ended(Micros now) {
  const WsEnding ending = live_->connection.ending();
  const Micros ran_for = now - live_->opened;
  const bool was_subscribed = live_->is_subscribed;
  if (heir_ && heir_->is_subscribed) {  // The replacement is there already.
    live_ = std::move(heir_);
    return;
  }
  drop();
  if (!was_subscribed) {
    ++counts_.retries;
    return patience_.attempt_failed(ending.http, now, options_.busy_wait);
  }
  if (ending.http.why == Ending::Why::kSilent) {
    ++counts_.stalls;
    return patience_.stalled(ending.http.text, settings_.retry.initial, now);
  }
  const int code = ending.close_code;
  const bool is_refusal = code == 1002 || code == 1003 || (code >= 1007 && code <= 1010);
  if (ran_for >= settings_.retry.reset_after) patience_.forgive();
  closed_by_refusal_ = is_refusal;
  if (is_refusal) return patience_.refused(ending.http, now);  // Sent by the peer (1.3).
  if (ending.broke_rules) return patience_.bad_response(ending.http.text, now);
  patience_.cut(ending.http.text, ran_for, settings_.retry.initial, now);
}

void WsClient::stall(const std::string& what, Micros now) {
  ++counts_.stalls;
  drop();
  patience_.stalled(what, settings_.retry.initial, now);
}

void WsClient::drop() {
  const bool fed = live_ && live_->is_subscribed;
  live_.reset();
  heir_.reset();
  if (fed && hooks_.lost) hooks_.lost();
}

void WsClient::send(const std::string& text) {
  if (is_open()) live_->connection.send(text);
}

Micros WsClient::next_timer(Micros now) const {
  if (after_stall_) return now;
  if (!live_->is_subscribed) return Micros::max();
  Micros next = Micros::max();
  const auto consider = [&](Micros at) {
    if (at.count() > 0) next = std::min(next, at);
  };
  consider(live_->planned_end);
  consider(live_->next_ping);
  if (live_->pinged.count() > 0) consider(live_->pinged + options_.pong_timeout);
  if (options_.silence_timeout.count() > 0) consider(live_->last_record + options_.silence_timeout);
  return next;
}

void WsClient::cancel() noexcept {
  cancelled_ = true;
  pause_.wake();
}

}  // namespace millrace::websocket
