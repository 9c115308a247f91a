// Aggregates inside one record: array_sum, array_count, array_any over JSON arrays (a member of
// each element) and over arrays.

#include <array>
#include <cmath>

#include "base/int128.h"
#include "functions/array_kernel.h"
#include "functions/decimal_math.h"
#include "functions/json_scan.h"

namespace millrace {
namespace {

using View = std::string_view;

/// What a dotted path leads to; empty: nothing, or null.
View member_at(View value, View path) {
  while (!path.empty() && !value.empty()) {
    const size_t end = std::min(path.find('.'), path.size());
    value =
        json_kind(value) == JsonKind::kObject ? json_member(value, path.substr(0, end)) : View();
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return value.empty() || value[0] == 'n' ? View() : value;
}

/// visit(value) for the member of every element that has it. False: the row failed.
template <class Visit>
bool each_member(const KernelCall& call, uint32_t row, Visit visit) {
  const View array = trim_json(argument<View>(call, 0, row));
  const View path = call.args.size() > 1 ? argument<View>(call, 1, row) : View();
  if (json_kind(array) != JsonKind::kArray) {
    call.fail(row, sqlstate::kInvalidParameter, "this jsonb is not an array");
    return false;
  }
  each_json_element(array, [&](View element) {
    const View value = member_at(element, path);
    return value.empty() || visit(value);
  });
  return true;
}

/// A running sum in two arenas by turns: one holds the sum, the other takes the next.
class ExactSum {
 public:
  /// False: it does not fit numeric.
  bool add(View value) {
    ByteArena& next = arenas_[turn_ ^= 1];
    next.clear();
    MathFault fault = MathFault::kNone;
    sum_ = empty_ ? next.store(value) : add_numeric(sum_, value, next, fault);
    empty_ = false;
    return fault == MathFault::kNone;
  }
  void start() { empty_ = true; }
  bool empty() const { return empty_; }
  View sum() const { return sum_; }

 private:
  ByteArena arenas_[2];
  int turn_ = 0;
  bool empty_ = true;
  View sum_;
};

void give_sum(const KernelCall& call, uint32_t row, const ExactSum& sum) {
  if (sum.empty()) return call.out.set_cell(row, kNull, call.row_count);
  call.out.texts[row] = call.out.bytes.store(sum.sum());
}

void json_sum(const KernelCall& call) {
  ExactSum sum;
  ByteArena numbers;
  each_row(call.rows, [&](uint32_t row) {
    sum.start();
    numbers.clear();
    bool good = true;
    call.out.texts[row] = "0";
    const bool read = each_member(call, row, [&](View value) {
      View number;
      good = json_kind(value) == JsonKind::kNumber &&
             parse_numeric(value, numbers, number) == NumberFault::kNone && sum.add(number);
      return good;
    });
    if (!good) {
      call.fail(row, sqlstate::kInvalidParameter, "array_sum: an element's value is no number");
    } else if (read) {
      give_sum(call, row, sum);
    }
  });
}

void json_count(const KernelCall& call) {
  int64_t* out = cells_of<int64_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    out[row] = 0;
    each_member(call, row, [&](View) { return ++out[row], true; });
  });
}

/// Whether a member is true, or has this text.
template <bool kText>
void json_any(const KernelCall& call) {
  uint8_t* out = cells_of<uint8_t>(call.out);
  ByteArena arena;
  each_row(call.rows, [&](uint32_t row) {
    out[row] = 0;
    arena.clear();
    bool good = true;
    each_member(call, row, [&](View value) {
      const JsonKind kind = json_kind(value);
      if (kText) {
        const View text = kind == JsonKind::kString ? json_string(value, arena) : value;
        out[row] = text == argument<View>(call, 2, row);
      } else {
        good = kind == JsonKind::kBool;
        out[row] = value[0] == 't';
      }
      return good && !out[row];
    });
    if (!good)
      call.fail(row, sqlstate::kInvalidParameter, "array_any: an element's value is no bool");
  });
}

// Over arrays; NULLs do not count.

void sum_of_ints(const KernelCall& call) {
  ArrayCell cell;
  int64_t* out = cells_of<int64_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const Column& elements = cell.read(call, 0, row);
    int128 sum = 0;
    bool any = false;
    for (size_t i = 0; i < elements.size(); ++i) {
      if (!elements.valid(i)) continue;
      sum += elements.ints[i];
      any = true;
    }
    out[row] = static_cast<int64_t>(sum);
    if (sum != out[row])
      return call.fail(row, sqlstate::kNumericValueOutOfRange, "bigint out of range");
    if (!any) call.out.set_cell(row, kNull, call.row_count);
  });
}

