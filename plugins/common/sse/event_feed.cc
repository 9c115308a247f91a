#include "common/sse/event_feed.h"

#include "common/http/clock.h"

namespace millrace::sse {
namespace {

/// Events that put out no record do not use up the budget; the clock is looked at after so many.
constexpr uint32_t kEventsPerLook = 64;

}  // namespace

void EventFeed::open(const http::HttpSettings& http, const SseOptions& options, SseHooks hooks) {
  ended_ = has_event_ = false;
  const std::lock_guard lock(client_mutex_);
  client_ = std::make_unique<SseClient>(ctx_, http, options, std::move(hooks));
}

flow EventFeed::poll(const budget& b, emitter& out,
                     const std::function<Took(const SseEvent&)>& take) {
  if (ctx_.cancelled()) throw cancelled();
  if (ended_) return flow::end;
  if (!b.has_credit(0)) return flow::idle;
  try {
    const flow answer = take_events(b, out, take);
    publish_(client_->counts());
    return answer;
  } catch (const failure&) {
    publish_(client_->counts());
    throw;
  }
}

flow EventFeed::take_events(const budget& b, emitter& out,
                            const std::function<Took(const SseEvent&)>& take) {
  const http::Micros deadline(b.deadline_us);
  bool any = false;
  for (uint32_t i = 1; out.records() < b.max_records; ++i) {
    if (!has_event_) {
      const auto step = client_->next(any ? http::Micros(0) : deadline);
      if (step == SseClient::Step::kEnd) return ended_ = true, flow::end;
      if (step == SseClient::Step::kNothing) return any ? flow::ok : flow::idle;
    }
    const Took took = take(client_->event());
    has_event_ = took == Took::kLater;
    if (has_event_) return flow::more;
    if (took == Took::kLast) return ended_ = true, flow::end;
    any |= took == Took::kRecord;
    if (i % kEventsPerLook == 0 && http::steady_now() >= deadline) return flow::more;
  }
  return flow::more;
}

void EventFeed::close() {
  const std::lock_guard lock(client_mutex_);
  client_.reset();
  has_event_ = false;
}

void EventFeed::cancel() noexcept {
  const std::lock_guard lock(client_mutex_);
  if (client_) client_->cancel();
}

}  // namespace millrace::sse
