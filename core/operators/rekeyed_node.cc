#include "operators/rekeyed_node.h"

#include <algorithm>

#include "base/bytes.h"
#include "json/value.h"

namespace millrace {
namespace {

constexpr auto kMain = static_cast<size_t>(Port::kMain),
               kErrors = static_cast<size_t>(Port::kErrors);

}  // namespace

struct RekeyedNode::Work final : NodeWork {
  TableInput::Work in;
  ChangeRows::Work rows;
  std::vector<const Column*> cells;
  ErrorRows error_rows;
  ByteArena error_bytes;
  std::vector<FailedRow> failed;
  uint64_t nulls = 0;
};

RekeyedNode::RekeyedNode(std::string name, std::vector<Input> inputs, StagePlan stage,
                         TablePlan plan)
    : Node(std::move(name), std::move(inputs)),
      plan_(std::move(plan)),
      input_(std::move(stage), plan_.input, this->inputs()[0],
             plan_.deletes ? &*plan_.deletes : nullptr),
      changes_(plan_.fields, plan_.key, plan_.selects ? nullptr : &input_.stage_shape()),
      groups_(AggregateLayout({}), true),
      stored_(changes_.shape_has_bytes(), plan_.fields),
      blocks_(this->name(), "rekeyed rows v1") {
  inputs_parallel_ = false;
  shape_of(Port::kMain) = changes_.shape();
  shape_of(Port::kErrors) = ErrorRows::shape();
}

std::unique_ptr<NodeWork> RekeyedNode::make_work() const {
  auto work = std::make_unique<Work>();
  input_.start(work->in);
  changes_.make(work->rows);
  return work;
}

void RekeyedNode::set_wanted(std::vector<bool> wanted) {
  changes_.set_wanted(wanted);
  Node::set_wanted(std::move(wanted));
}

/// A row may be shown long after it came, so all of it is kept.
void RekeyedNode::demand(size_t, std::vector<bool>& wanted) const {
  input_.demand(wanted);
  for (uint32_t field : plan_.from) wanted[field] = true;
}

void RekeyedNode::prepare(Chunk& chunk) const {
  input_.prepare(static_cast<Work&>(work_of(chunk)).in, input_rows(chunk), input_view(chunk).live);
}

Result<void> RekeyedNode::apply(Chunk& chunk, Range) {
  auto& work = static_cast<Work&>(work_of(chunk));
  work.failed.clear();
  work.error_bytes.clear();
  work.nulls = 0;
  changes_.start(work.rows, work.ports[kMain]);
  work.cells.clear();
  for (uint32_t i = 0; i < changes_.fields(); ++i) {
    work.cells.push_back(plan_.selects ? work.in.in.arguments[i]
                                       : work.in.rows->columns[plan_.from[i]]);
  }
  const TableInput::Cut cut = input_.cut(work.in, 0, UINT32_MAX);
  for (size_t i = cut.first; i < cut.behind; ++i) change(work, i);
  finish(work, chunk, cut);
  return {};
}

/// True: the new key is NULL, which is an error, and the row changes nothing.
bool RekeyedNode::refuse_null(Work& work, const TableInput::Change& one) const {
  const auto& groups = work.in.in.groups;
  const auto valid = [&](const Column* column) { return column->valid(one.row); };
  if (one.deletes || std::all_of(groups.begin(), groups.end(), valid)) return false;
  FailedRow failed;
  describe_row(*work.in.rows, input_.stage_shape(), one.row, work.error_bytes, failed);
  failed.reason = "the key of a table must not be NULL";
  work.failed.push_back(failed);
  ++work.nulls;
  return true;
}

void RekeyedNode::change(Work& work, size_t i) {
  const TableInput::Change& one = work.in.changes[i];
  if (refuse_null(work, one)) return;
  TableGroups::Member* member = groups_.find_member(work.in.key(i));
  if (!member && one.deletes) return;
  TableGroups::Group* left = member ? member->group : nullptr;
  const bool was_shown = left && left->by_change.rbegin()->second == member;
  if (left) groups_.leave(*member);
  TableGroups::Group* joined =
      one.deletes ? nullptr : &groups_.group(work.in.in.key(one.live), work.in.in.hashes[one.live]);
  if (was_shown && left != joined) show_left(work, *left, i);
  if (one.deletes) {
    groups_.erase(*member);
  } else {
    if (!member) member = &groups_.make_member(work.in.key(i));
    const std::string_view value = changes_.shape_has_bytes()
                                       ? work.in.rows->batch.value(work.in.rows->origin_of(one.row))
                                       : "";
    groups_.join(*member, *joined, changes_.store(work.cells, one.row, value));
    changes_.upsert(work.rows, work.cells, one.row, work.in.time(i), work.in.record(i), value,
                    work.ports[kMain]);
  }
  if (left && left->members == 0) groups_.erase(*left);
}

/// The row that the left group showed is no more.
void RekeyedNode::show_left(Work& work, TableGroups::Group& left, size_t i) {
  Rows& out = work.ports[kMain];
  if (left.by_change.empty()) {
    changes_.remove(work.rows, *left.key, work.in.time(i), work.in.record(i), out);
  } else {
    changes_.upsert_stored(work.rows, left.by_change.rbegin()->second->row, work.in.time(i),
                           work.in.record(i), out);
  }
}

void RekeyedNode::finish(Work& work, const Chunk& chunk, const TableInput::Cut& cut) {
  Rows& out = work.ports[kMain];
  changes_.finish(work.rows, out);
  work.now[kMain] = {&out, out.selection()};
  input_.count(work.in, cut, input_view(chunk), input_rows(chunk), work.nulls, counters,
               work.failed);
  counters.out += out.count;
  work.error_rows.write(work.failed, work.ports[kErrors], name());
  work.now[kErrors] = {&work.ports[kErrors], work.ports[kErrors].selection()};
}

void RekeyedNode::save(uint64_t epoch, Commit& commit, JsonValue& meta) {
  meta.set("fields", stored_.json());
  blocks_.save(groups_.members(), epoch, commit,
               [](const TableGroups::Member& member, std::string& value) {
                 append_u64(value, member.sequence);
                 append_sized(value, *member.group->key);
                 value += member.row;
               });
}

Result<void> RekeyedNode::restore(const JsonValue& meta, CommitLog& log) {
  auto conversion = stored_.from(meta.find("fields"), name());
  if (!conversion) return conversion.error();
  return blocks_.restore(groups_.members(), log, [&](const KeyedBlocks::Stored& stored) {
    ByteReader reader(stored.value);
    const uint64_t sequence = reader.u64();
    const std::string_view group = reader.sized();
    std::string row(reader.left());
    if (!reader.ok() || !conversion->apply(row)) return false;
    auto& member = groups_.restore(stored.key, stored.ordinal, group, sequence, row);
    if (conversion->changes()) groups_.members().touch(member);
    return true;
  });
}

}  // namespace millrace
