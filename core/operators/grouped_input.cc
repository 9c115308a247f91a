#include "operators/grouped_input.h"

#include <algorithm>

#include "base/hash.h"
#include "nodes/stateless_node.h"
#include "window/group_key.h"

namespace millrace {

AggregateLayout make_layout(const GroupedSelect& select) {
  std::vector<const AggregateFunction*> functions;
  for (const auto& call : select.calls) functions.push_back(call.function);
  return AggregateLayout(std::move(functions));
}

std::string layout_text(const GroupedSelect& select) {
  std::string text = "groups:";
  for (const Program& group : select.groups) text += std::string(type_name(group.type())) + ",";
  return text + make_layout(select).describe();
}

GroupedInput::GroupedInput(StagePlan stage, const GroupedSelect& select, const Input& from,
                           const Program* deletes)
    : stage_(std::move(stage)),
      select_(select),
      deletes_(deletes),
      input_shape_(from.node->shape(from.port)) {
  stage_shape_ = make_stage_shape(input_shape_, stage_.explode);
}

void GroupedInput::start(Work& work) const {
  work.group_scratch.resize(select_.groups.size());
  work.argument_scratch.resize(select_.arguments.size());
  work.filter_scratch.resize(select_.filters.size());
  work.groups.resize(select_.groups.size());
  work.arguments.resize(select_.arguments.size());
  work.passes.resize(select_.filters.size());
}

void GroupedInput::demand(bool whole_rows, const std::vector<bool>& late,
                          std::vector<bool>& wanted) const {
  std::vector<bool> stage_wanted(stage_shape_.schema.size());
  if (stage_.filter) mark_fields(*stage_.filter, stage_wanted);
  for (const auto* programs : {&select_.groups, &select_.arguments, &select_.filters}) {
    for (const Program& program : *programs) mark_fields(program, stage_wanted);
  }
  if (deletes_) mark_fields(*deletes_, stage_wanted);
  for (uint32_t i = 0; whole_rows && i < stage_shape_.visible; ++i) stage_wanted[i] = true;
  // The fields of the context, behind those of the stage, are made anyway.
  for (size_t i = 0; i < std::min(late.size(), stage_wanted.size()); ++i)
    stage_wanted[i] = stage_wanted[i] || late[i];
  demand_through_explode(stage_.explode, stage_wanted, wanted);
}

void GroupedInput::prepare(Work& work, const Rows& input, Selection live) const {
  run_stage(stage_, input, live, work.stage, work.errors);
  const Inputs inputs{work.stage.rows->columns, work.stage.rows->count};
  Selection rows = work.stage.live;
  const auto run = [&](const Program& program, Scratch& scratch) {
    const size_t failed_before = work.errors.size();
    const Column& column = evaluate(program, inputs, rows, scratch, work.errors);
    if (work.errors.size() != failed_before) rows = work.errors.drop_failed(rows, work.live);
    return &column;
  };
  for (size_t i = 0; i < select_.groups.size(); ++i) {
    work.groups[i] = run(select_.groups[i], work.group_scratch[i]);
  }
  if (deletes_) rows = set_deletes_apart(work, rows, *run(*deletes_, work.delete_scratch));
  for (size_t i = 0; i < select_.arguments.size(); ++i) {
    work.arguments[i] = run(select_.arguments[i], work.argument_scratch[i]);
  }
  for (size_t i = 0; i < select_.filters.size(); ++i) {
    const Column& column = *run(select_.filters[i], work.filter_scratch[i]);
    work.passes[i].resize(inputs.rows);
    for (uint32_t k = 0; k < rows.count; ++k) {
      const uint32_t row = rows[k];
      work.passes[i][row] = column.valid(row) && column.bools[column.constant ? 0 : row];
    }
  }
  keep_selection(rows, work.live);
  if (deletes_) put_deletes_back(work);
  write_keys(work);
  collect_stage_errors(work.stage, input, input_shape_, stage_shape_, work.errors,
                       work.failed_bytes, work.failed);
}

/// A row that deletes has a key and nothing else that could fail.
Selection GroupedInput::set_deletes_apart(Work& work, Selection rows, const Column& deletes) const {
  work.deletes.resize(work.stage.rows->count);
  work.delete_rows.clear();
  Buffer<uint32_t>& others = work.merged;
  others.clear();
  for (uint32_t i = 0; i < rows.count; ++i) {
    const uint32_t row = rows[i];
    if (work.errors.failed(row)) continue;
    work.deletes[row] = deletes.valid(row) && deletes.bools[deletes.constant ? 0 : row];
    (work.deletes[row] ? work.delete_rows : others).push_back(row);
  }
  return keep_selection({others.data(), static_cast<uint32_t>(others.size())}, work.live);
}

void GroupedInput::put_deletes_back(Work& work) const {
  if (work.delete_rows.empty()) return;
  work.merged.resize(work.live.size() + work.delete_rows.size());
  std::merge(work.live.begin(), work.live.end(), work.delete_rows.begin(), work.delete_rows.end(),
             work.merged.begin());
  keep_selection({work.merged.data(), static_cast<uint32_t>(work.merged.size())}, work.live);
}

void GroupedInput::write_keys(Work& work) const {
  work.keys.clear();
  work.key_ends.resize(work.live.size());
  work.hashes.resize(work.live.size());
  for (size_t i = 0; i < work.live.size(); ++i) {
    const size_t begin = work.keys.size();
    write_group_key(work.groups, work.live[i], work.keys);
    work.key_ends[i] = static_cast<uint32_t>(work.keys.size());
    work.hashes[i] = hash_bytes({work.keys.data() + begin, work.keys.size() - begin});
  }
}

GroupedInput::Cut GroupedInput::cut(const Work& work, uint32_t begin, uint32_t end) const {
  const Rows& stage = *work.stage.rows;
  const Selection all{work.live.data(), static_cast<uint32_t>(work.live.size())};
  return {begin, end, count_before(stage, all, begin), count_before(stage, all, end)};
}

uint64_t GroupedInput::rows_in(const Work& work, const Cut& cut, const Rows& input) const {
  const Rows& stage = *work.stage.rows;
  uint64_t rows = count_before(stage, work.stage.before_filter, cut.end) -
                  count_before(stage, work.stage.before_filter, cut.begin);
  // Rows that explode itself refused are rows too: they must leave by the same ledger.
  for (const StageFault& fault : work.stage.faults) {
    const Rows& of = fault.of_input ? input : stage;
    const uint32_t record = of.record_of(fault.row);
    rows += record >= cut.begin && record < cut.end;
  }
  return rows;
}

void GroupedInput::add_failed(const Work& work, const Cut& cut, std::vector<FailedRow>& out) const {
  for (const FailedRow& failed : work.failed) {
    if (failed.record >= cut.begin && failed.record < cut.end) out.push_back(failed);
  }
}

bool GroupedInput::fold(Work& work, const AggregateLayout& layout) const {
  if (work.folded.empty()) return false;
  size_t at = 0;
  for (size_t k = 0; k < layout.size(); ++k) {
    const auto& call = select_.calls[k];
    for (std::byte*& state : work.states) state += layout.offset(k) - at;
    at = layout.offset(k);
    const Column* argument = call.argument ? work.arguments[*call.argument] : nullptr;
    const auto count = static_cast<uint32_t>(work.folded.size());
    if (!call.filter) {
      call.function->kernel.update(work.states.data(), argument, {work.folded.data(), count});
      continue;
    }
    work.filtered.clear();
    work.filtered_states.clear();
    for (uint32_t i = 0; i < count; ++i) {
      if (!work.passes[*call.filter][work.folded[i]]) continue;
      work.filtered.push_back(work.folded[i]);
      work.filtered_states.push_back(work.states[i]);
    }
    call.function->kernel.update(
        work.filtered_states.data(), argument,
        {work.filtered.data(), static_cast<uint32_t>(work.filtered.size())});
  }
  work.states.clear();
  work.folded.clear();
  return true;
}

}  // namespace millrace
