#include "source_wikipedia/metrics.h"

#include <utility>

namespace millrace::wikipedia {

Metrics::Metrics(const context& ctx)
    : requests_(ctx.make_counter("requests", "Requests sent to the service")),
      reconnects_(ctx.make_counter("reconnects", "Connections after the first")),
      retries_(ctx.make_counter("retries", "Attempts that got no event stream")),
      stalls_(ctx.make_counter("stalls", "Connections given up because nothing came")),
      canaries_(ctx.make_counter("canaries", "Canary events seen")),
      filtered_(ctx.make_counter("filtered", "Events of wikis that are not wanted")),
      gaps_(ctx.make_counter("gaps", "Known losses")),
      broken_(ctx.make_counter("broken", "Events that could not be read")),
      lag_(ctx.make_gauge("lag_ms", "Age of the last event when it was read")) {}

void Metrics::add(const counter& metric, uint64_t now, uint64_t& before) {
  const uint64_t more = now - std::exchange(before, now);
  if (more > 0) metric.add(static_cast<double>(more));
}

void Metrics::publish(const sse::SseCounts& counts) {
  add(requests_, counts.requests, sent_.requests);
  add(reconnects_, counts.reconnects, sent_.reconnects);
  add(retries_, counts.retries, sent_.retries);
  add(stalls_, counts.stalls, sent_.stalls);
  add(canaries_, canaries, sent_canaries_);
  add(filtered_, filtered, sent_filtered_);
  add(gaps_, gaps, sent_gaps_);
  add(broken_, broken, sent_broken_);
  if (lag_ms >= 0) lag_.set(static_cast<double>(lag_ms));
}

}  // namespace millrace::wikipedia
