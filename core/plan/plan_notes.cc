// What of a source is not a function of its records alone (semantics R44).
#include "plan/planner.h"

namespace millrace {

void Planner::note_max_future(const std::string& name, const EventTimePlan& time) {
  if (time.constant || time.bounds_to != kTimeMax) return;
  plan_.nondeterministic.push_back(name + ": max_future is judged against the wall clock");
}

void Planner::note_order(const std::string& name) {
  const int64_t idle_us = plan_.graph.max_task_idle_us;
  if (idle_us == kTimeMax) return;
  plan_.nondeterministic.push_back(
      name + (idle_us == 0
                  ? ": records of several partitions come in the order of their arrival "
                    "(max_task_idle: \"unlimited\" merges them by event time)"
                  : ": a partition at its end is waited for no longer than max_task_idle by the "
                    "wall clock (\"unlimited\": until it has a record)"));
}

void Planner::note_nondeterminism(const SourceConfig& source, const Component& component,
                                  const SourcePlan& plan, const SourceTraits& traits) {
  const std::string& name = source.name.text;
  if (!plan.time.configured) {
    plan_.nondeterministic.push_back(name +
                                     ": no event_time, so records take the plugin's time, or where "
                                     "it gives none that of their arrival");
  } else {
    note_max_future(name, plan.time);
  }
  if (plan.watermark.idle_timeout_us != kTimeMax && !plan.watermark.bounded) {
    plan_.nondeterministic.push_back(
        name + ": a partition is idle after idle_timeout by the wall clock" +
        (plan.watermark.clock_when_all_idle
             ? ", and while all are, the clock moves the watermark (on_all_idle)"
             : ""));
  }
  if (says(component, "x-merges-partitions")) note_order(name);
  if (traits.replay == SourceTraits::Replay::kNone) {
    plan_.nondeterministic.push_back(
        name + (source.journal ? ": what was received is replayed from the journal; what comes "
                                 "while we are away is lost"
                               : ": cannot replay; what comes while we are away is lost"));
  }
}

}  // namespace millrace
