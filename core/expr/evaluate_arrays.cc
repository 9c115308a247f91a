// ANY, ALL and casts of arrays: a function of the table over elements instead of rows.

#include "columns/array.h"
#include "expr/evaluation.h"
#include "functions/kernel.h"

namespace millrace {
namespace {

/// Results of ANY and ALL while they are looked for.
enum Verdict : uint8_t { kOpen, kUnknown, kDecided };

/// Copies what the elements' errors say to the row that owns the element.
void blame(const RowErrors& from, uint32_t element, uint32_t row, RowErrors& to) {
  for (const RowError& error : from.list()) {
    if (error.row != element) continue;
    return to.add(row, error.sqlstate, error.program, error.place, error.text);
  }
}

}  // namespace

ElementRows& Evaluation::spread(const Column& arrays, Selection rows, Node& scratch) {
  if (!scratch.elements) scratch.elements = std::make_unique<ElementRows>();
  ElementRows& spread = *scratch.elements;
  spread.items.reset(element_of(arrays.type), 0);
  spread.owner.clear();
  each_row(rows, [&](uint32_t row) {
    unpack_array(arrays.texts[arrays.constant ? 0 : row], spread.items);
    while (spread.owner.size() < spread.items.size()) spread.owner.push_back(row);
  });
  return spread;
}

const Column& Evaluation::quantified(const ProgramNode& node, Node& scratch, Selection rows,
                                     bool all) {
  const size_t before = errors_.size();
  const Column& left = value(node.children[0], rows);
  if (errors_.size() != before) rows = errors_.drop_failed(rows, scratch.live);
  const Column& arrays = value(node.children[1], rows);
  if (errors_.size() != before) rows = errors_.drop_failed(rows, scratch.live);
  Column& out = start_column(node, scratch);
  scratch.state.resize(inputs_.rows);
  uint8_t* state = scratch.state.data();
  each_row(rows, [=](uint32_t row) { state[row] = kOpen; });
  const Selection there = valid_rows(arrays, rows, scratch.valid);
  if (arrays.constant) {
    if (there.count != 0) test_constant(node, left, arrays, there, all, scratch);
  } else {
    test_spread(node, left, arrays, there, all, scratch);
  }
  each_row(rows, [&](uint32_t row) {
    const uint8_t found = arrays.valid(row) ? state[row] : uint8_t{kUnknown};
    out.bools[row] = (found == kDecided) != all;
    if (found == kUnknown) out.set_cell(row, kNull, inputs_.rows);
  });
  return out;
}

void Evaluation::test_spread(const ProgramNode& node, const Column& left, const Column& arrays,
                             Selection rows, bool all, Node& scratch) {
  ElementRows& elements = spread(arrays, rows, scratch);
  const auto count = static_cast<uint32_t>(elements.items.size());
  elements.left.reset(left.type, count);
  elements.valid.clear();
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t row = elements.owner[i];
    if (!left.valid(row) || !elements.items.valid(i)) continue;
    elements.left.set_value(i, left, row);
    elements.valid.push_back(i);
  }
  elements.result.reset(Type::kBool, count);
  elements.errors.start(count);
  const Column* args[] = {&elements.left, &elements.items};
  const Selection valid{elements.valid.data(), static_cast<uint32_t>(elements.valid.size())};
  if (valid.count != 0) {
    node.function->kernel(
        {args, valid, count, elements.result, elements.errors, &program_, node.place});
  }
  // In order, as PostgreSQL looks at them: behind the element that decides nothing fails.
  uint8_t* state = scratch.state.data();
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t row = elements.owner[i];
    if (state[row] == kDecided) continue;
    if (!left.valid(row) || !elements.items.valid(i)) {
      state[row] = kUnknown;
    } else if (elements.errors.failed(i)) {
      blame(elements.errors, i, row, errors_);
      state[row] = kDecided;
    } else if ((elements.result.bools[i] != 0) != all) {
      state[row] = kDecided;
    }
  }
}

void Evaluation::test_constant(const ProgramNode& node, const Column& left, const Column& array,
                               Selection rows, bool all, Node& scratch) {
  ElementRows& elements = spread(array, Selection::all(1), scratch);
  const auto count = static_cast<uint32_t>(elements.items.size());
  uint8_t* state = scratch.state.data();
  Column& item = elements.left;
  Selection open = rows;
  for (uint32_t i = 0; i < count && open.count != 0; ++i) {
    const Selection tested = valid_rows(left, open, elements.valid);
    const bool null = !elements.items.valid(i);
    if (null || tested.count != open.count) {
      each_row(open, [&](uint32_t row) {
        if (null || !left.valid(row)) state[row] = kUnknown;
      });
    }
    if (null || tested.count == 0) continue;
    item.reset(elements.items.type, 1);
    item.constant = true;
    item.set_value(0, elements.items, i);
    elements.result.reset(Type::kBool, inputs_.rows);
    const size_t before = errors_.size();
    compare(node, left, item, tested, elements.result);
    if (errors_.size() != before) {
      each_row(tested, [&](uint32_t row) {
        if (errors_.failed(row)) state[row] = kDecided;
      });
    }
    const uint8_t* results = elements.result.bools.data();
    each_row(tested, [&](uint32_t row) {
      if ((results[row] != 0) != all) state[row] = kDecided;
    });
    scratch.chosen.resize(open.count);
    uint32_t left_open = 0;
    each_row(open, [&](uint32_t row) {
      scratch.chosen[left_open] = row;
      left_open += state[row] != kDecided;
    });
    open = {scratch.chosen.data(), left_open};
  }
}

const Column& Evaluation::each_element(const ProgramNode& node, Node& scratch, Selection rows) {
  const size_t before = errors_.size();
  const Column& arrays = value(node.children[0], rows);
  if (errors_.size() != before) rows = errors_.drop_failed(rows, scratch.live);
  Column& out = start_column(node, scratch);
  const Selection valid = valid_rows(arrays, rows, scratch.valid);
  if (valid.count != rows.count) {
    each_row(rows, [&](uint32_t row) { out.set_cell(row, kNull, inputs_.rows); });
    each_row(valid, [&](uint32_t row) { out.cells[row] = kValid; });
  }
  ElementRows& elements = spread(arrays, valid, scratch);
  const auto count = static_cast<uint32_t>(elements.items.size());
  const Selection there = valid_rows(elements.items, Selection::all(count), elements.valid);
  elements.result.reset(element_of(node.type), count);
  elements.errors.start(count);
  const Column* args[] = {&elements.items};
  if (there.count != 0) {
    node.function->kernel(
        {args, there, count, elements.result, elements.errors, &program_, node.place});
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (!elements.items.valid(i)) elements.result.set_cell(i, kNull, count);
  }
  std::string packed;
  uint32_t at = 0;
  each_row(valid, [&](uint32_t row) {
    uint32_t end = at;
    while (end < count && elements.owner[end] == row) ++end;
    packed.clear();
    start_array(end - at, packed);
    for (; at < end; ++at) {
      if (elements.errors.failed(at)) {
        blame(elements.errors, at, row, errors_);
        elements.result.set_cell(at, kNull, count);
      }
      append_element(elements.result, at, false, packed);
    }
    out.texts[row] = out.bytes.store(packed);
  });
  return out;
}

}  // namespace millrace
