// Making the node, and what a change does to members and groups.
#include "operators/table_groups_node.h"

#include <algorithm>

#include "base/assert.h"
#include "base/hash.h"
#include "operators/table_groups_work.h"
#include "window/stored_row.h"

namespace millrace {
namespace {

std::string members_text(const GroupedSelect& select) {
  std::string text = "table members v1; groups:";
  for (const Program& group : select.groups) text += std::string(type_name(group.type())) + ",";
  text += " arguments:";
  for (const Program& argument : select.arguments)
    text += std::string(type_name(argument.type())) + ",";
  return text + " filters:" + std::to_string(select.filters.size());
}

}  // namespace

std::vector<AggregateFunction> TableGroupsNode::table_functions(const GroupedSelect& select) {
  std::vector<AggregateFunction> functions;
  for (const auto& call : select.calls) {
    functions.push_back(*call.function);
    if (call.function->over_table) functions.back().kernel = *call.function->over_table;
  }
  return functions;
}

AggregateLayout TableGroupsNode::layout_of(const std::vector<AggregateFunction>& functions) {
  std::vector<const AggregateFunction*> pointers;
  for (const AggregateFunction& function : functions) pointers.push_back(&function);
  return AggregateLayout(std::move(pointers));
}

bool TableGroupsNode::any_refolds(const std::vector<AggregateFunction>& functions) {
  return std::any_of(functions.begin(), functions.end(),
                     [](const AggregateFunction& function) { return !function.kernel.retract; });
}

TableGroupsNode::TableGroupsNode(std::string name, std::vector<Input> inputs, StagePlan stage,
                                 TableGroupsPlan plan)
    : Node(std::move(name), std::move(inputs)),
      plan_(std::move(plan)),
      functions_(table_functions(plan_.grouped.select)),
      input_(std::move(stage), plan_.grouped.select, this->inputs()[0], nullptr),
      output_(plan_.grouped),
      groups_(layout_of(functions_), any_refolds(functions_)),
      blocks_(this->name(), members_text(plan_.grouped.select)),
      sent_(this->name()),
      timer_(plan_.emit),
      arguments_(plan_.grouped.select.arguments.size()),
      passes_(plan_.grouped.select.filters.size()) {
  inputs_parallel_ = false;
  shape_of(Port::kMain) = output_.shape();
  shape_of(Port::kErrors) = ErrorRows::shape();
}

std::unique_ptr<NodeWork> TableGroupsNode::make_work() const {
  auto work = std::make_unique<Work>();
  input_.start(work->in);
  output_.make(work->out);
  return work;
}

void TableGroupsNode::set_wanted(std::vector<bool> wanted) {
  output_.want(wanted);
  Node::set_wanted(std::move(wanted));
}

void TableGroupsNode::demand(size_t, std::vector<bool>& wanted) const { input_.demand(wanted); }

void TableGroupsNode::prepare(Chunk& chunk) const {
  input_.prepare(static_cast<Work&>(work_of(chunk)).in, input_rows(chunk), input_view(chunk).live);
}

Result<void> TableGroupsNode::apply(Chunk& chunk, Range range) {
  auto& work = static_cast<Work&>(work_of(chunk));
  output_.start(work.out, work.ports[Port::kMain]);
  work.failed.clear();
  work.gone.clear();
  if (timer_.clock_due(chunk.arrival_us)) trigger(work, range.begin, timer_.running());
  const TableInput::Cut cut = input_.cut(work.in, 0, UINT32_MAX);
  const RowsView& view = input_view(chunk);
  size_t next = cut.first;
  // Rows that could not be computed move event time too.
  for (uint32_t i = 0; i < view.live.count; ++i) {
    const uint32_t row = view.live[i];
    if (next < cut.behind && work.in.changes[next].row == row) change(work, next++);
    const EventTime t = view.rows->time[row];
    if (timer_.crosses(t)) trigger(work, view.rows->record_of(row), t);
  }
  const uint32_t places_end = range.last ? chunk.places() : range.end;
  if (inputs()[0].node->watermarks(chunk)[places_end] == kTimeMax) {
    end(work, places_end > range.begin ? places_end - 1 : range.begin);
  }
  return finish(work, chunk, cut);
}

/// Out of the old group, into the new one. A filtered row is a delete here.
void TableGroupsNode::change(Work& work, size_t i) {
  const TableInput::Change& one = work.in.changes[i];
  TableGroups::Member* member = groups_.find_member(work.in.key(i));
  if (!member && one.deletes) return;
  TableGroups::Group* left = member ? member->group : nullptr;
  if (left) {
    groups_.leave(*member);
    fold(*left, member->row, false);
  }
  TableGroups::Group* joined = nullptr;
  if (one.deletes) {
    groups_.erase(*member);
  } else {
    joined = &groups_.group(work.in.in.key(one.live), work.in.in.hashes[one.live]);
    if (!member) member = &groups_.make_member(work.in.key(i));
    groups_.join(*member, *joined, member_row(work, one.row));
    fold(*joined, member->row, true);
  }
  changed_since_shown_ = true;
  const uint32_t record = work.in.record(i);
  const EventTime now = work.in.time(i);
  if (left && left != joined) {
    const std::string key = *left->key;
    if (left->members == 0) {
      groups_.erase(*left);
      work.gone.push_back(key);
    }
    group_changed(work, key, record, now);
  }
  if (joined) group_changed(work, *joined->key, record, now);
}

std::string TableGroupsNode::member_row(const Work& work, uint32_t row) const {
  std::string bytes;
  for (const Column* argument : work.in.in.arguments) write_stored_cell(*argument, row, bytes);
  for (const auto& passes : work.in.in.passes) append_u8(bytes, passes[row]);
  return bytes;
}

void TableGroupsNode::read_row(const std::string& row) {
  ByteReader reader(row);
  for (size_t k = 0; k < arguments_.size(); ++k) {
    arguments_[k].reset(plan_.grouped.select.arguments[k].type(), 0);
    MILLRACE_ASSERT(read_stored_cell(reader, arguments_[k]));
  }
  for (uint8_t& passes : passes_) passes = reader.u8();
  MILLRACE_ASSERT(reader.at_end());
}

void TableGroupsNode::fold(TableGroups::Group& group, const std::string& row, bool add) {
  read_row(row);
  constexpr uint32_t kRow = 0;
  for (size_t k = 0; k < functions_.size(); ++k) {
    const GroupedSelect::Call& call = plan_.grouped.select.calls[k];
    if (call.filter && !passes_[*call.filter]) continue;
    std::byte* state = group.state + groups_.layout().offset(k);
    const Column* argument = call.argument ? &arguments_[*call.argument] : nullptr;
    const auto step = add ? functions_[k].kernel.update : functions_[k].kernel.retract;
    step ? step(&state, argument, {&kRow, 1}) : void(group.stale = true);
  }
}

void TableGroupsNode::refold(TableGroups::Group& group) {
  group.stale = false;
  groups_.reset_states(group);
  for (const auto& [sequence, member] : group.by_change) fold(group, member->row, true);
}

void TableGroupsNode::save(uint64_t epoch, Commit& commit, JsonValue& meta) {
  blocks_.save(groups_.members(), epoch, commit,
               [](const TableGroups::Member& member, std::string& value) {
                 append_u64(value, member.sequence);
                 append_sized(value, *member.group->key);
                 value += member.row;
               });
  sent_.save(epoch, commit);
  meta.set("changed", JsonValue::boolean(changed_since_shown_));
  meta.set("running", JsonValue::integer(timer_.running()));
  meta.set("snapshots", JsonValue::integer(snapshots_));
}

Result<void> TableGroupsNode::restore(const JsonValue& meta, CommitLog& log) {
  const JsonValue *changed = meta.find("changed"), *running = meta.find("running"),
                  *snapshots = meta.find("snapshots");
  changed_since_shown_ = changed && changed->is_bool() && changed->as_bool();
  if (running && running->is_int()) timer_.restore(running->as_int());
  if (snapshots && snapshots->is_int()) snapshots_ = snapshots->as_int();
  MILLRACE_TRY(blocks_.restore(groups_.members(), log, [&](const KeyedBlocks::Stored& stored) {
    ByteReader reader(stored.value);
    const uint64_t sequence = reader.u64();
    const std::string_view group = reader.sized();
    if (!reader.ok()) return false;
    auto& member = groups_.restore(stored.key, stored.ordinal, group, sequence, reader.left());
    fold(*member.group, member.row, true);
    return true;
  }));
  if (any_refolds(functions_)) {
    for (auto& [key, group] : groups_.groups()) group.stale = true;
  }
  return sent_.restore(log);
}

}  // namespace millrace
