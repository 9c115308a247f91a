#include "expr/common_nodes.h"

#include "columns/packed_values.h"
#include "functions/function.h"

namespace millrace {
namespace {

using Op = ProgramNode::Op;

bool stays_apart(const ProgramNode& node) {
  return node.op == Op::kIn ||  // Its set belongs to it.
         (node.function && node.function->volatility == Volatility::kVolatile);
}

}  // namespace

uint32_t CommonNodes::replace(uint32_t index) {
  replace_children(index);
  const ProgramNode& node = nodes_[index];
  if (stays_apart(node)) return index;
  return known(key_of(node), index);
}

uint32_t CommonNodes::known(const std::string& key, uint32_t index) {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    const auto found = scope->find(key);
    if (found == scope->end()) continue;
    const bool computed = nodes_[index].op != Op::kConstant && nodes_[index].op != Op::kField;
    if (computed) nodes_[found->second].shared = true;
    return found->second;
  }
  scopes_.back().emplace(key, index);
  return index;
}

void CommonNodes::replace_children(uint32_t index) {
  ProgramNode& node = nodes_[index];
  if (node.op == Op::kCase) return replace_branches(node);
  const bool narrows = node.op == Op::kAnd || node.op == Op::kOr || node.op == Op::kCoalesce;
  for (size_t i = 0; i < node.children.size(); ++i) {
    if (narrows && i == 1) scopes_.emplace_back();
    node.children[i] = replace(node.children[i]);
  }
  if (narrows && node.children.size() > 1) scopes_.pop_back();
}

/// The rows of a condition hold those of all later conditions; those of a result are its own.
void CommonNodes::replace_branches(ProgramNode& node) {
  const size_t size = node.children.size();
  for (size_t i = 0; i < size; ++i) {
    const bool result = i % 2 == 1 || i + 1 == size;
    if (i == 2) scopes_.emplace_back();
    if (result) scopes_.emplace_back();
    node.children[i] = replace(node.children[i]);
    if (result) scopes_.pop_back();
  }
  if (size > 2) scopes_.pop_back();
}

std::string CommonNodes::key_of(const ProgramNode& node) const {
  std::string key(1, static_cast<char>(node.op));
  const auto append = [&](const auto& value) {
    key.append(reinterpret_cast<const char*>(&value), sizeof(value));
  };
  append(node.type);
  append(node.function);
  if (node.op == Op::kConstant) {
    const Column& constant = constants_[node.index];
    key.push_back(constant.valid(0) ? 'v' : 'n');
    if (constant.valid(0)) pack_value(constant, 0, false, key);
    return key;
  }
  append(node.index);
  for (const uint32_t child : node.children) append(child);
  return key;
}

}  // namespace millrace
