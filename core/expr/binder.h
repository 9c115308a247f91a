#pragma once

/// From a parse tree to a program: names, types, overloads, casts. Private to this room.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/builder.h"
#include "expr/error.h"
#include "expr/grouped_call.h"
#include "expr/parse.h"
#include "expr/resolve.h"

namespace millrace {

/// What names mean. By default they are the schema's fields.
struct Scope {
  const Schema* schema = nullptr;
  /// Grouped: only `names` are visible, aggregates are columns, and `input` holds the fields that
  /// cannot be used bare.
  bool grouped = false;
  const Schema* input = nullptr;
  std::map<std::string, uint32_t, std::less<>> names;  ///< Name → column of `schema`.
  /// A column of `schema`, and what makes a value of it: finish(column, words…, extras…).
  struct Subtree {
    uint32_t column = 0;
    std::string finish;  ///< Empty: the column itself.
    std::vector<std::string> words;
    std::vector<const JsonValue*> extras;  ///< Must be constants.
  };
  std::map<std::string, Subtree, std::less<>> subtrees;                 ///< By canonical_tree.
  std::map<std::string, const ParsedExpression*, std::less<>> aliases;  ///< For `having`.
  std::string where;  ///< What is being bound, for messages: "filter", "group_by".
};

class Binder {
 public:
  Binder(const ParsedExpression& expression, const Scope& scope);
  /// The whole expression; `wanted`: it must have this type.
  Compiled<Program> bind(std::optional<Type> wanted);
  /// The same, cast to a type that it casts to implicitly.
  Compiled<Program> bind_as(Type type);
  /// Packed with the record's event time, for aggregates that go by it.
  Compiled<Program> bind_stamped();
  /// Packed with the keys that an aggregate sorts by; `type`: the value is brought to it.
  Compiled<Program> bind_ordered(std::optional<Type> type, const std::vector<SortKey>& order);

 private:
  /// A bound subexpression. A literal has no type until something gives it one.
  struct Operand {
    Type type = Type::kText;
    uint32_t node = 0;
    bool unknown = false;  ///< A bare literal or NULL; `node` is not there yet.
    bool null = false;
    std::string literal;
    uint32_t place = 0;

    ArgType arg() const { return {type, unknown}; }
  };
  using Bound = std::optional<Operand>;  ///< Nothing: error_ is set.
  using Op = ProgramNode::Op;

  Bound expression(const JsonValue& tree);
  Bound dispatch(const TreeNode& node);
  Bound finished(const Scope::Subtree& subtree, uint32_t place);
  Compiled<Program> finish(Bound bound);
  // Leaves (binder.cc).
  Bound constant(const TreeNode& node);
  Bound number(const TreeNode& node, std::string_view text);
  Bound column(const TreeNode& node);
  Bound field_named(const std::string& path, uint32_t place);
  Bound unknown_field(const std::string& path, uint32_t place);
  Bound sql_value(const TreeNode& node);
  // Calls and casts (binder_calls.cc).
  Bound type_cast(const TreeNode& node);
  Bound fit_modifiers(Operand value, std::string_view name, const JsonValue::Array& modifiers,
                      uint32_t place);
  Bound in_unit(Operand literal, const JsonValue::Array& modifiers, uint32_t place);
  Bound call(const TreeNode& node);
  Bound record_function(const std::string& name, uint32_t place);
  Bound collate(const TreeNode& node);
  Bound apply(std::string_view name, std::vector<Operand> args, uint32_t place);
  Bound argument(const Resolution& resolution, size_t i, const Operand& arg);
  Bound rest_argument(const Operand& operand, Rest rest);
  bool check_constants(std::string_view name, const Function& function,
                       const std::vector<Operand>& args, const std::vector<uint32_t>& children,
                       uint32_t at);
  bool check_text_constants(const Function& function, const std::vector<Operand>& args,
                            const std::vector<uint32_t>& children, uint32_t at);
  Bound no_such_function(std::string_view name, const std::vector<Operand>& args, uint32_t place,
                         bool ambiguous);
  // Operators and forms (binder_forms.cc).
  Bound operation(const TreeNode& node);
  Bound binary(std::string_view name, Operand left, Operand right, uint32_t place);
  Bound in_list(const TreeNode& node);
  Bound between(const TreeNode& node);
  Bound within(const Operand& value, const Operand& low, const Operand& high, uint32_t place);
  Bound nullif(const TreeNode& node);
  Bound distinct(const TreeNode& node, bool negated);
  Bound logic(const TreeNode& node);
  Bound test(const TreeNode& node, std::string_view kind_key);
  Bound choose(const TreeNode& node);
  Bound when(const JsonValue& test, const Bound& subject, uint32_t place);
  Bound otherwise(const TreeNode& node);
  Bound coalesce(const TreeNode& node);
  Bound extreme(const TreeNode& node);
  Bound negated(Bound inner, uint32_t place);
  // Arrays (binder_arrays.cc).
  Bound array(const TreeNode& node, std::optional<Type> element);
  Bound subscripts(const TreeNode& node);
  Bound subscript(Operand value, const TreeNode& index, uint32_t place);
  Bound part_of(std::string_view name, std::vector<Operand> args, uint32_t place);
  Bound slice(Operand value, const TreeNode& index, uint32_t place);
  Bound quantified(const TreeNode& node, bool all);
  Bound over_elements(std::string_view name, Operand left, Operand right, bool all, uint32_t place);
  Bound cast_array(Operand operand, Type type, bool explicit_cast, uint32_t place);
  Bound each_element(Operand operand, const Function& cast, Type element, uint32_t place);
  Bound texts_of(Operand operand, uint32_t place);
  Bound array_literal(const Operand& operand, Type type);

  Bound coerce(Operand operand, Type type, bool explicit_cast, uint32_t place);
  Bound literal_as(const Operand& operand, Type type);
  Bound boolean(const JsonValue& tree, std::string_view of_what);
  /// Brings all to one type.
  bool unify(std::vector<Operand>& operands, std::string_view of_what, uint32_t place);
  bool all_bound(const JsonValue::Array& trees, std::vector<Operand>& operands);
  Operand made(uint32_t node, uint32_t place) const;
  Operand settled(Operand operand);
  std::string type_text(const Operand& operand) const;
  std::nullopt_t fail(uint32_t place, std::string message, std::string hint = "");

  const ParsedExpression& expression_;
  const Scope& scope_;
  ProgramBuilder builder_;
  size_t subtree_size_max_ = 0;  ///< Of Scope::subtrees: nothing longer can be one of them.
  ExprError error_;
  uint32_t depth_ = 0;
  std::optional<uint32_t> fixed_place_;  ///< Inside an alias: where it was named.
};

}  // namespace millrace
