#pragma once

/// Explode, filter, select, and a new event time (semantics R41): all of it happens in prepare;
/// apply counts, cuts, and moves the watermark if the time is new.

#include "nodes/retimer.h"
#include "nodes/stage.h"

namespace millrace {

struct SelectPlan {
  std::vector<std::string> names;
  std::vector<Program> programs;
};

class StatelessNode final : public Node {
 public:
  StatelessNode(std::string name, std::vector<Input> inputs, StagePlan stage,
                std::optional<SelectPlan> select, std::optional<RetimePlan> retime = std::nullopt);

  std::unique_ptr<NodeWork> make_work() const override;
  void prepare(Chunk& chunk) const override;
  Result<void> apply(Chunk& chunk, Range range) override;
  void demand(size_t input, std::vector<bool>& wanted) const override;
  const EventTime* watermarks(const Chunk& chunk) const override;
  EventTime watermark() const override {
    return retimer_ ? retimer_->watermark() : inputs()[0].node->watermark();
  }
  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;

  /// What leaves this operator, before it is made: for the planner.
  static Shape make_shape(const Shape& stage, const std::optional<SelectPlan>& select);

 private:
  struct Work;
  uint32_t stage_field(uint32_t hidden) const;
  void select(Work& work) const;
  void share(Work& work) const;
  void retime(Work& work, int64_t now_us) const;

  StagePlan stage_;
  std::optional<SelectPlan> select_;
  Shape stage_shape_;
  std::vector<uint32_t> shown_keys_;  ///< Of the stage: kept as hidden fields behind a select.
  std::optional<Retimer> retimer_;
};

/// Marks the fields that `program` reads.
void mark_fields(const Program& program, std::vector<bool>& wanted);
/// Marks the input fields behind the marked stage fields, and the array itself.
void demand_through_explode(const std::optional<ExplodePlan>& explode,
                            const std::vector<bool>& stage_wanted, std::vector<bool>& wanted);
/// What the rows of a stage look like before select.
Shape make_stage_shape(const Shape& input, const std::optional<ExplodePlan>& explode);

}  // namespace millrace
