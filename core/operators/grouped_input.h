#pragma once

/// What every grouped operator does to its input: explode and filter, then the key of each row and
/// the arguments of its aggregates. All of that is a pure function of the chunk. In the ordered
/// step the operator says which state a row goes to, and fold() updates them column by column.
/// Threads: any for prepare; the rest belongs to the applying thread.

#include "expr/compile.h"
#include "nodes/stage.h"
#include "window/aggregate_layout.h"

namespace millrace {

AggregateLayout make_layout(const GroupedSelect& select);
/// What keys and states look like: stored state of another text is refused.
std::string layout_text(const GroupedSelect& select);

class GroupedInput {
 public:
  struct Work {
    StageWork stage;
    RowErrors errors;
    std::vector<Scratch> group_scratch, argument_scratch, filter_scratch;
    Scratch delete_scratch;
    std::vector<const Column*> groups, arguments;
    std::vector<Buffer<uint8_t>> passes;  ///< Per filter and row.
    Buffer<uint32_t> live;                ///< Rows to fold: keys and arguments are there.
    Buffer<uint8_t> deletes;              ///< By row: it deletes its key and has no arguments.
    Buffer<uint32_t> delete_rows, merged;
    std::string keys;
    Buffer<uint32_t> key_ends;  ///< Per live row.
    Buffer<uint64_t> hashes;    ///< Per live row.
    std::vector<FailedRow> failed;
    ByteArena failed_bytes;

    // One flush of the fold.
    Buffer<std::byte*> states, filtered_states;
    Buffer<uint32_t> folded, filtered;

    /// Key of the live row number `i`.
    std::string_view key(size_t i) const {
      const size_t begin = i == 0 ? 0 : key_ends[i - 1];
      return {keys.data() + begin, key_ends[i] - begin};
    }
    EventTime time(uint32_t row) const { return stage.rows->time[row]; }
  };

  /// `select` must outlive this, `deletes` too: where it is true a row deletes its key (tables).
  GroupedInput(StagePlan stage, const GroupedSelect& select, const Input& from,
               const Program* deletes = nullptr);

  void start(Work& work) const;
  void prepare(Work& work, const Rows& input, Selection live) const;
  /// `whole_rows`: rows of the stage are written from their columns (late records that are no
  /// source records). `late`: fields of the stage that are read of late records; may end early.
  void demand(bool whole_rows, const std::vector<bool>& late, std::vector<bool>& wanted) const;
  const Shape& stage_shape() const { return stage_shape_; }

  /// The live rows of the records [begin, end): numbers into work.live.
  struct Cut {
    uint32_t begin, end;
    uint32_t first, behind;
    uint32_t size() const { return behind - first; }
  };
  Cut cut(const Work& work, uint32_t begin, uint32_t end) const;
  /// Rows after explode of the records in the cut (R48).
  uint64_t rows_in(const Work& work, const Cut& cut, const Rows& input) const;
  void add_failed(const Work& work, const Cut& cut, std::vector<FailedRow>& out) const;

  /// Row `row` will be folded into `state`, whose slot has `layout`.
  void collect(Work& work, std::byte* state, uint32_t row) const {
    work.states.push_back(state);
    work.folded.push_back(row);
  }
  /// Folds the collected rows, aggregate by aggregate. False: there were none.
  bool fold(Work& work, const AggregateLayout& layout) const;

 private:
  void write_keys(Work& work) const;
  Selection set_deletes_apart(Work& work, Selection rows, const Column& deletes) const;
  void put_deletes_back(Work& work) const;

  StagePlan stage_;
  const GroupedSelect& select_;
  const Program* deletes_;
  Shape input_shape_, stage_shape_;
};

}  // namespace millrace
