// How SseClient takes it when a connection ends or never begins: which wait, which sentence, and
// when there is no hope (plugins/RULES.md, S22-S27).

#include <algorithm>

#include "common/sse/sse_client.h"

namespace millrace::sse {

using http::Ending;
using http::Micros;
using http::StatusClass;

/// The attempt ended before an event stream began.
void SseClient::ended(Micros now) {
  const Ending ending = stream_.ending();
  close();
  ++counts_.retries;
  if (ending.why == Ending::Why::kStatus) return status_ended(ending, now);
  patience_.attempt_failed(ending, now);
}

void SseClient::status_ended(const Ending& ending, Micros now) {
  if (http::class_of_status(ending.status) == StatusClass::kNoContent) {
    phase_ = Phase::kEnded;
    return ctx_.info(patience_.printable() + ": 204 No Content: the stream has ended for good");
  }
  const bool may_be_resume = ending.status == 400 || ending.status == 404;
  if (may_be_resume && hooks_.refused && hooks_.refused(ending)) {
    return patience_.another_way(ending.text + ", resuming another way", now);
  }
  patience_.status(ending, now, options_.busy_wait);
}

/// A 200 that has ended. A healthy stream that was cut is normal life (WK5); a body without a byte
/// is a failure, else a server that closes at once would be hammered (S23).
void SseClient::stream_ended(Micros now) {
  const Ending ending = stream_.ending();
  if (ending.why == Ending::Why::kSilent) return stall(ending.text, now);
  if (ending.body_bytes > 0) return cut(ending.text, now);
  close();
  ++counts_.retries;
  patience_.stalled("an empty answer", reconnection_time(), now);
}

void SseClient::cut(const std::string& what, Micros now) {
  close();
  patience_.cut(what, now - opened_, reconnection_time(), now);
}

void SseClient::stall(const std::string& what, Micros now) {
  close();
  ++counts_.stalls;
  const char* hint = any_event_ ? ""
                                : " since the answer began; a proxy that buffers holds events back "
                                  "(nginx: proxy_buffering off, or X-Accel-Buffering: no)";
  patience_.stalled(what + hint, reconnection_time(), now);
}

void SseClient::bad_response(const std::string& what, Micros now) {
  close();
  ++counts_.retries;
  patience_.bad_response(what, now);
}

void SseClient::reconnect(const std::string& why) {
  close();
  patience_.stalled(why, reconnection_time(), http::steady_now());
}

/// S12: what the stream asked for, but not longer than `retry.max`.
Micros SseClient::reconnection_time() const {
  const auto asked = parser_.reconnection_time();
  return asked ? std::min<Micros>(*asked, settings_.retry.max) : settings_.retry.initial;
}

}  // namespace millrace::sse
