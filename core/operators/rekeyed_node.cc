#include "operators/rekeyed_node.h"

#include "base/bytes.h"
#include "json/value.h"

namespace millrace {

RekeyedNode::RekeyedNode(std::string name, std::vector<Input> inputs, StagePlan stage,
                         TablePlan plan)
    : TableChangesNode(std::move(name), std::move(inputs), std::move(stage), std::move(plan),
                       "rekeyed rows v1"),
      groups_(AggregateLayout({}), true),
      stored_(changes_.shape_has_bytes(), plan_.fields) {
  inputs_parallel_ = false;
}

std::unique_ptr<NodeWork> RekeyedNode::make_work() const {
  auto work = std::make_unique<Work>();
  make(*work);
  return work;
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
  start(work);
  const TableInput::Cut cut = input_.cut(work.in, 0, UINT32_MAX);
  for (size_t i = cut.first; i < cut.behind; ++i) change(work, i);
  changes_.finish(work.rows, work.ports[Port::kMain]);
  finish(work, chunk, cut);
  return {};
}

void RekeyedNode::change(Work& work, size_t i) {
  const TableInput::Change& one = work.in.changes[i];
  if (!one.deletes && !has_key(work, one.row)) return;
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
                    work.ports[Port::kMain]);
  }
  if (left && left->members == 0) groups_.erase(*left);
}

/// The row that the left group showed is no more.
void RekeyedNode::show_left(Work& work, TableGroups::Group& left, size_t i) {
  Rows& out = work.ports[Port::kMain];
  if (left.by_change.empty()) {
    changes_.remove(work.rows, *left.key, work.in.time(i), work.in.record(i), out);
  } else {
    changes_.upsert_stored(work.rows, left.by_change.rbegin()->second->row, work.in.time(i),
                           work.in.record(i), out);
  }
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
