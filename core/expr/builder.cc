#include "expr/builder.h"

#include <algorithm>
#include <utility>

#include "columns/array.h"
#include "columns/interval.h"
#include "expr/common_nodes.h"
#include "expr/constant_set.h"
#include "expr/evaluation.h"

namespace millrace {
namespace {

/// Text that constant parts may make: it bounds what a program holds, and the time to compile it.
constexpr size_t kFoldedMax = 64 * 1024;

Column constant_column(Type type) {
  Column column;
  column.reset(type, 1);
  column.constant = true;
  return column;
}

/// A copy of row 0 that owns its text.
Column owned_constant(const Column& from, Type type) {
  Column column = constant_column(type);
  copy_cells(column, from, Selection::all(1), 1);
  const bool has_bytes = storage_of(type) == Storage::kBytes;
  if (has_bytes && column.valid(0)) column.texts[0] = column.bytes.store(column.texts[0]);
  return column;
}

}  // namespace

ProgramBuilder::ProgramBuilder(std::string text) { program_.text_ = std::move(text); }

uint32_t ProgramBuilder::add(ProgramNode node) {
  program_.nodes_.push_back(std::move(node));
  return static_cast<uint32_t>(program_.nodes_.size() - 1);
}

uint32_t ProgramBuilder::add_constant(Column column, uint32_t place) {
  ProgramNode node{};
  node.op = Op::kConstant;
  node.type = column.type;
  node.place = place;
  node.index = static_cast<uint32_t>(program_.constants_.size());
  program_.constants_.push_back(std::move(column));
  return add(std::move(node));
}

uint32_t ProgramBuilder::text_constant(std::string_view value, Type type, uint32_t place) {
  Column column = constant_column(type);
  column.texts[0] = column.bytes.store(value);
  return add_constant(std::move(column), place);
}

uint32_t ProgramBuilder::int_constant(int64_t value, Type type, uint32_t place) {
  Column column = constant_column(type);
  column.ints[0] = value;
  return add_constant(std::move(column), place);
}

uint32_t ProgramBuilder::float_constant(double value, uint32_t place) {
  Column column = constant_column(Type::kFloat8);
  column.floats[0] = value;
  return add_constant(std::move(column), place);
}

uint32_t ProgramBuilder::bool_constant(bool value, uint32_t place) {
  Column column = constant_column(Type::kBool);
  column.bools[0] = value ? 1 : 0;
  return add_constant(std::move(column), place);
}

uint32_t ProgramBuilder::zero_constant(Type type, uint32_t place) {
  constexpr char kZeros[sizeof(IntervalValue)] = {};
  if (type == Type::kInterval) return text_constant({kZeros, sizeof(kZeros)}, type, place);
  if (type == Type::kNumeric) return text_constant("0", type, place);
  if (type == Type::kFloat8) return float_constant(0, place);
  return int_constant(0, type, place);
}

uint32_t ProgramBuilder::null_constant(Type type, uint32_t place) {
  Column column = constant_column(type);
  // A value below the NULL: loops may load it before they look at the cell.
  switch (storage_of(type)) {
    case Storage::kBool: column.bools[0] = 0; break;
    case Storage::kInt: column.ints[0] = 0; break;
    case Storage::kFloat: column.floats[0] = 0; break;
    case Storage::kBytes: column.texts[0] = {}; break;
  }
  column.set_cell(0, kNull, 1);
  return add_constant(std::move(column), place);
}

uint32_t ProgramBuilder::field(const Schema& schema, uint32_t index, uint32_t place) {
  if (program_.field_names_.size() <= index) program_.field_names_.resize(index + 1);
  program_.field_names_[index] = schema[index].name;
  ProgramNode node{};
  node.op = Op::kField;
  node.type = schema[index].type;
  node.place = place;
  node.index = index;
  return add(std::move(node));
}

uint32_t ProgramBuilder::call(const Function& function, std::vector<uint32_t> children,
                              uint32_t place) {
  return call(function, std::move(children), place, function.result);
}

uint32_t ProgramBuilder::call(const Function& function, std::vector<uint32_t> children,
                              uint32_t place, Type result) {
  return form(Op::kCall, result, std::move(children), place, &function);
}

uint32_t ProgramBuilder::form(Op op, Type type, std::vector<uint32_t> children, uint32_t place,
                              const Function* function) {
  std::optional<uint32_t> simpler;
  if (op == Op::kAnd || op == Op::kOr) simpler = simplify_logic(op, children);
  if (op == Op::kCase) simpler = simplify_case(children);
  if (op == Op::kCoalesce) simpler = simplify_coalesce(children);
  if (simpler && type_of(*simpler) == type) return *simpler;
  const bool strict = op == Op::kCall && function->nulls == Nulls::kStrict;
  if (strict && std::any_of(children.begin(), children.end(),
                            [this](uint32_t child) { return is_null_constant(child); })) {
    return null_constant(type, place);
  }
  ProgramNode node{};
  node.op = op;
  node.type = type;
  node.place = place;
  node.function = function;
  node.children = std::move(children);
  return fold(add(std::move(node)));
}

bool ProgramBuilder::is_null_constant(uint32_t node) const {
  return is_constant(node) && !program_.constants_[program_.nodes_[node].index].valid(0);
}

bool ProgramBuilder::is_bool_constant(uint32_t node, bool value) const {
  if (!is_constant(node)) return false;
  const Column& column = program_.constants_[program_.nodes_[node].index];
  return column.type == Type::kBool && column.valid(0) && (column.bools[0] != 0) == value;
}

/// A constant false decides an AND, wherever it stands; constant trues say nothing.
std::optional<uint32_t> ProgramBuilder::simplify_logic(Op op, std::vector<uint32_t>& children) {
  const bool decides = op == Op::kOr;
  for (const uint32_t child : children) {
    if (is_bool_constant(child, decides)) return child;
  }
  const uint32_t first = children.front();
  std::erase_if(children, [&](uint32_t child) { return is_bool_constant(child, !decides); });
  if (children.empty()) return first;
  if (children.size() == 1) return children[0];
  return std::nullopt;
}

/// Arms whose condition is constant: never true, or always.
std::optional<uint32_t> ProgramBuilder::simplify_case(std::vector<uint32_t>& children) {
  std::vector<uint32_t> kept;
  uint32_t otherwise = children.back();
  for (size_t i = 0; i + 1 < children.size(); i += 2) {
    if (is_bool_constant(children[i], true)) {
      otherwise = children[i + 1];
      break;
    }
    if (is_constant(children[i])) continue;  // False or NULL.
    kept.push_back(children[i]);
    kept.push_back(children[i + 1]);
  }
  kept.push_back(otherwise);
  children = std::move(kept);
  if (children.size() == 1) return otherwise;
  return std::nullopt;
}

/// NULL constants say nothing, and nothing behind another constant is reached.
std::optional<uint32_t> ProgramBuilder::simplify_coalesce(std::vector<uint32_t>& children) {
  const uint32_t first = children.front();
  std::erase_if(children, [this](uint32_t child) { return is_null_constant(child); });
  if (children.empty()) return first;
  for (size_t i = 0; i < children.size(); ++i) {
    if (is_constant(children[i])) children.resize(i + 1);
  }
  if (children.size() == 1) return children[0];
  return std::nullopt;
}

uint32_t ProgramBuilder::in(uint32_t child, Type type, const std::vector<uint32_t>& items,
                            uint32_t place) {
  auto set = std::make_unique<ConstantSet>(type);
  for (const uint32_t item : items) set->add(program_.constants_[program_.nodes_[item].index]);
  set->seal();
  ProgramNode node{};
  node.op = Op::kIn;
  node.type = Type::kBool;
  node.place = place;
  node.index = static_cast<uint32_t>(program_.sets_.size());
  node.children = {child};
  program_.sets_.push_back(std::move(set));
  return add(std::move(node));
}

/// Evaluates a node whose children are all constant. Where that fails the node stays, and
/// fails for each row that reaches it: `case when x <> 0 then … else 1/0 end` must start.
uint32_t ProgramBuilder::fold(uint32_t index) {
  const ProgramNode& node = program_.nodes_[index];
  if (too_large_ || !is_foldable(node)) return index;
  Scratch scratch;
  RowErrors errors;
  errors.start(1);
  Evaluation evaluation(program_, {{}, 1}, scratch, errors);
  const Column& value = evaluation.value(index, Selection::all(1));
  if (!errors.empty()) return index;
  Column folded = owned_constant(value, node.type);
  const uint32_t place = node.place;
  if ((folded.type == Type::kText || folded.type == Type::kJsonb) && folded.valid(0))
    folded_bytes_ += folded.texts[0].size();
  if (folded_bytes_ > kFoldedMax) too_large_ = place;
  return add_constant(std::move(folded), place);
}

bool ProgramBuilder::is_foldable(const ProgramNode& node) const {
  if (node.op == Op::kField) return false;
  if (node.function && node.function->volatility == Volatility::kVolatile) return false;
  return std::all_of(node.children.begin(), node.children.end(),
                     [this](uint32_t child) { return is_constant(child); });
}

std::optional<RowError> ProgramBuilder::failure(uint32_t node) {
  if (is_constant(node) || !is_foldable(program_.nodes_[node])) return std::nullopt;
  Scratch scratch;
  RowErrors errors;
  errors.start(1);
  Evaluation(program_, {{}, 1}, scratch, errors).value(node, Selection::all(1));
  if (errors.empty()) return std::nullopt;
  return errors.list().front();
}

std::vector<uint32_t> ProgramBuilder::array_constants(uint32_t node, uint32_t place) {
  const Column& array = program_.constants_[program_.nodes_[node].index];
  const Type element = element_of(array.type);
  Column elements;
  elements.reset(element, 0);
  unpack_array(array.texts[0], elements);
  std::vector<uint32_t> constants;
  for (uint32_t i = 0; i < elements.size(); ++i) {
    Column one = constant_column(element);
    one.set_value(0, elements, i);
    if (!elements.valid(i)) one.set_cell(0, kNull, 1);
    constants.push_back(add_constant(owned_constant(one, element), place));
  }
  return constants;
}

std::optional<RowError> ProgramBuilder::probe(const Function& function,
                                              const std::vector<uint32_t>& children) {
  std::vector<const Column*> args;
  for (const uint32_t child : children) {
    args.push_back(&program_.constants_[program_.nodes_[child].index]);
  }
  Column out;
  out.reset(function.result, 1);
  RowErrors errors;
  errors.start(1);
  function.kernel({args, Selection::all(1), 1, out, errors, nullptr, 0});
  if (errors.empty()) return std::nullopt;
  return errors.list().front();
}

/// Folding leaves nodes that nobody uses; their fields must not be decoded.
void ProgramBuilder::mark_reachable() {
  std::vector<uint32_t> open = {program_.root_};
  std::vector<bool> seen(program_.nodes_.size());
  while (!open.empty()) {
    const uint32_t index = open.back();
    open.pop_back();
    if (seen[index]) continue;
    seen[index] = true;
    const ProgramNode& node = program_.nodes_[index];
    if (node.op == Op::kField) program_.fields_.push_back(node.index);
    if (node.function && node.function->volatility == Volatility::kVolatile) {
      program_.deterministic_ = false;
    }
    open.insert(open.end(), node.children.begin(), node.children.end());
  }
  auto& fields = program_.fields_;
  std::sort(fields.begin(), fields.end());
  fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
  for (const uint32_t field : fields) {
    if (program_.field_names_[field] == "processing_time()") program_.deterministic_ = false;
  }
}

Program ProgramBuilder::finish(uint32_t root) && {
  program_.root_ = CommonNodes(program_.nodes_, program_.constants_).replace(root);
  mark_reachable();
  return std::move(program_);
}

}  // namespace millrace
