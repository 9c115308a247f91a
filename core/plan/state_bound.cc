#include "plan/state_bound.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/time.h"

namespace millrace {
namespace {

std::string groups_of(const OperatorConfig& op) {
  if (!op.group_by || op.group_by->entries.empty()) return "one group";
  std::string names;
  for (const NamedExpression& entry : op.group_by->entries) {
    names += names.empty() ? "" : ", ";
    names += entry.alias.empty() ? entry.expression.text : entry.alias.text;
  }
  return "each group of (" + names + ")";
}

/// `open`: how far behind the newest record a window may still be open.
std::string window_bound(const OperatorConfig& op, int64_t open, const std::string& why) {
  using Kind = WindowConfig::Kind;
  const WindowConfig& window = *op.window;
  const auto text = [](int64_t us) { return format_duration(us); };
  const int64_t size = window.size_us;
  switch (window.kind) {
    case Kind::kTumbling:
      return fmt::format("one state for each of at most {} open windows of {} ({})",
                         open / size + 2, text(size), why);
    case Kind::kHopping:
    case Kind::kCumulative: {
      // A hop has a cut at a window's start and, unless they fall together, one at a window's end.
      const bool two = window.kind == Kind::kHopping && size % window.every_us != 0;
      const int64_t slices = (saturating_add(open, size) / window.every_us + 2) * (two ? 2 : 1);
      return fmt::format(
          "one state for each of at most {} slices of time (windows of {} every {}, {})", slices,
          text(size), text(window.every_us), why);
    }
    case Kind::kSession:
      return fmt::format("one state for each session with a record in the last {} (gap {} + {})",
                         text(saturating_add(open, size)), text(size), why);
    case Kind::kSlidingByRecord:
      return fmt::format("its records of the last {} (2 x {} + {})",
                         text(saturating_add(open, saturating_add(size, size))), text(size), why);
    case Kind::kCalendar:
      return fmt::format("one state for each open calendar unit: two, and those within {} ({})",
                         text(open), why);
  }
  return {};
}

std::string join_bound(const JoinConfig& join, int64_t open, const std::string& why) {
  if (join.within) {
    return fmt::format(
        "records of the left input of the last {}, of the right one of the last {} (their "
        "partner's "
        "bounds + {})",
        format_duration(saturating_add(join.within->after_us, open)),
        format_duration(saturating_add(join.within->before_us, open)), why);
  }
  if (join.of_tables()) return "the rows of both tables, for ever: only deletes free them";
  if (join.as_of == JoinConfig::AsOf::kLatest)
    return "the newest row of each key of the table, for ever";
  return fmt::format(
      "versions of the table within {} (keep) and the newest of each key that is not deleted, for "
      "ever; records that "
      "wait "
      "until the table has passed them",
      format_duration(join.keep_us));
}

}  // namespace

std::string state_bound(const OperatorConfig& op, int64_t disorder_us, bool keeps_state) {
  if (!op.plugin.empty()) return "what the plugin keeps";
  const int64_t open = saturating_add(disorder_us, op.allowed_lateness_us);
  const std::string why =
      fmt::format("out_of_orderness {} + allowed_lateness {}", format_duration(disorder_us),
                  format_duration(op.allowed_lateness_us));
  if (op.join) return join_bound(*op.join, open, why);
  if (op.dedupe) {
    return fmt::format("ids of the last {} (keep + {})",
                       format_duration(saturating_add(op.dedupe->keep_us, open)), why);
  }
  if (op.table) return "one row per key, for ever: only deletes free it";
  if (!keeps_state) return {};
  std::string bound = groups_of(op) + ": ";
  bound += op.window ? window_bound(op, open, why)
                     : "one state, for ever: without a window it grows with the number of groups";
  if (op.emit && op.emit->mode == EmitConfig::Mode::kComplete) {
    bound += fmt::format(
        "; closed windows stay for the snapshots{}, and above {} rows (complete_max_rows) the run "
        "stops",
        op.emit->retain_us == kTimeMax
            ? ""
            : " until W is " + format_duration(op.emit->retain_us) + " further (retain)",
        op.complete_max_rows);
  }
  return bound;
}

uint64_t state_limit_bytes(const LimitsConfig& limits) {
  if (limits.state_bytes) return static_cast<uint64_t>(*limits.state_bytes);
  return static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) / 2;
}

}  // namespace millrace
