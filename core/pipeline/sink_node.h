#pragma once

/// A sink in the graph: writes rows as the sink wants them and hands them over in the order of the
/// task (semantics R50). Encoding happens in prepare where the rows are ready there; source records
/// that nobody rewrote go on as they came, sharing their arena.

#include "columns/json_encode.h"
#include "pipeline/node.h"
#include "plugin/component.h"

namespace millrace {

struct SinkPlan {
  Component component;
  std::string config;      ///< JSON for the plugin.
  bool csv = false;        ///< Rows are written as CSV; else as ndjson.
  bool context = false;    ///< On `.late`: R13's fields around the record.
  std::string delivery;    ///< What the report says: exactly_once, at_least_once, view…
  bool lazy = false;       ///< Opened at its first row: dead letters.
};

class SinkNode final : public Node {
 public:
  SinkNode(std::string name, std::string pipeline, std::vector<Input> inputs, SinkPlan plan);

  std::unique_ptr<NodeWork> make_work() const override;
  bool parallel() const override { return false; }
  bool prepares_ahead() const override { return inputs_parallel_ && inputs().size() == 1; }
  void prepare(Chunk& chunk) const override;
  Result<void> apply(Chunk& chunk, Range range) override;
  void demand(size_t input, std::vector<bool>& wanted) const override;

  /// Creates the instance and, unless lazy, opens it. `flags`: MR_OPEN_*.
  Result<void> open(uint64_t last_epoch, uint32_t flags);
  /// Rows so far are safe; nothing for a sink that was never opened.
  Result<void> prepare_commit(uint64_t epoch);
  Result<void> commit(uint64_t epoch);
  Result<void> close();
  void cancel();

  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;

  const SinkPlan& plan() const { return plan_; }
  SinkCounters sink_counters;

 private:
  struct Work;
  struct Piece;
  void encode(const Rows& rows, const Shape& shape, uint32_t row, ByteBuffer& out, size_t input) const;
  void encode_with_context(const Rows& rows, const Shape& shape, uint32_t row, ByteBuffer& out) const;
  bool passes(const Shape& shape) const { return shape.has_bytes && shape.bytes_are_json && !plan_.context; }
  Result<void> write_encoded(Work& work, uint32_t first, uint32_t behind);
  Result<void> write_passed(const Work& work, const RowsView& view);
  Result<void> write_merged(Work& work, const Chunk& chunk);
  Result<void> hand_over(BatchBuilder& builder);
  Result<void> ensure_open();

  SinkPlan plan_;
  std::string pipeline_;
  std::vector<JsonRowEncoder> encoders_;  ///< By input.
  std::unique_ptr<SinkInstance> instance_;
  bool opened_ = false;
  uint64_t last_epoch_ = 0;
  uint32_t open_flags_ = 0;
  bool has_state_ = false;
  std::string state_;      ///< What the last prepare recorded.
  BatchBuilder builder_;
  std::vector<Reject> rejects_;
};

}  // namespace millrace
