#include "operators/table_node.h"

#include "json/value.h"

namespace millrace {

struct TableNode::Work final : TableChangesNode::Work {
  Buffer<uint32_t> told;  ///< Rows of the main port.
};

TableNode::TableNode(std::string name, std::vector<Input> inputs, StagePlan stage, TablePlan plan)
    : TableChangesNode(std::move(name), std::move(inputs), std::move(stage), std::move(plan),
                       "table keys v2"),
      final_(this->inputs()[0].node->shape().final_mark) {
  inputs_parallel_ = this->inputs()[0].node->parallel();
  Shape& main = shape_of(Port::kMain);
  if (plan_.final_mark) main.final_mark = *plan_.final_mark + 1;  // Behind `op`.
  if (plan_.versions) shape_of(Port::kVersions) = main;
}

std::unique_ptr<NodeWork> TableNode::make_work() const {
  auto work = std::make_unique<Work>();
  make(*work);
  return work;
}

void TableNode::demand(size_t, std::vector<bool>& wanted) const {
  input_.demand(wanted);
  if (final_) wanted[*final_] = true;
  std::vector<bool> stage_wanted(input_.stage_shape().schema.size());
  for (uint32_t i = 0; i < plan_.from.size(); ++i) stage_wanted[plan_.from[i]] = changes_.made(i);
  demand_through_explode(explode_, stage_wanted, wanted);
}

void TableNode::prepare(Chunk& chunk) const {
  const Rows& rows = input_rows(chunk);
  input_.prepare(static_cast<Work&>(work_of(chunk)).in, rows,
                 inputs_parallel_ ? rows.selection() : input_view(chunk).live);
}

Result<void> TableNode::apply(Chunk& chunk, Range range) {
  auto& work = static_cast<Work&>(work_of(chunk));
  const uint32_t begin = inputs_parallel_ ? range.begin : 0;
  const uint32_t end = inputs_parallel_ && !range.last ? range.end : UINT32_MAX;
  const TableInput::Cut cut = input_.cut(work.in, begin, end);
  start(work);
  work.told.clear();
  for (size_t i = cut.first; i < cut.behind; ++i) change(work, i);
  choose_told(work);
  finish(work, chunk, cut);
  return {};
}

void TableNode::change(Work& work, size_t i) {
  const TableInput::Change& one = work.in.changes[i];
  if (!input_.reads_table() && !has_key(work, one.row)) return;
  Rows& out = work.ports[Port::kMain];
  const std::string_view key = work.in.key(i);
  const EventTime time = work.in.time(i);
  const uint32_t record = work.in.record(i);
  const auto place = static_cast<uint32_t>(out.own_record.size());
  KeyedRow* known = keys_.find(key);
  if (!one.deletes) {
    bool made = false;
    if (!known) known = &keys_.find_or_add(key, made);
    const Rows& stage = *work.in.rows;
    const bool bytes = changes_.shape_has_bytes();
    changes_.upsert(work.rows, work.cells, one.row, time, record,
                    bytes ? stage.batch.value(stage.origin_of(one.row)) : std::string_view(), out);
    work.told.push_back(place);
    if (ends(work, one.row)) keys_.erase(*known);
    return;
  }
  // A tombstone for an unknown key sends nothing (R30).
  if (!known && !plan_.versions) return;
  changes_.remove(work.rows, key, time, record, out);
  if (!known) return;
  work.told.push_back(place);
  keys_.erase(*known);
}

/// A window's final row: nothing can replace it any more.
bool TableNode::ends(const Work& work, uint32_t row) const {
  if (!final_) return false;
  const Column& mark = *work.in.rows->columns[*final_];
  return mark.valid(row) && mark.bools[mark.constant ? 0 : row];
}

/// Joins as of event time hear of all deletes, others only of those that delete something.
void TableNode::choose_told(Work& work) {
  Rows& out = work.ports[Port::kMain];
  changes_.finish(work.rows, out);
  if (plan_.versions) {
    Rows& versions = work.ports[Port::kVersions];
    versions.share(out);
    work.now[Port::kVersions] = {&versions, versions.selection()};
  }
  out.all_live = work.told.size() == out.count;
  if (!out.all_live)
    keep_selection({work.told.data(), static_cast<uint32_t>(work.told.size())}, out.live);
}

void TableNode::save(uint64_t epoch, Commit& commit, JsonValue& meta) {
  meta.set("keys", JsonValue::integer(static_cast<int64_t>(keys_.size())));
  blocks_.save(keys_, epoch, commit, [](const KeyedRow&, std::string&) {});
}

Result<void> TableNode::restore(const JsonValue&, CommitLog& log) {
  return blocks_.restore(keys_, log, [&](const KeyedBlocks::Stored& stored) {
    keys_.restore(stored.key, stored.ordinal);
    return stored.value.empty();
  });
}

}  // namespace millrace
