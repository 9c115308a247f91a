#include "operators/table_node.h"

#include <algorithm>

#include "json/value.h"

namespace millrace {
namespace {

constexpr auto kMain = static_cast<size_t>(Port::kMain),
               kErrors = static_cast<size_t>(Port::kErrors),
               kVersions = static_cast<size_t>(Port::kVersions);

}  // namespace

struct TableNode::Work final : NodeWork {
  TableInput::Work in;
  ChangeRows::Work rows;
  std::vector<const Column*> cells;
  ErrorRows error_rows;
  ByteArena error_bytes;
  std::vector<FailedRow> failed;
  uint64_t nulls = 0;
  Buffer<uint32_t> told;  ///< Rows of the main port.
};

TableNode::TableNode(std::string name, std::vector<Input> inputs, StagePlan stage, TablePlan plan)
    : Node(std::move(name), std::move(inputs)),
      plan_(std::move(plan)),
      explode_(stage.explode),
      input_(std::move(stage), plan_.input, this->inputs()[0],
             plan_.deletes ? &*plan_.deletes : nullptr),
      changes_(plan_.fields, plan_.key, plan_.selects ? nullptr : &input_.stage_shape()),
      final_(this->inputs()[0].node->shape().final_mark),
      blocks_(this->name(), "table keys v2") {
  inputs_parallel_ = this->inputs()[0].node->parallel();
  Shape& main = shape_of(Port::kMain) = changes_.shape();
  if (plan_.final_mark) main.final_mark = *plan_.final_mark + 1;  // Behind `op`.
  if (plan_.versions) shape_of(Port::kVersions) = main;
  shape_of(Port::kErrors) = ErrorRows::shape();
}

std::unique_ptr<NodeWork> TableNode::make_work() const {
  auto work = std::make_unique<Work>();
  input_.start(work->in);
  changes_.make(work->rows);
  return work;
}

void TableNode::set_wanted(std::vector<bool> wanted) {
  changes_.set_wanted(wanted);
  Node::set_wanted(std::move(wanted));
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
  work.failed.clear();
  work.error_bytes.clear();
  work.nulls = 0;
  work.told.clear();
  changes_.start(work.rows, work.ports[kMain]);
  const Rows& stage = *work.in.rows;
  work.cells.clear();
  for (uint32_t i = 0; i < changes_.fields(); ++i) {
    work.cells.push_back(plan_.selects ? work.in.in.arguments[i] : stage.columns[plan_.from[i]]);
  }
  for (size_t i = cut.first; i < cut.behind; ++i) change(work, i);
  finish(work, chunk, cut);
  return {};
}

void TableNode::change(Work& work, size_t i) {
  const TableInput::Change& one = work.in.changes[i];
  const auto& groups = work.in.in.groups;
  const auto valid = [&](const Column* column) { return column->valid(one.row); };
  if (!input_.reads_table() && !std::all_of(groups.begin(), groups.end(), valid))
    return refuse_null(work, one.row);
  Rows& out = work.ports[kMain];
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

void TableNode::refuse_null(Work& work, uint32_t row) const {
  FailedRow failed;
  describe_row(*work.in.rows, input_.stage_shape(), row, work.error_bytes, failed);
  failed.reason = "the key of a table must not be NULL";
  work.failed.push_back(failed);
  ++work.nulls;
}

void TableNode::finish(Work& work, const Chunk& chunk, const TableInput::Cut& cut) {
  Rows& out = work.ports[kMain];
  changes_.finish(work.rows, out);
  if (plan_.versions) {
    Rows& versions = work.ports[kVersions];
    versions.share(out);
    work.now[kVersions] = {&versions, versions.selection()};
  }
  out.all_live = work.told.size() == out.count;
  if (!out.all_live)
    keep_selection({work.told.data(), static_cast<uint32_t>(work.told.size())}, out.live);
  work.now[kMain] = {&out, out.selection()};
  input_.count(work.in, cut, input_view(chunk), input_rows(chunk), work.nulls, counters,
               work.failed);
  counters.out += out.selection().count;
  work.error_rows.write(work.failed, work.ports[kErrors], name());
  work.now[kErrors] = {&work.ports[kErrors], work.ports[kErrors].selection()};
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
