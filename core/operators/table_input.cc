#include "operators/table_input.h"

#include <algorithm>

#include "window/group_key.h"

namespace millrace {

TableInput::TableInput(StagePlan stage, const GroupedSelect& select, const Input& from,
                       const Program* deletes)
    : input_shape_(from.node->shape(from.port)),
      grouped_(std::move(stage), select, from, deletes) {}

void TableInput::demand(std::vector<bool>& wanted) const {
  grouped_.demand(false, {}, wanted);
  if (!reads_table()) return;
  for (uint32_t field : input_shape_.key) wanted[field] = true;
  if (input_shape_.op) wanted[*input_shape_.op] = true;
}

void TableInput::prepare(Work& work, const Rows& input, Selection live) const {
  Selection upserts = live;
  if (input_shape_.op) {
    const Column& op = *input.columns[*input_shape_.op];
    work.upserts.clear();
    for (uint32_t i = 0; i < live.count; ++i) {
      if (!op.valid(live[i])) work.upserts.push_back(live[i]);
    }
    upserts = {work.upserts.data(), static_cast<uint32_t>(work.upserts.size())};
  }
  grouped_.prepare(work.in, input, upserts);
  work.rows = work.in.stage.rows;
  work.changes.clear();
  work.keys.clear();
  work.key_ends.clear();
  reads_table() ? list_table_changes(work, input, live) : list_stream_changes(work);
}

void TableInput::list_stream_changes(Work& work) const {
  for (uint32_t i = 0; i < work.in.live.size(); ++i) {
    const uint32_t row = work.in.live[i];
    work.changes.push_back({row, i, !work.in.deletes.empty() && work.in.deletes[row] != 0, false});
    work.keys.append(work.in.key(i));
    work.key_ends.push_back(static_cast<uint32_t>(work.keys.size()));
  }
}

void TableInput::list_table_changes(Work& work, const Rows& input, Selection live) const {
  std::vector<const Column*> key;
  for (uint32_t field : input_shape_.key) key.push_back(input.columns[field]);
  const Column* op = input_shape_.op ? input.columns[*input_shape_.op] : nullptr;
  uint32_t next = 0;
  for (uint32_t i = 0; i < live.count; ++i) {
    const uint32_t row = live[i];
    Change change{row, 0, op && op->valid(row), false};
    if (!change.deletes) {
      const bool passed = next < work.in.live.size() && work.in.live[next] == row;
      if (passed) {
        change.live = next++;
        change.deletes = !work.in.deletes.empty() && work.in.deletes[row] != 0;
      } else if (work.in.errors.failed(row)) {
        continue;
      } else {
        change.deletes = change.filtered = true;
      }
    }
    work.changes.push_back(change);
    write_group_key(key, row, work.keys);
    work.key_ends.push_back(static_cast<uint32_t>(work.keys.size()));
  }
}

TableInput::Cut TableInput::cut(const Work& work, uint32_t begin, uint32_t end) const {
  const auto place = [&](uint32_t record) {
    const auto found = std::partition_point(
        work.changes.begin(), work.changes.end(),
        [&](const Change& change) { return work.rows->record_of(change.row) < record; });
    return static_cast<size_t>(found - work.changes.begin());
  };
  return {grouped_.cut(work.in, begin, end), place(begin), place(end)};
}

void TableInput::count(const Work& work, const Cut& cut, const RowsView& view, const Rows& input,
                       uint64_t refused, OperatorCounters& counters,
                       std::vector<FailedRow>& failed) const {
  const size_t failed_before = failed.size();
  grouped_.add_failed(work.in, cut.rows, failed);
  const uint64_t errors = failed.size() - failed_before + refused;
  uint64_t filtered = 0;
  for (size_t i = cut.first; i < cut.behind; ++i) filtered += work.changes[i].filtered;
  const uint64_t used = cut.behind - cut.first - filtered - refused;
  const uint64_t rows =
      reads_table() ? view.live.count : grouped_.rows_in(work.in, cut.rows, input);
  counters.in += view.live.count;
  counters.rows += rows;
  counters.errors += errors;
  counters.used += used;
  counters.filtered += rows - used - errors;
}

}  // namespace millrace
