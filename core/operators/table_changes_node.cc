#include "operators/table_changes_node.h"

#include <algorithm>

namespace millrace {

TableChangesNode::TableChangesNode(std::string name, std::vector<Input> inputs, StagePlan stage,
                                   TablePlan plan, std::string_view layout)
    : Node(std::move(name), std::move(inputs)),
      plan_(std::move(plan)),
      explode_(stage.explode),
      input_(std::move(stage), plan_.input, this->inputs()[0],
             plan_.deletes ? &*plan_.deletes : nullptr),
      changes_(plan_.fields, plan_.key, plan_.selects ? nullptr : &input_.stage_shape()),
      blocks_(this->name(), layout) {
  shape_of(Port::kMain) = changes_.shape();
  shape_of(Port::kErrors) = ErrorRows::shape();
}

void TableChangesNode::set_wanted(std::vector<bool> wanted) {
  changes_.set_wanted(wanted);
  Node::set_wanted(std::move(wanted));
}

void TableChangesNode::make(Work& work) const {
  input_.start(work.in);
  changes_.make(work.rows);
}

void TableChangesNode::start(Work& work) const {
  work.failed.clear();
  work.error_bytes.clear();
  work.nulls = 0;
  changes_.start(work.rows, work.ports[Port::kMain]);
  work.cells.clear();
  for (uint32_t i = 0; i < changes_.fields(); ++i) {
    work.cells.push_back(plan_.selects ? work.in.in.arguments[i]
                                       : work.in.rows->columns[plan_.from[i]]);
  }
}

bool TableChangesNode::has_key(Work& work, uint32_t row) const {
  const auto& groups = work.in.in.groups;
  if (std::all_of(groups.begin(), groups.end(),
                  [&](const Column* column) { return column->valid(row); })) {
    return true;
  }
  FailedRow failed;
  describe_row(*work.in.rows, input_.stage_shape(), row, work.error_bytes, failed);
  failed.reason = "the key of a table must not be NULL";
  work.failed.push_back(failed);
  ++work.nulls;
  return false;
}

void TableChangesNode::finish(Work& work, const Chunk& chunk, const TableInput::Cut& cut) {
  const Rows& out = work.ports[Port::kMain];
  work.now[Port::kMain] = {&out, out.selection()};
  input_.count(work.in, cut, input_view(chunk), input_rows(chunk), work.nulls, counters,
               work.failed);
  counters.out += out.selection().count;
  Rows& errors = work.ports[Port::kErrors];
  work.error_rows.write(work.failed, errors, name());
  work.now[Port::kErrors] = {&errors, errors.selection()};
}

}  // namespace millrace
