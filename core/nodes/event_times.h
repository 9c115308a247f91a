#pragma once

/// Event times out of a column, and whether they can be used (semantics R14). A source judges the
/// times of its records so, an operator with `event_time` those of its rows (R41). What the time of
/// a source's record is, of_record() alone decides: for the source's node, its duplicate filter and
/// the order of its partitions.
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
  bool configured = false;            ///< A source's: it has an `event_time`.
  std::vector<std::string> path;      ///< A source's: the field of the time; empty: its plugin's.
  std::optional<EventTime> constant;  ///< A source's: its records have this time.
  EventTimeConfig::Unit unit = EventTimeConfig::Unit::kRfc3339;
  std::optional<LocalTimeFormat> local;  ///< Unit::kLocal.
  int64_t out_of_orderness_us = 0;
  int64_t max_future_us = 3600 * kSecondUs;
  EventTime bounds_from = kTimeNone, bounds_to = kTimeMax;

  /// Whether the time of a source's record is in a field that must be decoded.
  bool decodes() const { return configured && !path.empty() && !constant; }
};

/// How a record's decoder makes the column that of_record() reads, if `plan` decodes one.
WantedField wanted_time(const EventTimePlan& plan);

class EventTimes {
 public:
  /// `plan` must outlive this.
  explicit EventTimes(const EventTimePlan& plan);

  /// The time of a source's record: `field` as wanted_time() has it, null if the plan decodes none;
  /// `own` is its plugin's. Null: `time` is set; kTimeNone is that of arrival (E14), and only where
  /// nothing is configured. Else why it cannot be used.
  const char* of_record(const Column* field, uint32_t row, EventTime own, int64_t now_us,
                        EventTime& time);
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
