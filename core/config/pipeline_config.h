#pragma once

/// The resolved configuration as plain structs: defaults filled in, durations in microseconds,
/// sizes in bytes, everything a later stage can fault with its place. What needs no expression
/// engine has been checked (names, cycles, windows' arithmetic); expressions are still text.
/// Sources, operators and sinks keep the order of the file, which decides ties (R22, E30).
/// Ownership: values; nothing points into a document. Threads: as any plain struct.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/local_time.h"
#include "base/time.h"
#include "config/fault.h"

namespace millrace {

/// A text of the user (name, expression, path) and where it stands.
struct Text {
  std::string text;
  Where where;
  bool empty() const { return text.empty(); }
};

/// A key as written (not filled in), so that a stage which lacks a feature can point at it.
struct WrittenKey {
  std::string key;
  Where where;  ///< Of the key.
};
using WrittenKeys = std::vector<WrittenKey>;
/// Null: the user did not write this key.
const Where* find_written(const WrittenKeys& keys, std::string_view key);

enum class Delivery { kExactlyOnce, kAtLeastOnce, kAtMostOnce };
std::string_view delivery_name(Delivery delivery);

/// `from` entries and `join.with`: `name`, or a side output of it.
enum class SideOutput { kNone, kLate, kErrors, kGaps };
struct InputRef {
  Text as_written;   ///< `per_minute.late`
  std::string name;  ///< `per_minute`: an existing source or operator.
  SideOutput side = SideOutput::kNone;
};

/// One entry of a `schema`: type names are as written, core/columns judges them.
struct FieldType {
  Text path;
  Text type;
};

/// One entry of `select` or `group_by`. From a list: the field is alias and expression.
struct NamedExpression {
  Text alias;
  Text expression;
};
struct ExpressionList {
  std::vector<NamedExpression> entries;
  bool fields_only = false;  ///< Written as a list of fields, not as a map.
  Where where;
};

struct TimeBound {
  EventTime time = kTimeNone;
  bool has_offset =
      false;  ///< False: `time` is a wall-clock reading in the unit's zone, as if UTC.
  Where where;
};

struct EventTimeConfig {
  enum class Unit { kSeconds, kMillis, kMicros, kNanos, kRfc3339, kLocal };
  using Ambiguous = millrace::Ambiguous;
  Where where;
  Text field;                         ///< Empty: the plugin's time, or the time of arrival.
  std::optional<EventTime> constant;  ///< Of all records, instead of a field.
  Unit unit = Unit::kRfc3339;
  bool unit_written = false;  ///< By the user or the plugin; needed as soon as `field` is.
  Text zone;                  ///< kLocal: IANA name, unchecked.
  Text pattern;               ///< kLocal: as strptime.
  Ambiguous ambiguous = Ambiguous::kEarlier;
  int64_t out_of_orderness_us = 0;
  std::optional<int64_t>
      idle_timeout_us;  ///< Absent: 30s live, none when replaying. kTimeMax: none.
  int64_t max_future_us = 3600 * kSecondUs;
  std::optional<std::array<TimeBound, 2>> bounds;  ///< [from, to)
};

struct JournalConfig {
  Text path;
  int64_t retain_us = 3600 * kSecondUs;
};

struct SourceDedupe {
  std::vector<Text> key;  ///< Fields that together tell a repeat. Empty: the plugin's.
  std::optional<int64_t> horizon_us;
  int64_t entries_max = 1048576;
};

struct SourceConfig {
  Text name;
  Text plugin;
  std::string plugin_config;   ///< Normalised JSON for the plugin. Holds secrets: never print it.
  uint64_t settings_hash = 0;  ///< Of all its keys as written and resolved.
  WrittenKeys written;
  std::vector<FieldType> schema;  ///< The plugin's entries overridden by the user's.
  enum class OnMismatch { kErrors, kNull } on_mismatch = OnMismatch::kErrors;
  enum class Validate { kStructure, kFull } validate = Validate::kStructure;
  std::optional<EventTimeConfig>
      event_time;  ///< User's over the plugin's. Absent: neither gave any.
  Text key;        ///< Empty: none.
  enum class OnAllIdle { kHold, kClock };
  std::optional<OnAllIdle> on_all_idle;  ///< Absent: hold when replaying, clock when live.
  enum class OnGap { kReport, kFail } on_gap = OnGap::kReport;
  std::optional<JournalConfig> journal;
  SourceDedupe dedupe;
};

struct ExplodeConfig {
  Text array;
  Text as;
};

struct WindowConfig {
  enum class Kind { kTumbling, kHopping, kSession, kSlidingByRecord, kCalendar, kCumulative };
  enum class Unit { kDay, kWeek, kMonth, kYear };
  Where where;
  Kind kind = Kind::kTumbling;
  int64_t size_us = 0;           ///< Size, session gap, or difference; 0 for calendar windows.
  int64_t every_us = 0;          ///< Hopping and cumulative.
  int64_t offset_us = 0;         ///< Tumbling, hopping, cumulative; |offset| < size (R3).
  Unit unit = Unit::kDay;        ///< Calendar.
  Text zone;                     ///< Calendar: IANA name, unchecked; `UTC` if not written.
  bool processing_time = false;  ///< R38: nondeterministic.
};

struct EmitConfig {
  enum class Mode { kAppend, kUpdate, kComplete };
  enum class Trigger { kRecord, kEventTime, kClock };
  Where where;
  Mode mode = Mode::kAppend;
  Trigger trigger = Trigger::kRecord;
  int64_t every_us = 0;           ///< kEventTime, kClock.
  int64_t retain_us = INT64_MAX;  ///< complete: how long closed windows stay; INT64_MAX: for ever.
};

struct JoinConfig {
  enum class AsOf { kEventTime, kLatest };
  enum class Type { kInner, kLeft, kRight, kFull, kSemi, kAnti };
  struct Within {
    int64_t before_us = 0;
    int64_t after_us = 0;
  };
  Where where;
  InputRef with;
  Text from_as, with_as;         ///< What expressions call the sides. Empty: by their own names.
  std::vector<Text> on_fields;   ///< Either these
  Text on;                       ///< or this expression.
  std::optional<Within> within;  ///< One of `within` and `as_of`; neither: two tables.
  std::optional<AsOf> as_of;
  bool of_tables() const { return !within && !as_of; }
  int64_t keep_us = 3600 * kSecondUs;
  Type type = Type::kInner;
};

struct DedupeConfig {
  enum class Which { kFirst, kLast };
  Where where;
  std::vector<Text> by;
  int64_t keep_us = 3600 * kSecondUs;
  Which which = Which::kFirst;
};

struct TableConfig {
  Where where;
  std::vector<Text> key;
  Text delete_when;  ///< Boolean expression. Empty: JSON null value deletes.
};

struct OperatorConfig {
  Text name;
  uint64_t settings_hash = 0;  ///< Of all its keys as written and resolved.
  WrittenKeys written;
  std::vector<InputRef> from;
  std::optional<ExplodeConfig> explode;
  Text filter;                           ///< Empty: none.
  std::optional<ExpressionList> select;  ///< Absent: the record passes as it came.
  std::optional<ExpressionList> group_by;
  std::optional<WindowConfig> window;
  Text having;
  std::vector<Text> order_by;
  std::optional<int64_t> limit;
  std::vector<Text> limit_by;
  std::optional<EmitConfig> emit;  ///< Absent: append with a window, else update.
  int64_t complete_max_rows = 100000;
  int64_t allowed_lateness_us = 0;
  enum class Late { kStream, kDrop, kFail } late = Late::kStream;
  std::optional<JoinConfig> join;
  std::optional<DedupeConfig> dedupe;
  std::optional<TableConfig> table;
  std::optional<EventTimeConfig> event_time;
  std::optional<int64_t>
      max_task_idle_us;  ///< Absent: unlimited bounded, 0 live. kTimeMax: unlimited.
  bool reset = false;
  Text plugin;                    ///< Not empty: a processor instead of all the above.
  std::string plugin_config;      ///< Normalised JSON. Holds secrets: never print it.
  std::vector<FieldType> schema;  ///< Of the processor's output.

