#pragma once

/// A source in the graph: decodes the fields that somebody reads, judges event times, and keeps
/// the source's watermark. Broken records and unusable event times leave here, by `.errors` and by
/// nothing else (semantics R14, R46).

#include <atomic>

#include "columns/json_decode.h"
#include "nodes/duplicate_blocks.h"
#include "nodes/error_rows.h"
#include "nodes/event_times.h"
#include "nodes/node.h"
#include "nodes/record_times.h"
#include "window/partition_watermarks.h"

namespace millrace {

/// How a source's records become rows; resolved from the configuration by the planner.
struct SourcePlan {
  Schema fields;            ///< Declared or inferred.
  bool is_text = false;     ///< `lines`, `raw`: one field "value", no JSON.
  bool text_cells = false;  ///< CSV: strings are PostgreSQL's text input.
  bool null_on_mismatch = false;
  bool validate_full = false;
  /// The field whose text is the record's key, where the plugin gives no keys of its own.
  std::optional<uint32_t> key_field{};

  EventTimePlan time;
  PartitionWatermarks::Rules watermark;
  /// Field whose text the message key is said to be (E20); checked per record.
  std::optional<uint32_t> asserted_key{};
  bool fail_on_gap = false;
  int64_t dedupe_horizon_us = 120 * kSecondUs;
  size_t dedupe_max = 1 << 20;  ///< Entries of the duplicate filter.
};

class SourceNode final : public Node {
 public:
  SourceNode(std::string name, SourcePlan plan);

  std::unique_ptr<NodeWork> make_work() const override;
  bool parallel() const override { return true; }
  void prepare(Chunk& chunk) const override;
  Result<void> apply(Chunk& chunk, Range range) override;
  void demand(size_t, std::vector<bool>&) const override {}
  /// What prepare() will read as the time of a record, before there is a batch of it.
  std::unique_ptr<RecordTimes> record_times() const;

  const EventTime* watermarks(const Chunk& chunk) const override;
  EventTime watermark() const override { return ended_ ? Watermark::at_end() : watermark_.now(); }
  /// No partition of it counts: whoever merges several inputs does not wait for this one (R15).
  bool idle() const override { return !ended_ && watermark_.all_idle(); }

  /// Bounded, and read to its end. Set by the task between two pieces of its order.
  bool at_end() const override { return at_end_; }
  void set_at_end() { at_end_ = true; }

  const PartitionWatermarks& tracker() const { return watermark_; }
  /// Wall clock at which an empty chunk with `tick` set moves something; kTimeMax: never. Any
  /// thread.
  int64_t next_tick() const { return next_tick_us_.load(std::memory_order_relaxed); }
  /// Wall clock of the arrival that moved W last; 0: it never moved in this run.
  int64_t moved_at() const { return moved_at_us_; }
  /// What the duplicate filter is to know of the records that were applied.
  std::vector<DuplicateFilter::Entry> duplicates() const { return duplicates_.entries(); }
  /// Event time per record of a prepared chunk; kTimeNone where it cannot be used.
  const EventTime* times(const Chunk& chunk) const;
  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;
  SourceCounters source_counters;

 private:
  struct Work;
  void decode(Work& work, const Chunk& chunk) const;
  void take_text(Work& work, const Chunk& chunk) const;
  void put_keys(Work& work, Chunk& chunk) const;
  void judge_times(Work& work, const Chunk& chunk) const;
  void judge_keys(Work& work, const Chunk& chunk) const;
  void list_errors(Work& work, const Chunk& chunk) const;
  void fill_rows(Work& work, const Chunk& chunk) const;
  void list_gaps(Work& work, const Chunk& chunk) const;
  void fill_hidden(Work& work, const Chunk& chunk) const;
  void count(const Work& work, const Chunk& chunk, uint32_t begin, uint32_t end, uint32_t cut);
  void observe(Work& work, Chunk& chunk, uint32_t begin, uint32_t end, bool last);

  SourcePlan plan_;
  PartitionWatermarks watermark_;
  std::atomic<int64_t> next_tick_us_{kTimeMax};
  int64_t moved_at_us_ = 0;
  bool ended_ = false, at_end_ = false;
  DuplicateBlocks duplicates_;
};

/// Names of the hidden fields, in the order in which every source appends them to its schema. The
/// last one says that the record's value is null, or JSON null (R29).
inline constexpr std::string_view kHiddenFields[] = {
    "event_time()", "record_key()", "source_position()", "processing_time()", "record_is_null()"};

}  // namespace millrace
