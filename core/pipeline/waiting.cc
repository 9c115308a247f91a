#include "pipeline/waiting.h"

#include <fmt/format.h>

#include "base/duration.h"
#include "base/noun.h"
#include "nodes/partition_json.h"
#include "nodes/processing_time_node.h"

namespace millrace {
namespace {

using State = PartitionWatermarks::State;

std::string time_text(EventTime time) {
  if (time == kTimeNone) return "none";
  if (time == kTimeMax) return "the end";
  return format_rfc3339(time);
}

/// The input whose W is the smallest of those that count.
const Node& slowest_input(const Node& node) {
  const Node* slowest = nullptr;
  for (const Input& input : node.inputs()) {
    const Node& one = *input.node;
    if (one.idle() && node.inputs().size() > 1) continue;
    if (!slowest || one.watermark() < slowest->watermark()) slowest = &one;
  }
  return slowest ? *slowest : *node.inputs()[0].node;
}

/// `by_clock`: on the way W becomes that of the wall clock (R38).
const SourceNode& source_behind(const Node& node, bool& by_clock) {
  const Node* at = &node;
  while (!at->inputs().empty()) {
    at = &slowest_input(*at);
    by_clock = by_clock || dynamic_cast<const ProcessingTimeNode*>(at) != nullptr;
  }
  return static_cast<const SourceNode&>(*at);
}

std::string record_from(const HeldWatermark& held, EventTime needed) {
  return fmt::format("a record of partition {} with event time {} or later", held.partition,
                     time_text(needed));
}

/// What frees W of a source whose partition `p` holds it. `needed`: the event time that closes.
std::string freed_by(const SourceNode& source, const PartitionWatermarks::Partition& p,
                     const HeldWatermark& held, EventTime needed) {
  const PartitionWatermarks::Rules& rules = source.tracker().rules();
  const std::string record = record_from(held, needed);
  if (rules.bounded) return record + ", or the end of that partition; a stop needs --drain";
  if (rules.idle_timeout_us == kTimeMax)
    return record + "; idle_timeout is none, so its end frees nothing";
  if (p.proven_us == PartitionWatermarks::kNotProven) {
    return fmt::format("{}, or its proven end and {} of nothing behind it (idle_timeout)", record,
                       format_duration(rules.idle_timeout_us));
  }
  return fmt::format("{}, or idle_timeout at {}", record,
                     time_text(saturating_add(p.proven_us, rules.idle_timeout_us)));
}

std::string freed_when_idle(const SourceNode& source, EventTime needed) {
  const std::string record = "a record with event time " + time_text(needed) + " or later";
  if (!source.tracker().rules().clock_when_all_idle)
    return record + R"(, or "on_all_idle": "clock")";
  if (source.tracker().now() == kTimeNone)
    return record + "; without any record the clock has nothing to move";
  return record + ", or the clock, which moves W while all partitions stay at their ends";
}

HeldWatermark held_by(const SourceNode& source, EventTime needed) {
  const PartitionWatermarks& tracker = source.tracker();
  HeldWatermark out{source.name(), 0, "", tracker.now(), tracker.max_time(), source.moved_at(), ""};
  const PartitionWatermarks::Partition* p = tracker.holder();
  if (p) {
    out.partition = p->number;
    out.max_time = p->mark.max_time();
    out.state = p->proven_us != PartitionWatermarks::kNotProven ? "at_end" : state_name(p->state);
    out.freed_by = freed_by(source, *p, out, needed);
  } else if (tracker.partitions().empty()) {
    out.state = "nothing_read";
    out.freed_by = record_from(out, needed);
  } else if (source.at_end() || tracker.rules().bounded) {
    out.state = "ended";
    out.freed_by = "more input in a later run, or --drain with a stop";
  } else {
    out.state = "all_idle";
    out.freed_by = freed_when_idle(source, needed);
  }
  return out;
}

}  // namespace

std::vector<WaitingOperator> waiting_operators(const Graph& graph) {
  std::vector<WaitingOperator> out;
  for (const NamedOperator& op : graph.operators) {
    const std::optional<OpenWork> work = op.node->open_work();
    if (!work || work->open == 0) continue;
    WaitingOperator one{op.node->name(), *work, slowest_input(*op.node).watermark(), {}};
    bool by_clock = false;
    const SourceNode& source = source_behind(*op.node, by_clock);
    // On the way W was lowered by what operators hold back for their own late records.
    const EventTime w = source.tracker().now();
    const int64_t lowered = w == kTimeNone || one.w == kTimeNone ? 0 : saturating_sub(w, one.w);
    const int64_t b = source.tracker().rules().out_of_orderness_us;
    const bool ends_only = work->closes_at == kTimeMax;
    const EventTime needed =
        ends_only ? kTimeMax : saturating_add(saturating_add(work->closes_at, lowered), b);
    one.held = held_by(source, needed);
    if (by_clock) one.held.freed_by = "the wall clock, which these windows go by";
    if (ends_only) one.held.freed_by = "the end of all input only: there is no window";
    out.push_back(std::move(one));
  }
  return out;
}

std::string waiting_text(const std::vector<WaitingOperator>& waiting, int64_t now_us) {
  if (waiting.empty()) return "nothing is open\n";
  std::string out;
  for (const WaitingOperator& op : waiting) {
    std::string_view one = op.work.what;
    one.remove_suffix(1);  // It is a plural.
    out += fmt::format("{}: {} open, W {}", op.name, counted(op.work.open, one), time_text(op.w));
    if (op.work.closes_at != kTimeMax) {
      out += fmt::format("; the next ends {} and closes once W reaches {}",
                         time_text(op.work.next_end), time_text(op.work.closes_at));
    }
    const HeldWatermark& held = op.held;
    out += fmt::format("\n  held back by {}", held.source);
    const bool whole =
        held.state == "all_idle" || held.state == "ended" || held.state == "nothing_read";
    if (!whole) out += fmt::format(", partition {}", held.partition);
    out += fmt::format(" ({}), last record {}, W {}", held.state, time_text(held.max_time),
                       time_text(held.w));
    if (held.since_us != 0) {
      // Whole seconds are enough for a person.
      const int64_t stands = std::max<int64_t>(0, now_us - held.since_us) / kSecondUs * kSecondUs;
      out += fmt::format(", standing since {} ({})", time_text(held.since_us),
                         format_duration(stands));
    }
    out += fmt::format("\n  freed by {}\n", held.freed_by);
  }
  return out;
}

JsonValue waiting_json(const std::vector<WaitingOperator>& waiting) {
  const auto time = [](EventTime t) {
    return t == kTimeNone || t == kTimeMax ? JsonValue() : JsonValue::string(format_rfc3339(t));
  };
  JsonValue out = JsonValue::object();
  for (const WaitingOperator& op : waiting) {
    JsonValue& one = out.set(op.name, JsonValue::object());
    one.set("open", JsonValue::integer(static_cast<int64_t>(op.work.open)));
    one.set("watermark", time(op.w));
    one.set("next_end", time(op.work.next_end));
    one.set("closes_at", time(op.work.closes_at));
    JsonValue& held = one.set("held_by", JsonValue::object());
    held.set("source", JsonValue::string(op.held.source));
    held.set("partition", JsonValue::integer(op.held.partition));
    held.set("state", JsonValue::string(op.held.state));
    held.set("watermark", time(op.held.w));
    held.set("last_record", time(op.held.max_time));
    held.set("since", op.held.since_us ? time(op.held.since_us) : JsonValue());
    held.set("freed_by", JsonValue::string(op.held.freed_by));
  }
  return out;
}

}  // namespace millrace