  /// What expressions of a join call its sides: 0 is `from`, 1 is `with`.
  const std::string& join_side(size_t side) const {
    const Text& alias = side == 0 ? join->from_as : join->with_as;
    return !alias.empty() ? alias.text : side == 0 ? from[0].name : join->with.name;
  }

  /// As far as keys tell; aggregates in `select` without `group_by` only the planner sees.
  bool keeps_state_by_keys() const {
    return group_by || window || join || dedupe || table || !having.empty();
  }
};

struct SinkConfig {
  Text name;
  WrittenKeys written;
  std::vector<InputRef> from;
  Text plugin;
  std::string plugin_config;  ///< Normalised JSON. Holds secrets: never print it.
  Text format;
  std::optional<Delivery> delivery;  ///< Absent: the pipeline's.
  Where delivery_where;
  std::vector<Text> key;  ///< Empty: the record's key.
  bool context = false;
  bool repartition = false;  ///< Put in by Millrace: hands rows on to tasks by another key.
};

struct CommitConfig {
  enum class Log { kLocal, kKafka };
  enum class Keep { kLog, kCache };
  Where where;
  Log log = Log::kLocal;
  int64_t every_us = kSecondUs;
  std::string dir = ".millrace";
  Keep keep = Keep::kLog;
  Text brokers;             ///< kKafka.
  int64_t replication = 1;  ///< kKafka: of topics it makes.
  /// kKafka: librdkafka's properties by name. Hold secrets: never print them.
  std::vector<std::pair<std::string, std::string>> client;
  /// kKafka: the partition that a task works on. Set by the worker for each task, not by the user.
  std::optional<int32_t> task;
  /// kKafka: the operator whose records a repartition topic brings together, and the one field
  /// that it groups by (empty: something else). Put in by Millrace.
  std::string together_for, together_by;
  WrittenKeys written;
};

struct CacheConfig {
  Where where;
  std::string redis;  ///< URL; may hold a password: never print it.
  int64_t timeout_us = 200'000;
  int64_t max_pending_bytes = 64ll << 20;
  std::string prefix = "mr";
};

struct LimitsConfig {
  std::optional<int64_t> state_bytes;  ///< Absent: half of the memory.
  int64_t outbox_bytes = 256ll << 20;
};

struct PipelineConfig {
  Text name;
  Text contact;  ///< Empty: none.
  std::vector<SourceConfig> sources;
  std::vector<OperatorConfig> operators;
  std::vector<SinkConfig> sinks;
  CommitConfig commit;
  std::optional<CacheConfig> cache;
  std::optional<Delivery> delivery;  ///< Absent: each sink gets the best it can.
  Where delivery_where;
  std::optional<int64_t> lanes;  ///< Absent: one per core.
  bool dead_letters_on = true;
  Text dead_letters;    ///< Directory. Empty: `<dir>/<pipeline>/dead_letters`.
  Text metrics_listen;  ///< `host:port`. Empty: off.
  LimitsConfig limits;
  WrittenKeys written;

  /// Null when there is none.
  const SourceConfig* find_source(std::string_view name) const;
  const OperatorConfig* find_operator(std::string_view name) const;
};

}  // namespace millrace
