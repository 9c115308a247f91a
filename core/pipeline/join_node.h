#pragma once

/// Stream–stream join (semantics R32). Prepare computes both sides' keys; apply takes the records of
/// the chunk in log order: each probes the other side's buffer and is kept while it lives. Rows of
/// unmatched records (outer, anti) go out when their life ends, released by the record that moved W
/// there.

#include "pipeline/grouped_input.h"
#include "pipeline/joined_rows.h"
#include "pipeline/late_records.h"
#include "pipeline/merged_watermark.h"
#include "pipeline/result_rows.h"
#include "pipeline/slice_blocks.h"
#include "window/join_buffer.h"

namespace millrace {

struct JoinPlan {
  GroupedSelect keys[2];             ///< Left, right: only groups are in them.
  std::optional<Program> residual;   ///< Over the joined row.
  JoinConfig::Type type = JoinConfig::Type::kInner;
  int64_t before_us = 0, after_us = 0;
  int64_t allowed_lateness_us = 0;
  OperatorConfig::Late late = OperatorConfig::Late::kStream;
  ResultPlan result;

  /// Rows of this side without a partner go out at the end of their life.
  bool pads(size_t side) const;
  bool semi() const { return type == JoinConfig::Type::kSemi; }
  bool anti() const { return type == JoinConfig::Type::kAnti; }
  /// A record of this side lives until W >= t + life.
  int64_t life_us(size_t side) const;
};

class JoinNode final : public Node {
 public:
  JoinNode(std::string name, std::vector<Input> inputs, JoinedRows joined, JoinPlan plan);

  std::unique_ptr<NodeWork> make_work() const override;
  bool parallel() const override { return false; }
  void prepare(Chunk& chunk) const override;
  bool prepares_ahead() const override { return inputs_parallel_; }
  Result<void> apply(Chunk& chunk, Range range) override;
  void demand(size_t input, std::vector<bool>& wanted) const override;
  void set_wanted(std::vector<bool> wanted) override;
  const EventTime* watermarks(const Chunk& chunk) const override;
  EventTime watermark() const override { return watermark_; }

  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;
  size_t state_bytes() const override { return buffers_[0].bytes() + buffers_[1].bytes(); }
  std::optional<OpenWork> open_work() const override;

 private:
  struct Work;
  void start(Work& work);
  void read_watermarks(Work& work, const Chunk& chunk, Range places);
  void take(Work& work, size_t side, uint32_t i, EventTime w);
  void find_partners(Work& work, size_t side, uint32_t i, EventTime w);
  void drop_unequal(Work& work, size_t side, uint32_t row);
  void push_matches(Work& work, size_t side, uint32_t row);
  bool keeps(size_t side, bool matched, bool has_key) const;
  void end_rows(Work& work, EventTime w, uint32_t release);
  void finish(Work& work, const Chunk& chunk);
  SideRow now(const Work& work, size_t side, uint32_t row) const;

  JoinPlan plan_;
  GroupedInput input_[2];
  JoinedRows joined_;
  ResultRows results_;
  LateRecords late_;
  JoinBuffer buffers_[2];
  InputWatermarks merged_{2};
  std::unique_ptr<SliceBlocks> blocks_;
  /// Rows made in one apply point into dropped slices until the next.
  TimeSlices<JoinBuffer::Row>::Gone gone_;
  EventTime input_watermark_ = kTimeNone, watermark_ = kTimeNone;
};

}  // namespace millrace
