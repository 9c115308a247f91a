#include "common/poll/metrics.h"

namespace millrace::poll {

Metrics::Metrics(const context& ctx)
    : metrics_{
          {ctx.make_counter("requests", "Requests sent to the service"), &PollCounts::requests},
          {ctx.make_counter("retries", "Attempts that got no usable answer"), &PollCounts::retries},
          {ctx.make_counter("not_modified", "Answers that said: nothing new"),
           &PollCounts::not_modified},
          {ctx.make_counter("slots", "Slots that were answered"), &PollCounts::slots},
          {ctx.make_counter("gaps", "Slots that were lost"), &PollCounts::gaps},
          {ctx.make_counter("broken", "Answers and records that could not be read"),
           &PollCounts::broken}} {}

void Metrics::publish(const PollCounts& counts) {
  for (const Metric& metric : metrics_) {
    const uint64_t more = counts.*metric.from - sent_.*metric.from;
    if (more > 0) metric.to.add(static_cast<double>(more));
  }
  sent_ = counts;
}

}  // namespace millrace::poll
