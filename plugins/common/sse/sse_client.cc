#include "common/sse/sse_client.h"

#include <algorithm>

namespace millrace::sse {
namespace {

using http::Ending;
using http::HttpStream;
using http::Micros;

/// When nothing has come for so long, the network and the sender hold nothing back.
constexpr Micros kShort = std::chrono::milliseconds(20);
/// And no longer than this, however fast it comes.
constexpr Micros kCatchUp = std::chrono::seconds(5);

http::Request to_http(const SseRequest& request) {
  http::Request out{request.url, {}};
  out.headers.push_back({"Accept", "text/event-stream"});
  out.headers.push_back({"Cache-Control", "no-cache"});
  out.headers.push_back({"Accept-Encoding", "identity"});
  // Cannot hold CR or LF, since lines end there (S3), but a header would be split by one (S20).
  const bool is_clean = request.last_event_id.find_first_of("\r\n") == std::string::npos;
  if (!request.last_event_id.empty() && is_clean) {
    out.headers.push_back({"Last-Event-ID", request.last_event_id});
  }
  return out;
}

}  // namespace

SseClient::SseClient(const context& ctx, http::HttpSettings settings, SseOptions options,
                     SseHooks hooks, http::Random random)
    : ctx_(ctx),
      settings_(std::move(settings)),
      options_(options),
      hooks_(std::move(hooks)),
      stream_(settings_, options.buffer),
      parser_({settings_.limits.line, settings_.limits.message}),
      patience_(ctx, settings_, std::move(random), hooks_.remedy) {}

SseClient::Step SseClient::next(Micros deadline) {
  note_absence(http::steady_now());
  // Even without time left one look at the network is due, or a caller with none would starve.
  for (bool looked = false;; looked = true) {
    if (cancelled_) throw cancelled();
    if (phase_ == Phase::kEnded) return Step::kEnd;
    if (phase_ == Phase::kStreaming && take_event()) return Step::kEvent;
    last_call_ = http::steady_now();
    if (looked && last_call_ >= deadline) return Step::kNothing;
    advance(last_call_, deadline);
  }
}

void SseClient::note_absence(Micros now) {
  const bool was_away = last_call_.count() > 0 && now - last_call_ > options_.stall_limit;
  if (was_away && phase_ == Phase::kStreaming) {
    after_stall_ = options_.overflow == http::Overflow::kResume;
    if (options_.overflow == http::Overflow::kDropOldest) catch_up(now);
  }
  last_call_ = now;
}

/// Nobody has read for long and nothing can be sent again (P7): takes in what the network and the
/// sender hold back, keeping the newest that the buffer has room for.
void SseClient::catch_up(Micros now) {
  const uint64_t dropped_before = counts_.overflow;
  const Micros until = now + kCatchUp;
  size_t size_before = 0;
  do {
    size_before = stream_.bytes().size();
    stream_.step(kShort);
    // Down to half of it, so that there is room for more than a byte.
    const bool is_full = stream_.bytes().size() >= options_.buffer;
    while (is_full && phase_ == Phase::kStreaming && stream_.bytes().size() > options_.buffer / 2) {
      if (!take_event()) break;
      ++counts_.overflow;
    }
  } while (phase_ == Phase::kStreaming && stream_.state() == HttpStream::State::kOpen &&
           stream_.bytes().size() != size_before && http::steady_now() < until);
  if (counts_.overflow > dropped_before && hooks_.overflowed) hooks_.overflowed();
}

/// One step of the present phase; waits at most until the deadline.
void SseClient::advance(Micros now, Micros deadline) {
  switch (phase_) {
    case Phase::kWaiting: return begin(now, deadline);
    case Phase::kOpening: return await_head(now, deadline);
    case Phase::kStreaming: return read_more(now, deadline);
    case Phase::kEnded: return;
  }
}

void SseClient::begin(Micros now, Micros deadline) {
  const SseRequest request = hooks_.request();
  patience_.aim(request.url);
  const Micros due = patience_.due();
  if (now < due) {
    stream_.step(std::max(std::min(due, deadline) - now, Micros(0)));
    return;
  }
  ++counts_.requests;
  parser_.restart();
  stream_.open(to_http(request));
  phase_ = Phase::kOpening;
}

void SseClient::await_head(Micros now, Micros deadline) {
  const auto state = stream_.step(std::max(deadline - now, Micros(0)));
  now = http::steady_now();
  const bool was_open =
      state == HttpStream::State::kEnded && (stream_.ending().why == Ending::Why::kBodyEnd ||
                                             stream_.ending().why == Ending::Why::kSilent);
  if (state == HttpStream::State::kOpen || was_open) {
    accept(now);
  } else if (state == HttpStream::State::kEnded) {
    ended(now);
  }
}

/// The answer is there and its status is 2xx.
void SseClient::accept(Micros now) {
  const http::Head& head = stream_.head();
  const std::string type = head.media_type();
  const std::string_view coding = head.find("content-encoding");
  if (head.status != 200) return bad_response("status " + std::to_string(head.status), now);
  if (type != "text/event-stream") {
    return bad_response(
        "status 200, but " + (type.empty() ? "no content type" : "\"" + type + "\"") +
            " instead of an event stream (a sign-in page, or a proxy's error page?)",
        now);
  }
  if (!coding.empty() && coding != "identity") {
    return bad_response("a content coding that was not asked for", now);
  }
  if (opened_.count() > 0) ++counts_.reconnects;
  phase_ = Phase::kStreaming;
  opened_ = last_event_ = now;
  any_event_ = after_stall_ = false;
  const double shorter = 1 - 0.1 * patience_.random();
  planned_end_ = options_.max_age.count() == 0
                     ? Micros(0)
                     : now + Micros(static_cast<int64_t>(
                                 static_cast<double>(options_.max_age.count()) * shorter));
  patience_.accepted(now);
  if (hooks_.connected) hooks_.connected(head.find("date"));
  ctx_.debug("connected to " + patience_.printable());
}

bool SseClient::take_event() {
  std::string_view input = stream_.bytes();
  const size_t size = input.size();
  const auto got = parser_.next(input);
  stream_.consume(size - input.size());
  if (got == SseParser::Got::kTooLong) {
    bad_response("a line or an event larger than max.line or max.message", http::steady_now());
    return false;
  }
  const bool id_moved = parser_.last_event_id() != told_id_;
  if (id_moved) told_id_ = parser_.last_event_id();
  if (got == SseParser::Got::kNothing) {
    if (id_moved && hooks_.id_moved) hooks_.id_moved(told_id_);
    return false;
  }
  last_event_ = http::steady_now();
  any_event_ = true;
  return true;
}

/// Everything that is here has been parsed.
void SseClient::read_more(Micros now, Micros deadline) {
  if (stream_.state() == HttpStream::State::kEnded) return stream_ended(now);
  if (planned_end_.count() > 0 && now >= planned_end_) {
    close();
    return patience_.planned(reconnection_time(), now);
  }
  const Micros until = std::min(deadline, next_timer(now));
  stream_.step(std::max(until - now, Micros(0)));
  if (!stream_.bytes().empty() || stream_.state() == HttpStream::State::kEnded) return;
  now = http::steady_now();
  if (after_stall_) {
    cut("reading was held up for more than " + http::duration_text(options_.stall_limit), now);
  } else if (options_.silence_timeout.count() > 0 &&
             now - last_event_ >= options_.silence_timeout) {
    stall("no record for " + http::duration_text(options_.silence_timeout), now);
  }
}

Micros SseClient::next_timer(Micros now) const {
  Micros next = Micros::max();
  if (planned_end_.count() > 0) next = planned_end_;
  if (options_.silence_timeout.count() > 0)
    next = std::min(next, last_event_ + options_.silence_timeout);
  return after_stall_ ? now : next;
}

void SseClient::close() {
  stream_.close();
  if (phase_ != Phase::kEnded) phase_ = Phase::kWaiting;
}

void SseClient::cancel() noexcept {
  cancelled_ = true;
  stream_.wake();
}

void SseClient::reopen() {
  cancelled_ = false;
  last_call_ = Micros(0);
}

}  // namespace millrace::sse
