// NOT, IN, CASE, COALESCE, NULLIF, IS DISTINCT FROM, GREATEST and LEAST.

#include "base/assert.h"
#include "expr/constant_set.h"
#include "expr/evaluation.h"
#include "functions/kernel.h"

namespace millrace {
namespace {

template <class T>
void copy_values(Column& to, const Column& from, Selection rows) {
  T* out = cells_of<T>(to);
  const T* in = cells_of<T>(from);
  if (from.constant) {
    const T fixed = in[0];
    each_row(rows, [=](uint32_t row) { out[row] = fixed; });
  } else {
    each_row(rows, [=](uint32_t row) { out[row] = in[row]; });
  }
}

}  // namespace

void copy_cells(Column& to, const Column& from, Selection rows, uint32_t row_count) {
  switch (storage_of(to.type)) {
    case Storage::kBool: copy_values<uint8_t>(to, from, rows); break;
    case Storage::kInt: copy_values<int64_t>(to, from, rows); break;
    case Storage::kFloat: copy_values<double>(to, from, rows); break;
    case Storage::kBytes: copy_values<std::string_view>(to, from, rows); break;
  }
  if (!from.has_invalid && !to.has_invalid) return;
  each_row(rows, [&](uint32_t row) { to.set_cell(row, Cell(from.cell(row)), row_count); });
}

const Column& Evaluation::negation(const ProgramNode& node, Node& scratch, Selection rows) {
  const size_t before = errors_.size();
  const Column& child = value(node.children[0], rows);
  if (errors_.size() != before) rows = errors_.drop_failed(rows, scratch.live);
  Column& out = start_column(node, scratch);
  uint8_t* values = out.bools.data();
  const uint8_t* inner = child.bools.data();
  if (child.constant) {
    each_row(rows, [=](uint32_t row) { values[row] = inner[0] ^ 1; });
  } else {
    each_row(rows, [=](uint32_t row) { values[row] = inner[row] ^ 1; });
  }
  if (child.has_invalid) {
    each_row(rows, [&](uint32_t row) { out.set_cell(row, Cell(child.cell(row)), inputs_.rows); });
  }
  return out;
}

const Column& Evaluation::membership(const ProgramNode& node, Node& scratch, Selection rows) {
  const ConstantSet& set = *program_.sets_[node.index];
  const size_t before = errors_.size();
  const Column& child = value(node.children[0], rows);
  if (errors_.size() != before) rows = errors_.drop_failed(rows, scratch.live);
  Column& out = start_column(node, scratch);
  const Selection valid = valid_rows(child, rows, scratch.valid);
  if (valid.count != rows.count) {
    each_row(rows, [&](uint32_t row) { out.set_cell(row, kNull, inputs_.rows); });
    each_row(valid, [&](uint32_t row) { out.cells[row] = kValid; });
  }
  MILLRACE_ASSERT(!child.constant);  // The binder folds those.
  set.contains(child, valid, out.bools.data());
  if (set.has_null()) {
    each_row(valid, [&](uint32_t row) {
      if (!out.bools[row]) out.set_cell(row, kNull, inputs_.rows);
    });
  }
  return out;
}

const Column& Evaluation::choice(const ProgramNode& node, Node& scratch, Selection rows) {
  Column& out = start_column(node, scratch);
  Selection open = rows;
  const size_t pairs = node.children.size() / 2;
  for (size_t i = 0; i <= pairs && open.count != 0; ++i) {
    const bool last = i == pairs;  // The ELSE.
    size_t before = errors_.size();
    Selection hit = last ? open : where(node.children[2 * i], open, true, scratch.chosen);
    if (errors_.size() != before) open = errors_.drop_failed(open, scratch.live);
    if (hit.count == 0) continue;
    before = errors_.size();
    const Column& result = value(node.children[last ? 2 * i : 2 * i + 1], hit);
    // Copying what failed is harmless: nobody reads those cells.
    copy_cells(out, result, hit, inputs_.rows);
    open = without(open, hit, scratch.live);
    if (errors_.size() != before) open = errors_.drop_failed(open, scratch.live);
  }
  return out;
}

const Column& Evaluation::coalesce(const ProgramNode& node, Node& scratch, Selection rows) {
  Column& out = start_column(node, scratch);
  Selection open = rows;
  for (size_t i = 0; i < node.children.size() && open.count != 0; ++i) {
    const size_t before = errors_.size();
    const Column& arm = value(node.children[i], open);
    if (errors_.size() != before) open = errors_.drop_failed(open, scratch.live);
    const bool last = i + 1 == node.children.size();
    const Selection hit = last ? open : valid_rows(arm, open, scratch.valid);
    copy_cells(out, arm, hit, inputs_.rows);
    open = without(open, hit, scratch.live);
  }
  return out;
}

const Column& Evaluation::nullif(const ProgramNode& node, Node& scratch, Selection rows) {
  size_t before = errors_.size();
  const Column& first = value(node.children[0], rows);
  if (errors_.size() != before) rows = errors_.drop_failed(rows, scratch.live);
  before = errors_.size();
  const Selection same = where(node.children[1], rows, true, scratch.chosen);
  if (errors_.size() != before) rows = errors_.drop_failed(rows, scratch.live);
  Column& out = start_column(node, scratch);
  copy_cells(out, first, rows, inputs_.rows);
  each_row(same, [&](uint32_t row) { out.set_cell(row, kNull, inputs_.rows); });
  return out;
}

void Evaluation::compare(const ProgramNode& node, const Column& a, const Column& b, Selection rows,
                         Column& out) {
  if (rows.count == 0) return;
  const Column* args[] = {&a, &b};
  node.function->kernel({args, rows, inputs_.rows, out, errors_, &program_, node.place});
}

const Column& Evaluation::distinct(const ProgramNode& node, Node& scratch, Selection rows) {
  const size_t before = errors_.size();
  const Column& a = value(node.children[0], rows);
  if (errors_.size() != before) rows = errors_.drop_failed(rows, scratch.live);
  const Column& b = value(node.children[1], rows);
  if (errors_.size() != before) rows = errors_.drop_failed(rows, scratch.live);
  Column& out = start_column(node, scratch);
  Selection both = valid_rows(b, valid_rows(a, rows, scratch.valid), scratch.valid);
  compare(node, a, b, both, out);
  uint8_t* values = out.bools.data();
  each_row(rows, [&](uint32_t row) {
    const bool valid_a = a.valid(row), valid_b = b.valid(row);
    values[row] = valid_a && valid_b ? values[row] ^ 1 : valid_a != valid_b;
  });
  return out;
}

const Column& Evaluation::extreme(const ProgramNode& node, Node& scratch, Selection rows) {
  Column& out = start_column(node, scratch);
  for (size_t i = 0; i < node.children.size(); ++i) {
    const size_t before = errors_.size();
    const Column& arm = value(node.children[i], rows);
    if (errors_.size() != before) rows = errors_.drop_failed(rows, scratch.live);
    if (i == 0) {
      copy_cells(out, arm, rows, inputs_.rows);
      continue;
    }
    scratch.extra.reset(Type::kBool, inputs_.rows);
    const Selection both = valid_rows(out, valid_rows(arm, rows, scratch.valid), scratch.valid);
    compare(node, arm, out, both, scratch.extra);
    // NULLs do not count: a value beats a NULL without comparing.
    uint8_t* wins = scratch.extra.bools.data();
    scratch.chosen.resize(rows.count);
    uint32_t count = 0;
    each_row(rows, [&](uint32_t row) {
      const bool better = arm.valid(row) && (!out.valid(row) || wins[row]);
      scratch.chosen[count] = row;
      count += better;
    });
    copy_cells(out, arm, {scratch.chosen.data(), count}, inputs_.rows);
  }
  return out;
}

}  // namespace millrace
