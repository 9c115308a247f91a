#pragma once

/// A sink in the graph: writes rows in the form that the sink wants and hands them to its outlet in
/// the order of the task (semantics R50). Encoding happens in prepare where the rows are ready
/// there; source records that nobody rewrote go on as they came, sharing their arena.

#include "columns/json_encode.h"
#include "delivery/outlet.h"
#include "expr/program.h"
#include "nodes/node.h"
#include "nodes/row_headers.h"

namespace millrace {

struct SinkPlan {
  Component component;
  std::string config;    ///< JSON for the plugin.
  bool csv = false;      ///< Rows are written as CSV; else as ndjson.
  bool columns = false;  ///< The sink takes typed columns: neither.
  bool context = false;  ///< On `.late`: R13's fields around the record.
  std::string delivery;  ///< What the report says: exactly_once, at_least_once, view…
  DeliveryWay way = DeliveryWay::kDirect;
  bool lazy = false;         ///< Opened at its first row: dead letters.
  bool times = false;        ///< The sink is told the event time of each row.
  bool headers = false;      ///< The sink sends headers (row_headers.h).
  bool repartition = false;  ///< Rows go on in tasks by another key (R23).
  std::vector<std::vector<Program>>
      keys;  ///< By input: what makes the key of a row. Empty: the record's key.
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

  /// Rows that come were written before: they go nowhere and are not counted.
  void set_mute(bool mute) { mute_ = mute; }

  Outlet& outlet() { return *outlet_; }
  const Outlet& outlet() const { return *outlet_; }

  /// What the last prepare of the outlet recorded; by the committing thread.
  void write_state(JsonValue& meta) const;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;

  const SinkPlan& plan() const { return plan_; }
  SinkCounters sink_counters;

 private:
  struct Work;
  struct Piece;
  void encode(const Rows& rows, const Shape& shape, uint32_t row, ByteBuffer& out,
              size_t input) const;
  void encode_with_context(const Rows& rows, const Shape& shape, uint32_t row,
                           ByteBuffer& out) const;
  bool passes() const;
  void begin_rows(Work& work, uint32_t count) const;
  void end_row(Work& work, size_t input, const Rows& rows, uint32_t i, uint32_t row) const;
  void make_keys(Work& work, const Rows& rows, Selection live, size_t input) const;
  bool write_key(Work& work, const Rows& rows, const Shape& shape, uint32_t row) const;
  Result<void> write_encoded(Work& work, uint32_t first, uint32_t behind);
  Result<void> write_passed(Work& work, const RowsView& view);
  Result<void> write_merged(Work& work, const Chunk& chunk);
  Result<void> hand_over(BatchBuilder& builder);

  SinkPlan plan_;
  bool mute_ = false;
  std::vector<JsonRowEncoder> encoders_;      ///< By input.
  std::vector<RowHeaders::Reasons> reasons_;  ///< By input, if the sink sends headers.
  std::unique_ptr<Outlet> outlet_;
  BatchBuilder builder_;
};

}  // namespace millrace
