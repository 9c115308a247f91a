#pragma once

/// Stream–table join (semantics R31). `event_time`: a stream row meets the newest version with
/// version_ts <= t; it waits until the table's watermark is past t or the table is at its end, so
/// that what came first cannot show. `latest`: it meets what the table holds, at once; not
/// replayable (R44). The table's changes trigger nothing.

#include "pipeline/grouped_input.h"
#include "pipeline/joined_rows.h"
#include "pipeline/late_records.h"
#include "pipeline/result_rows.h"
#include "pipeline/slice_blocks.h"
#include "window/table_versions.h"
#include "window/waiting_rows.h"

namespace millrace {

struct LookupPlan {
  GroupedSelect keys[2];            ///< Stream, table: only groups are in them.
  std::optional<Program> residual;  ///< Over the joined row.
  JoinConfig::Type type = JoinConfig::Type::kInner;
  bool latest = false;
  int64_t keep_us = 0;              ///< H.
  OperatorConfig::Late late = OperatorConfig::Late::kStream;
  ResultPlan result;
};

class LookupNode final : public Node {
 public:
  LookupNode(std::string name, std::vector<Input> inputs, JoinedRows joined, LookupPlan plan);

  std::unique_ptr<NodeWork> make_work() const override;
  bool parallel() const override { return false; }
  void prepare(Chunk& chunk) const override;
  bool prepares_ahead() const override { return inputs_parallel_; }
  Result<void> apply(Chunk& chunk, Range range) override;
  void demand(size_t input, std::vector<bool>& wanted) const override;
  void set_wanted(std::vector<bool> wanted) override;
  const EventTime* watermarks(const Chunk& chunk) const override;
  EventTime watermark() const override { return watermark_; }
  std::optional<OpenWork> open_work() const override {
    return OpenWork{waiting_.size(), "rows that wait for the table", waiting_.oldest(),
                    saturating_add(waiting_.oldest(), 1)};
  }

  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;
  size_t state_bytes() const override { return versions_.bytes() + waiting_.bytes(); }

 private:
  struct Work;
  struct StreamRow;
  void start(Work& work);
  void take_stream(Work& work, uint32_t i, EventTime w, EventTime table_w);
  void take_table(Work& work, uint32_t i);
  void look_up(Work& work, const StreamRow& row);
  bool fits(Work& work, const SideRow& left, const SideRow& right, EventTime time);
  void release(Work& work, EventTime table_w);
  EventTime w_of(size_t side, const Chunk& chunk, uint32_t place) const;
  void finish(Work& work, const Chunk& chunk);

  LookupPlan plan_;
  GroupedInput input_[2];
  JoinedRows joined_;
  ResultRows results_;
  LateRecords late_;
  std::optional<uint32_t> op_;  ///< Field of the table that says "delete".
  TableVersions versions_;
  WaitingRows waiting_;
  std::unique_ptr<SliceBlocks> blocks_;
  TimeSlices<WaitingRows::Row>::Gone gone_;  ///< Rows made in one apply point into these until the next.
  EventTime stream_watermark_ = kTimeNone, table_watermark_ = kTimeNone, watermark_ = kTimeNone;
};

}  // namespace millrace
