// How SseClient takes it when a connection ends or never begins: which wait, which sentence, and
// when there is no hope (sources.md 1.3, S22-S27).

#include <algorithm>

#include "common/http/host_gate.h"
#include "common/sse/sse_client.h"

namespace millrace::sse {

using http::Ending;
using http::Fault;
using http::Micros;
using http::StatusClass;

/// The attempt ended before an event stream began.
void SseClient::ended(Micros now) {
  const Ending ending = stream_.ending();
  stream_.close();
  ++counts_.retries;
  switch (ending.why) {
    case Ending::Why::kStatus:
      return status_ended(ending, now);
    case Ending::Why::kBadResponse:
      return bad_response(ending.text, now);
    default:
      break;
  }
  if (ending.fault == Fault::kTls || ending.fault == Fault::kProxyAuth) {
    return refusal(ending.text, ending, now);
  }
  if (ending.fault == Fault::kBadResponse) return bad_response(ending.text, now);
  wait_for(backoff_.after_failure(now), ending.text, now);
}

void SseClient::status_ended(const Ending& ending, Micros now) {
  const StatusClass status = http::class_of_status(ending.status);
  if (status == StatusClass::kNoContent) {
    phase_ = Phase::kEnded;
    return ctx_.info(printable_url_ + ": 204 No Content: the stream has ended for good");
  }
  const bool may_be_resume = ending.status == 400 || ending.status == 404;
  if (may_be_resume && hooks_.refused && hooks_.refused(ending)) {
    return wait_for(backoff_.after_failure(now), ending.text + ", resuming another way", now);
  }
  if (status == StatusClass::kNotModified) return bad_response(ending.text, now);
  if (status == StatusClass::kRefused) return refusal(ending.text, ending, now);
  if (status == StatusClass::kRetry || status == StatusClass::kRedirect) {
    Micros wait = backoff_.after_failure(now);
    if (ending.status == 429) {
      const auto busy = static_cast<double>(options_.busy_wait.count());
      wait = std::max(wait, Micros(static_cast<int64_t>(busy * (1 + backoff_.random()))));
    }
    if (ending.retry_after) wait = backoff_.at_least(ending.retry_after->wait, wait);
    wait_for(wait, ending.text, now);
    return hold_host(ending, now);
  }
  throw fatal(printable_url_ + ": " + ending.text + (hooks_.remedy ? hooks_.remedy(ending) : ""));
}

void SseClient::hold_host(const Ending& ending, Micros now) {
  if (!ending.retry_after) return;
  http::HostGate::shared().hold(origin_, now + ending.retry_after->wait);
  if (ending.retry_after->clamped) {
    ctx_.warn("the server's Retry-After is longer than retry.max_after and was cut to " +
              http::duration_text(ending.retry_after->wait));
  }
}

/// A refusal that may be a deployment in progress: a few tries far apart, then fatal.
void SseClient::refusal(const std::string& what, const Ending& ending, Micros now) {
  auto wait = grace_.refused(now);
  const std::string remedy = hooks_.remedy ? hooks_.remedy(ending) : "";
  if (!wait) {
    throw fatal(printable_url_ + ": " + what + ", " + std::to_string(grace_.refusals()) +
                " times in a row" + remedy);
  }
  if (ending.retry_after) wait = backoff_.at_least(ending.retry_after->wait, *wait);
  wait_for(*wait, what + remedy, now);
  hold_host(ending, now);
}

/// A 200 that has ended. A healthy stream that was cut is normal life (WK5); a body without a byte
/// is a failure, else a server that closes at once would be hammered (S23).
void SseClient::stream_ended(Micros now) {
  const Ending ending = stream_.ending();
  if (ending.why == Ending::Why::kSilent) return stall(ending.text, now);
  stream_.close();
  if (ending.body_bytes == 0) {
    ++counts_.retries;
    return wait_for(backoff_.after_cut(now, reconnection_time()), "an empty answer", now);
  }
  cut(ending.text, now);
}

void SseClient::cut(const std::string& what, Micros now) {
  stream_.close();
  const bool was_healthy = now - opened_ >= settings_.retry.reset_after;
  const Micros wait = backoff_.after_cut(now, reconnection_time());
  if (was_healthy || backoff_.failures() <= 1) {
    ctx_.debug(printable_url_ + ": " + what + "; connecting again in " + http::duration_text(wait));
    return wait_for(wait, "", now);
  }
  wait_for(wait, what, now);
}

void SseClient::stall(const std::string& what, Micros now) {
  stream_.close();
  ++counts_.stalls;
  const char* hint = any_event_ ? ""
                                : " since the answer began; a proxy that buffers holds events back "
                                  "(nginx: proxy_buffering off, or X-Accel-Buffering: no)";
  wait_for(backoff_.after_cut(now, reconnection_time()), what + hint, now);
}

void SseClient::bad_response(const std::string& what, Micros now) {
  stream_.close();
  ++counts_.retries;
  wait_for(backoff_.longest(now), what, now);
}

void SseClient::reconnect(const std::string& why) {
  const Micros now = http::steady_now();
  stream_.close();
  wait_for(backoff_.after_cut(now, reconnection_time()), why, now);
}

/// `what` empty: not worth a warning.
void SseClient::wait_for(Micros wait, const std::string& what, Micros now) {
  phase_ = Phase::kWaiting;
  due_ = now + wait;
  if (what.empty()) return;
  if (backoff_.should_give_up(now)) {
    throw fatal(printable_url_ + ": " + what + "; nothing has worked for retry.give_up_after");
  }
  ctx_.warn(printable_url_ + ": " + what + "; trying again in " + http::duration_text(wait));
}

/// S12: what the stream asked for, but not longer than `retry.max`.
Micros SseClient::reconnection_time() const {
  const auto asked = parser_.reconnection_time();
  return asked ? std::min<Micros>(*asked, settings_.retry.max) : settings_.retry.initial;
}

}  // namespace millrace::sse