void sum_of_floats(const KernelCall& call) {
  ArrayCell cell;
  double* out = cells_of<double>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const Column& elements = cell.read(call, 0, row);
    bool any = false, infinite = false;
    out[row] = 0;
    for (size_t i = 0; i < elements.size(); ++i) {
      if (!elements.valid(i)) continue;
      out[row] = any ? out[row] + elements.floats[i] : elements.floats[i];
      infinite = infinite || std::isinf(elements.floats[i]);
      any = true;
    }
    if (std::isinf(out[row]) && !infinite)
      return call.fail(row, sqlstate::kNumericValueOutOfRange, "value out of range: overflow");
    if (!any) call.out.set_cell(row, kNull, call.row_count);
  });
}

void sum_of_numerics(const KernelCall& call) {
  ArrayCell cell;
  ExactSum sum;
  each_row(call.rows, [&](uint32_t row) {
    const Column& elements = cell.read(call, 0, row);
    sum.start();
    bool good = true;
    for (size_t i = 0; i < elements.size() && good; ++i) {
      if (elements.valid(i)) good = sum.add(elements.texts[i]);
    }
    call.out.texts[row] = "0";
    if (!good)
      return call.fail(row, sqlstate::kNumericValueOutOfRange, "value overflows numeric format");
    give_sum(call, row, sum);
  });
}

void count_elements(const KernelCall& call) {
  ArrayCell cell;
  int64_t* out = cells_of<int64_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const Column& elements = cell.read(call, 0, row);
    out[row] = 0;
    for (size_t i = 0; i < elements.size(); ++i) out[row] += elements.valid(i);
  });
}

void any_true(const KernelCall& call) {
  ArrayCell cell;
  uint8_t* out = cells_of<uint8_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const Column& elements = cell.read(call, 0, row);
    out[row] = 0;
    for (size_t i = 0; i < elements.size(); ++i) out[row] |= elements.valid(i) & elements.bools[i];
  });
}

constexpr Type kJ = Type::kJsonb, kT = Type::kText, kB = Type::kBool, kI8 = Type::kInt8,
               kN = Type::kNumeric, kF8 = Type::kFloat8;
constexpr View kSum = "Sum of the elements; NULLs do not count, none give NULL.";

constexpr std::array kEntries = {
    ours(entry("array_sum", {kJ, kT}, kN, json_sum,
               "Sum over the elements of a JSON array of the member at a dotted path; missing ones "
               "do not count, none give NULL.",
               "array_sum('[{\"v\": 1.5}, {\"v\": 2}, {}]', 'v')", "3.5")),
    ours(entry("array_sum", {kJ}, kN, json_sum, "Sum of the numbers of a JSON array.",
               "array_sum('[1, 2.5]'::jsonb)", "3.5")),
    ours(entry("array_count", {kJ, kT}, kI8, json_count,
               "How many elements of a JSON array have the member at a dotted path, and not null.",
               "array_count('[{\"v\": 1}, {\"v\": null}, {}]', 'v')", "1")),
    ours(entry("array_count", {kJ}, kI8, json_count,
               "How many elements of a JSON array are not null.", "array_count('[1, null]'::jsonb)",
               "1")),
    ours(entry("array_any", {kJ, kT}, kB, json_any<false>,
               "Whether the member at a dotted path is true in some element.",
               "array_any('[{\"v\": false}, {\"v\": true}]', 'v')", "true")),
    ours(entry("array_any", {kJ, kT, kT}, kB, json_any<true>,
               "Whether the member at a dotted path, as text, is the third in some element.",
               "array_any('[{\"v\": \"a\"}, {\"v\": 7}]', 'v', '7')", "true")),
    ours(entry("array_sum", {array_of(Type::kInt4)}, kI8, sum_of_ints, kSum,
               "array_sum(array[1, null, 2])", "3")),
    ours(entry("array_sum", {array_of(kI8)}, kI8, sum_of_ints, kSum,
               "array_sum('{5000000000}'::int8[])", "5000000000")),
    ours(entry("array_sum", {array_of(kF8)}, kF8, sum_of_floats, kSum,
               "array_sum('{0.5,1}'::float8[])", "1.5")),
    ours(entry("array_sum", {array_of(kN)}, kN, sum_of_numerics, kSum,
               "array_sum(array[0.1, 0.20])", "0.30")),
    ours(entry("array_count", {kAnyArray}, kI8, count_elements, "How many elements are not NULL.",
               "array_count(array[1, null])", "1")),
    ours(entry("array_any", {array_of(kB)}, kB, any_true, "Whether some element is true.",
               "array_any(array[false, true])", "true")),
};

}  // namespace

std::span<const Function> array_fold_functions() { return kEntries; }

}  // namespace millrace
