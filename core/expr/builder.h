#pragma once

/// Makes a Program node by node and folds what is constant. Private to this room.

#include <optional>
#include <string>
#include <vector>

#include "expr/program.h"
#include "functions/function.h"

namespace millrace {

class ProgramBuilder {
 public:
  using Op = ProgramNode::Op;

  explicit ProgramBuilder(std::string text);

  uint32_t text_constant(std::string_view value, Type type, uint32_t place);
  uint32_t int_constant(int64_t value, Type type, uint32_t place);
  uint32_t float_constant(double value, uint32_t place);
  uint32_t bool_constant(bool value, uint32_t place);
  /// Zero, the first instant of 1970, an empty interval: some value of a number's or time's type.
  uint32_t zero_constant(Type type, uint32_t place);
  uint32_t null_constant(Type type, uint32_t place);
  uint32_t field(const Schema& schema, uint32_t index, uint32_t place);
  /// A call; folded to its value if all arguments are constant and that does not fail.
  uint32_t call(const Function& function, std::vector<uint32_t> children, uint32_t place);
  /// The same with a result of this type, for functions that give any array or element.
  uint32_t call(const Function& function, std::vector<uint32_t> children, uint32_t place,
                Type result);
  /// Any other node; folded in the same way.
  uint32_t form(Op op, Type type, std::vector<uint32_t> children, uint32_t place,
                const Function* function = nullptr);
  /// `child IN (items)`; the items are constants of the child's storage.
  uint32_t in(uint32_t child, Type type, const std::vector<uint32_t>& items, uint32_t place);
  /// The node may get several parents, the first of which evaluates it on the most rows.
  void share(uint32_t node) { program_.nodes_[node].shared = true; }

  Type type_of(uint32_t node) const { return program_.nodes_[node].type; }
  bool is_constant(uint32_t node) const {
    return program_.nodes_[node].op == ProgramNode::Op::kConstant;
  }
  bool is_null_constant(uint32_t node) const;
  /// Runs a function over constant nodes; the error of the row, if it failed.
  std::optional<RowError> probe(const Function& function, const std::vector<uint32_t>& children);
  /// Why a node over constants was not folded; nothing: it was, or reads fields.
  std::optional<RowError> failure(uint32_t node);
  /// The elements of a constant array that is not NULL, as constants.
  std::vector<uint32_t> array_constants(uint32_t node, uint32_t place);
  /// Where a constant part made more text than a program may hold, if one did.
  std::optional<uint32_t> too_large() const { return too_large_; }
  Program finish(uint32_t root) &&;

 private:
  uint32_t add(ProgramNode node);
  uint32_t add_constant(Column column, uint32_t place);
  uint32_t fold(uint32_t node);
  bool is_foldable(const ProgramNode& node) const;
  bool null_decides(const Function& function, const std::vector<uint32_t>& children) const;

  bool is_bool_constant(uint32_t node, bool value) const;
  // What PostgreSQL's planner does away with, errors in those parts included.
  std::optional<uint32_t> simplify_logic(Op op, std::vector<uint32_t>& children);
  std::optional<uint32_t> simplify_case(std::vector<uint32_t>& children);
  std::optional<uint32_t> simplify_coalesce(std::vector<uint32_t>& children);
  void mark_reachable();

  Program program_;
  size_t folded_bytes_ = 0;
  std::optional<uint32_t> too_large_;
};

}  // namespace millrace
