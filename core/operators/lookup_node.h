#pragma once

/// Stream–table join (semantics R31). `event_time`: a stream row meets the newest version with
/// version_ts <= t; it waits until the table's watermark is past t or the table is at its end, so
/// that what came first cannot show. `latest`: it meets what the table holds, at once; not
/// replayable (R44). The table's changes trigger nothing.

#include "operators/keyed_blocks.h"
#include "operators/pair_node.h"
#include "window/table_versions.h"
#include "window/waiting_rows.h"

namespace millrace {

struct LookupPlan {
  PairPlan pair;  ///< Stream, table.
  bool latest = false;
  int64_t keep_us = 0;  ///< H.
};

class LookupNode final : public PairNode {
 public:
  LookupNode(std::string name, std::vector<Input> inputs, JoinedRows joined, LookupPlan plan);

  std::unique_ptr<NodeWork> make_work() const override;
  Result<void> apply(Chunk& chunk, Range range) override;
  void demand(size_t input, std::vector<bool>& wanted) const override;
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
  void take_stream(Work& work, uint32_t i, EventTime w, EventTime table_w);
  void take_table(Work& work, uint32_t i);
  void look_up(Work& work, const StreamRow& row);
  bool fits(Work& work, const SideRow& left, const SideRow& right, EventTime time);
  void release(Work& work, EventTime table_w);
  EventTime w_of(size_t side, const Chunk& chunk, uint32_t place) const;
  /// Versions at or before it are history: no stream row that is on time asks for them.
  EventTime history_bound() const;
  bool restore_versions(const KeyedBlocks::Stored& stored);
  bool restore_waiting(const SliceBlocks::Stored& stored);

  bool latest_;
  int64_t keep_us_;
  std::optional<uint32_t> op_;  ///< Field of the table that says "delete".
  TableVersions versions_;
  KeyedBlocks version_blocks_;
  WaitingRows waiting_;
  TimeSlices<WaitingRows::Row>::Gone
      gone_;  ///< Rows made in one apply point into these until the next.
  EventTime stream_watermark_ = kTimeNone, table_watermark_ = kTimeNone;
};

}  // namespace millrace
