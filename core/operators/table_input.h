#pragma once

/// What every operator that makes or reads a table does to its input: changes of keys in log order.
/// Of a stream: `filter` drops rows, `delete` decides which of the rest delete their key (semantics
/// R29). Of a table: a row that `filter` does not pass deletes its key too, because the row that it
/// replaces may have passed (R30); rows that delete have a key and nothing that an expression could
/// read. A row that cannot be computed is an error and changes nothing.
/// Threads: any for prepare; the rest belongs to the applying thread.

#include "operators/grouped_input.h"

namespace millrace {

class TableInput {
 public:
  struct Change {
    uint32_t row;   ///< Of the stage.
    uint32_t live;  ///< Number in work.in.live; unused where `row` came as a delete.
    bool deletes;
    bool filtered;  ///< It deletes because `filter` does not pass it.
  };
  struct Work {
    GroupedInput::Work in;
    Buffer<uint32_t> upserts;     ///< Of a table: its rows that are no deletes.
    std::vector<Change> changes;  ///< By rising row.
    std::string keys;
    Buffer<uint32_t> key_ends;   ///< Per change.
    const Rows* rows = nullptr;  ///< The stage's.

    std::string_view key(size_t i) const {
      const size_t begin = i == 0 ? 0 : key_ends[i - 1];
      return {keys.data() + begin, key_ends[i] - begin};
    }
    uint32_t record(size_t i) const { return rows->record_of(changes[i].row); }
    EventTime time(size_t i) const { return rows->time[changes[i].row]; }
  };

  /// `select` and `deletes` (null: no expression) must outlive this. The key of a stream's rows is
  /// `select.groups`; a table's rows bring theirs, and `select.groups` is the operator's own.
  TableInput(StagePlan stage, const GroupedSelect& select, const Input& from,
             const Program* deletes);

  bool reads_table() const { return input_shape_.is_table; }
  const Shape& stage_shape() const { return grouped_.stage_shape(); }
  GroupedInput& grouped() { return grouped_; }

  void start(Work& work) const { grouped_.start(work.in); }
  void prepare(Work& work, const Rows& input, Selection live) const;
  void demand(std::vector<bool>& wanted) const;

  /// The changes of the records [begin, end): [first, behind).
  struct Cut {
    GroupedInput::Cut rows;
    size_t first, behind;
  };
  Cut cut(const Work& work, uint32_t begin, uint32_t end) const;
  /// Adds to `counters` what came, but for `refused` changes that the operator could not use and
  /// has added to `failed`; appends the rows that failed here.
  void count(const Work& work, const Cut& cut, const RowsView& view, const Rows& input,
             uint64_t refused, OperatorCounters& counters, std::vector<FailedRow>& failed) const;

 private:
  void list_stream_changes(Work& work) const;
  void list_table_changes(Work& work, const Rows& input, Selection live) const;

  Shape input_shape_;
  GroupedInput grouped_;
};

}  // namespace millrace
