#pragma once

/// Event times out of a column, and whether they can be used (semantics R14). A source judges the
/// times of its records so, an operator with `event_time` those of its rows (R41).
/// Threads: a plan is shared; an EventTimes belongs to one piece of work.

#include <optional>
#include <string>
#include <vector>

#include "base/local_time.h"
#include "columns/column.h"
#include "columns/json_decode.h"
#include "config/pipeline_config.h"

namespace millrace {

struct EventTimePlan {
  EventTimeConfig::Unit unit = EventTimeConfig::Unit::kRfc3339;
  std::optional<EventTime> constant;     ///< A source's: its records have this time.
  std::optional<LocalTimeFormat> local;  ///< Unit::kLocal.
  int64_t out_of_orderness_us = 0;
  int64_t max_future_us = 3600 * kSecondUs;
  EventTime bounds_from = kTimeNone, bounds_to = kTimeMax;
};

/// How a record's decoder makes a column for EventTimes::read() of the field at `path`.
WantedField wanted_time(std::vector<std::string> path, const EventTimePlan& plan);

class EventTimes {
 public:
  /// `plan` must outlive this.
  explicit EventTimes(const EventTimePlan& plan);

  /// Null: `time` is set and can be used. Else why not. Timestamps are times as they are; numbers,
  /// digit strings and texts are read in the plan's unit.
  const char* read(const Column& column, uint32_t row, int64_t now_us, EventTime& time);
  /// The same for a time that is no cell; kTimeNone: there is none.
  const char* fault_of(EventTime time, int64_t now_us) const;

 private:
  std::optional<EventTime> convert(const Column& column, uint32_t row);
  std::optional<EventTime> from_text(std::string_view text);

  const EventTimePlan& plan_;
  std::optional<LocalTimeReader> local_;
};

}  // namespace millrace
