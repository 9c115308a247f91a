#include "expr/program.h"

#include "expr/constant_set.h"

namespace millrace {

// Here, where ConstantSet is complete.
Program::Program() = default;
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;
Program::~Program() = default;

bool Program::is_field(uint32_t& index) const {
  const ProgramNode& root = nodes_[root_];
  if (root.op != ProgramNode::Op::kField) return false;
  index = root.index;
  return true;
}

}  // namespace millrace
