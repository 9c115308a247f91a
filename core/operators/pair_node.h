#pragma once

/// What joins share: two keyed inputs side by side. Prepare computes the keys of both; begin() cuts
/// both at the range, the node takes their rows place by place, and finish() makes the result rows,
/// late records, errors and counts. Rows that outlive their chunk are kept by StoredFields.

#include "nodes/late_records.h"
#include "nodes/result_rows.h"
#include "operators/grouped_input.h"
#include "operators/joined_rows.h"
#include "operators/slice_blocks.h"
#include "operators/stored_fields.h"

namespace millrace {

struct PairPlan {
  GroupedSelect keys[2];            ///< Left, right: only groups are in them.
  std::optional<Program> residual;  ///< The rest of `on`, over the joined row.
  JoinConfig::Type type = JoinConfig::Type::kInner;
  OperatorConfig::Late late = OperatorConfig::Late::kStream;
  ResultPlan result;

  bool semi() const { return type == JoinConfig::Type::kSemi; }
  bool anti() const { return type == JoinConfig::Type::kAnti; }
};

class PairNode : public Node {
 public:
  bool parallel() const override { return false; }
  void prepare(Chunk& chunk) const override;
  bool prepares_ahead() const override { return inputs_parallel_; }
  void demand(size_t input, std::vector<bool>& wanted) const override;
  void set_wanted(std::vector<bool> wanted) override;
  const EventTime* watermarks(const Chunk& chunk) const override;
  EventTime watermark() const override { return watermark_; }

 protected:
  struct PairWork : NodeWork {
    GroupedInput::Work in[2];
    GroupedInput::Cut cut[2];
    bool here[2] = {};      ///< The chunk's source reaches this side.
    uint32_t next[2] = {};  ///< Into the live rows of each side.
    JoinedRows::Work candidates, joined;
    Scratch residual_scratch;
    RowErrors residual_errors;
    ByteArena error_bytes;
    ResultRows::Work result;
    LateRecords::Work late;
    Buffer<EventTime> watermarks;  ///< W_out, by place.
    ErrorRows error_rows;
    std::vector<FailedRow> failed;
    const Chunk* chunk = nullptr;  ///< Set by begin().
    uint32_t record = 0;           ///< At hand.
  };

  /// `late_sides`: how many of the inputs, from the left, have late records. `kind` names the
  /// stored state.
  PairNode(std::string name, std::vector<Input> inputs, JoinedRows joined, PairPlan plan,
           size_t late_sides, std::string_view kind);

  void make_pair(PairWork& work) const;
  /// The places of the range; work.next stands at its first rows.
  Range begin(PairWork& work, const Chunk& chunk, Range range) const;
  /// The next row of the side belongs to this place.
  bool at(const PairWork& work, size_t side, uint32_t place) const;
  /// Keyed rows match; those with a NULL key match nothing.
  bool has_key(const PairWork& work, size_t side, uint32_t row) const;
  SideRow now(const PairWork& work, size_t side, uint32_t row) const;
  void add_late(PairWork& work, size_t side, uint32_t row, EventTime w, EventTime over_at);
  /// The pairs of work.candidates that the residual passes. One for which it cannot be computed
  /// does not match and is told in `.errors`.
  Selection fitting(PairWork& work) const;
  Result<void> finish(PairWork& work, const Chunk& chunk);
  /// What came of both sides, and the rows that failed in prepare.
  void count_inputs(PairWork& work, const Chunk& chunk);
  /// work.failed as rows of `.errors`.
  void finish_errors(PairWork& work);

  void save_fields(JsonValue& meta) const;
  /// What the stored rows of both sides need to be read (E5).
  Result<void> restore_fields(const JsonValue& meta);

  PairPlan pair_;
  GroupedInput input_[2];
  JoinedRows joined_;
  ResultRows results_;
  LateRecords late_;
  StoredFields stored_[2];
  StoredFields::Conversion conversion_[2];
  SliceBlocks blocks_;
  EventTime watermark_ = kTimeNone;  ///< W_out.

 private:
  size_t late_sides_;
};

}  // namespace millrace
