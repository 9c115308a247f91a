// Evaluation of calls, fields and logic. CASE and its kin are in evaluate_forms.cc.

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "expr/constant_set.h"
#include "expr/evaluation.h"
#include "functions/kernel.h"
#include "functions/select_rows.h"

namespace millrace {
namespace {

constexpr uint8_t kFalse = 0, kTrue = 1, kUnknown = 2;

/// Rows where `column` is valid and equal to `wanted`.
Selection select_rows(const Column& column, Selection rows, bool wanted, Buffer<uint32_t>& room) {
  if (column.constant) {
    const bool all = column.valid(0) && (column.bools[0] != 0) == wanted;
    return all ? rows : Selection{nullptr, 0};
  }
  if (room.size() < rows.count) room.resize(rows.count);
  uint32_t* out = room.data();
  const uint8_t* values = column.bools.data();
  const uint8_t want = wanted ? 1 : 0;
  uint32_t count = 0;
  if (column.has_invalid) {
    const uint8_t* cells = column.cells.data();
    each_row(rows, [&](uint32_t row) {
      out[count] = row;
      count += (values[row] == want) & (cells[row] == kValid);
    });
  } else {
    each_row(rows, [&](uint32_t row) {
      out[count] = row;
      count += values[row] == want;
    });
  }
  return count == rows.count ? rows : Selection{out, count};
}

bool has_mismatch(const Column& column, uint32_t rows) {
  if (!column.has_invalid) return false;
  const uint32_t size = column.constant ? 1 : rows;
  return std::memchr(column.cells.data(), kMismatch, size) != nullptr;
}

}  // namespace

Selection without(Selection from, Selection remove, Buffer<uint32_t>& room) {
  if (remove.count == 0) return from;
  if (remove.count == from.count) return {nullptr, 0};
  if (room.size() < from.count) room.resize(from.count);
  uint32_t kept = 0, next = 0;
  for (uint32_t i = 0; i < from.count; ++i) {
    const uint32_t row = from[i];
    const bool gone = next < remove.count && remove[next] == row;
    next += gone;
    room[kept] = row;
    kept += !gone;
  }
  return {room.data(), kept};
}

Selection valid_rows(const Column& column, Selection rows, Buffer<uint32_t>& room) {
  if (!column.has_invalid) return rows;
  if (column.constant) return column.valid(0) ? rows : Selection{nullptr, 0};
  if (room.size() < rows.count) room.resize(rows.count);
  const uint8_t* cells = column.cells.data();
  uint32_t* out = room.data();
  uint32_t count = 0;
  each_row(rows, [&](uint32_t row) {
    out[count] = row;
    count += cells[row] == kValid;
  });
  return count == rows.count ? rows : Selection{out, count};
}

Scratch::Scratch() = default;
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;
Scratch::~Scratch() = default;

Evaluation::Evaluation(const Program& program, const Inputs& inputs, Scratch& scratch,
                       RowErrors& errors)
    : program_(program), inputs_(inputs), scratch_(scratch), errors_(errors) {
  if (scratch_.nodes_.size() < program.nodes_.size()) scratch_.nodes_.resize(program.nodes_.size());
  ++scratch_.run_;
}

Scratch::Node& Evaluation::scratch_of(uint32_t node) {
  auto& slot = scratch_.nodes_[node];
  if (!slot) slot = std::make_unique<Node>();
  return *slot;
}

Column& Evaluation::start_column(const ProgramNode& node, Node& scratch) {
  scratch.column.reset(node.type, inputs_.rows);
  return scratch.column;
}

const Column& Evaluation::value(uint32_t index, Selection rows) {
  const ProgramNode& node = program_.nodes_[index];
  if (node.op == ProgramNode::Op::kConstant) return program_.constants_[node.index];
  if (!node.shared) return compute(index, rows);
  // The first use is the widest, so its result holds for every later one.
  Node& scratch = scratch_of(index);
  if (scratch.run != scratch_.run_) {
    scratch.memo = &compute(index, rows);
    scratch.memo_count = rows.count;
    scratch.run = scratch_.run_;
  }
  MILLRACE_ASSERT(rows.count <= scratch.memo_count);
  return *scratch.memo;
}

const Column& Evaluation::compute(uint32_t index, Selection rows) {
  using Op = ProgramNode::Op;
  const ProgramNode& node = program_.nodes_[index];
  if (node.op == Op::kField) return field(node, rows);
  Node& scratch = scratch_of(index);
  switch (node.op) {
    case Op::kConstant:
    case Op::kField: break;
    case Op::kCall: return call(node, scratch, rows);
    case Op::kNot: return negation(node, scratch, rows);
    case Op::kAnd: return logic(node, scratch, rows, false);
    case Op::kOr: return logic(node, scratch, rows, true);
    case Op::kCase: return choice(node, scratch, rows);
    case Op::kCoalesce: return coalesce(node, scratch, rows);
    case Op::kIn: return membership(node, scratch, rows);
    case Op::kNullif: return nullif(node, scratch, rows);
    case Op::kDistinct: return distinct(node, scratch, rows);
    case Op::kExtreme: return extreme(node, scratch, rows);
    case Op::kAnyOf: return quantified(node, scratch, rows, false);
    case Op::kAllOf: return quantified(node, scratch, rows, true);
    case Op::kElements: return each_element(node, scratch, rows);
  }
  MILLRACE_ASSERT(false);
  return program_.constants_[0];
}

const Column& Evaluation::field(const ProgramNode& node, Selection rows) {
  MILLRACE_ASSERT(node.index < inputs_.columns.size() && inputs_.columns[node.index]);
  const Column& column = *inputs_.columns[node.index];
  if (!has_mismatch(column, inputs_.rows)) return column;
  each_row(rows, [&](uint32_t row) {
    if (column.cell(row) != kMismatch) return;
    std::string text = "the value of field \"";
    text += program_.field_names_[node.index];
    text += "\" is not of type ";
    text += type_name(node.type);
    errors_.add(row, sqlstate::kMismatch, &program_, node.place, std::move(text));
  });
  return column;
}

const Column& Evaluation::call(const ProgramNode& node, Node& scratch, Selection rows) {
  scratch.args.clear();
  const size_t before = errors_.size();
  for (const uint32_t child : node.children) {
    scratch.args.push_back(&value(child, rows));
    if (errors_.size() != before) rows = errors_.drop_failed(rows, scratch.live);
  }
  Column& out = start_column(node, scratch);
  if (node.function->nulls != Nulls::kStrict) return run_kernel(node, scratch, rows);
  Selection valid = rows;
  for (const Column* arg : scratch.args) valid = valid_rows(*arg, valid, scratch.valid);
  if (valid.count != rows.count) {
    // Every live row becomes NULL first; the kernel's rows are then valid again.
    each_row(rows, [&](uint32_t row) { out.set_cell(row, kNull, inputs_.rows); });
    each_row(valid, [&](uint32_t row) { out.cells[row] = kValid; });
  }
  return run_kernel(node, scratch, valid);
}

const Column& Evaluation::run_kernel(const ProgramNode& node, Node& scratch, Selection rows) {
  if (rows.count != 0) {
    node.function->kernel(
        {scratch.args, rows, inputs_.rows, scratch.column, errors_, &program_, node.place});
  }
  return scratch.column;
}

/// AND (stops_at false) and OR (stops_at true): an arm is evaluated where no earlier one decided.
const Column& Evaluation::logic(const ProgramNode& node, Node& scratch, Selection rows,
                                bool stops_at) {
  scratch.state.resize(inputs_.rows);
  uint8_t* state = scratch.state.data();
  const uint8_t decided = stops_at ? kTrue : kFalse;
  each_row(rows, [=](uint32_t row) { state[row] = 1 - decided; });
  Selection open = rows;
  for (const uint32_t child : node.children) {
    if (open.count == 0) break;
    const size_t before = errors_.size();
    const Column& arm = value(child, open);
    if (errors_.size() != before) open = errors_.drop_failed(open, scratch.live);
    if (scratch.live.size() < open.count) scratch.live.resize(open.count);
    uint32_t* still = scratch.live.data();
    uint32_t count = 0;
    each_row(open, [&](uint32_t row) {
      const uint8_t result = arm.valid(row) ? arm.bools[arm.constant ? 0 : row] : kUnknown;
      if (result == decided || result == kUnknown) state[row] = result;
      still[count] = row;
      count += result != decided;
    });
    if (count != open.count) open = {still, count};
  }
  Column& out = start_column(node, scratch);
  bool unknown = false;
  each_row(rows, [&](uint32_t row) {
    out.bools[row] = state[row] == kTrue;
    unknown |= state[row] == kUnknown;
  });
  if (unknown) {
    each_row(rows, [&](uint32_t row) {
      out.set_cell(row, state[row] == kUnknown ? kNull : kValid, inputs_.rows);
    });
  }
  return out;
}

Selection Evaluation::where(uint32_t index, Selection rows, bool wanted, Buffer<uint32_t>& room) {
  using Op = ProgramNode::Op;
  const ProgramNode& node = program_.nodes_[index];
  if (rows.count == 0) return rows;
  if (node.op == Op::kNot && !node.shared) return where(node.children[0], rows, !wanted, room);
  Node& scratch = scratch_of(index);
  if ((node.op == Op::kAnd || node.op == Op::kOr) && !node.shared) {
    const bool all = (node.op == Op::kAnd) == wanted;
    return all ? where_all(node, rows, wanted, room) : where_any(node, scratch, rows, wanted, room);
  }
  if (const auto chosen = where_directly(node, scratch, rows, wanted, room)) return *chosen;
  const size_t before = errors_.size();
  const Column& column = value(index, rows);
  if (errors_.size() != before) rows = errors_.drop_failed(rows, room);
  return select_rows(column, rows, wanted, room);
}

/// `type = 'edit'` and `namespace in (0, 2)` over plain fields; NULLs are never chosen.
std::optional<Selection> Evaluation::where_directly(const ProgramNode& node, Node& scratch,
                                                    Selection rows, bool wanted,
                                                    Buffer<uint32_t>& room) {
  using Op = ProgramNode::Op;
  const bool selects =
      node.op == Op::kIn || (node.op == Op::kCall && selects_texts(*node.function));
  if (node.shared || !selects) return std::nullopt;
  scratch.args.clear();
  Selection valid = rows;
  for (const uint32_t child : node.children) {
    const ProgramNode& part = program_.nodes_[child];
    if (part.op != Op::kField && part.op != Op::kConstant) return std::nullopt;
    // A cell that does not fit its type is an error, which value() tells.
    if (part.op == Op::kField && has_mismatch(*inputs_.columns[part.index], inputs_.rows))
      return std::nullopt;
    scratch.args.push_back(&value(child, rows));
    valid = valid_rows(*scratch.args.back(), valid, scratch.valid);
  }
  room.resize(std::max<size_t>(room.size(), rows.count));
  std::optional<uint32_t> count;
  if (node.op == Op::kIn) {
    const ConstantSet& set = *program_.sets_[node.index];
    if (!set.has_null()) count = set.select(*scratch.args[0], valid, wanted, room.data());
  } else {
    const KernelCall call{scratch.args, valid,     inputs_.rows, scratch.column,
                          errors_,      &program_, node.place};
    count = select_texts(*node.function, call, wanted, room.data());
  }
  if (!count) return std::nullopt;
  return *count == rows.count ? rows : Selection{room.data(), *count};
}

/// Each arm narrows the rows for the next. A NULL arm drops the row at once, as PostgreSQL's
/// WHERE does: the row cannot become true any more.
Selection Evaluation::where_all(const ProgramNode& node, Selection rows, bool wanted,
                                Buffer<uint32_t>& room) {
  for (const uint32_t child : node.children) rows = where(child, rows, wanted, room);
  return rows;
}

Selection Evaluation::where_any(const ProgramNode& node, Node& scratch, Selection rows, bool wanted,
                                Buffer<uint32_t>& room) {
  const size_t before = errors_.size();
  Selection open = rows;
  for (const uint32_t child : node.children) {
    const Selection hit = where(child, open, wanted, scratch.chosen);
    if (errors_.size() != before) open = errors_.drop_failed(open, scratch.live);
    open = without(open, hit, scratch.live);
  }
  // What is left open was never wanted; rows that failed have left `open` too.
  if (errors_.size() != before) rows = errors_.drop_failed(rows, room);
  return without(rows, open, room);
}

const Column& evaluate(const Program& program, const Inputs& inputs, Selection live,
                       Scratch& scratch, RowErrors& errors) {
  return Evaluation(program, inputs, scratch, errors).root(live);
}

Selection filter(const Program& program, const Inputs& inputs, Selection live, Scratch& scratch,
                 RowErrors& errors) {
  MILLRACE_ASSERT(program.type() == Type::kBool);
  return Evaluation(program, inputs, scratch, errors).root_where(live);
}

}  // namespace millrace
