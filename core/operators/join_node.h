#pragma once

/// Stream–stream join (semantics R32). Prepare computes both sides' keys; apply takes the records
/// of the chunk in log order: each probes the other side's buffer and is kept while it lives. Rows
/// of unmatched records (outer, anti) go out when their life ends, released by the record that
/// moved W there.

#include "nodes/merged_watermark.h"
#include "operators/pair_node.h"
#include "window/join_buffer.h"

namespace millrace {

struct JoinPlan {
  PairPlan pair;
  int64_t before_us = 0, after_us = 0;
  int64_t allowed_lateness_us = 0;
};

class JoinNode final : public PairNode {
 public:
  JoinNode(std::string name, std::vector<Input> inputs, JoinedRows joined, JoinPlan plan);

  std::unique_ptr<NodeWork> make_work() const override;
  Result<void> apply(Chunk& chunk, Range range) override;

  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;
  size_t state_bytes() const override { return buffers_[0].bytes() + buffers_[1].bytes(); }
  std::optional<OpenWork> open_work() const override;

 private:
  struct Work;
  /// Rows of this side without a partner go out at the end of their life.
  bool pads(size_t side) const;
  /// A record of this side lives until W >= t + life.
  int64_t life_us(size_t side) const;
  bool tracks_matches(size_t side) const;
  void read_watermarks(Work& work, const Chunk& chunk, Range places);
  void take(Work& work, size_t side, uint32_t i, EventTime w);
  void find_partners(Work& work, size_t side, uint32_t i, EventTime w);
  void drop_unequal(Work& work, size_t side, uint32_t row);
  void push_matches(Work& work, size_t side, uint32_t row);
  bool keeps(size_t side, bool matched, bool has_key) const;
  void end_rows(Work& work, EventTime w, uint32_t release);
  /// A number of each side, as a list in the text of the commit.
  template <class Number>
  void save_by_side(JsonValue& meta, std::string_view key, Number number);
  template <class Take>
  void restore_by_side(const JsonValue& meta, std::string_view key, Take take);

  int64_t before_us_, after_us_, allowed_lateness_us_;
  JoinBuffer buffers_[2];
  InputWatermarks merged_{2};
  /// Rows made in one apply point into dropped slices until the next.
  TimeSlices<JoinBuffer::Row>::Gone gone_;
  EventTime input_watermark_ = kTimeNone;
};

}  // namespace millrace
