#pragma once

/// Several inputs of one operator as one stream: rows by the record that released them, then by the
/// order in `from` (semantics R50). Its watermark is the smallest of its inputs' (R15).

#include "nodes/merged_watermark.h"

namespace millrace {

/// The shape that all inputs share: their visible fields must be equal, hidden ones count where
/// all have them. Nothing, and `difference` says why, when they are not.
struct UnionPlan {
  Shape shape;
  std::vector<std::vector<uint32_t>> fields;  ///< By input: its field for each field of the shape.
};
std::optional<UnionPlan> plan_union(const std::vector<Input>& inputs, std::string& difference);

class UnionNode final : public Node {
 public:
  UnionNode(std::string name, std::vector<Input> inputs, UnionPlan plan);

  std::unique_ptr<NodeWork> make_work() const override;
  bool parallel() const override { return false; }
  void prepare(Chunk&) const override {}
  Result<void> apply(Chunk& chunk, Range range) override;
  void demand(size_t input, std::vector<bool>& wanted) const override;
  const EventTime* watermarks(const Chunk& chunk) const override;
  EventTime watermark() const override { return watermark_; }
  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;

 private:
  struct Work;
  void order_rows(Work& work, const Chunk& chunk) const;
  void merge_rows(Work& work, const Chunk& chunk) const;
  void merge_watermarks(Work& work, const Chunk& chunk, Range range);

  UnionPlan plan_;
  InputWatermarks merged_;
  EventTime watermark_ = kTimeNone;
};

}  // namespace millrace
