// Arrays: making, taking apart, comparing, searching.

#include <algorithm>
#include <array>

#include "functions/array_kernel.h"

namespace millrace {
namespace {

using View = std::string_view;

/// All arguments as elements.
void make_array(const KernelCall& call) {
  ArrayMaker made(call.out);
  each_row(call.rows, [&](uint32_t row) {
    made.start();
    for (const Column* arg : call.args) made.add(*arg, row);
    made.done(row);
  });
}

void item(const KernelCall& call) {
  ArrayCell cell;
  each_row(call.rows, [&](uint32_t row) {
    const Column& elements = cell.read(call, 0, row);
    const int64_t index = argument<int64_t>(call, 1, row);
    const bool there = index >= 1 && index <= static_cast<int64_t>(elements.size());
    const size_t at = there ? static_cast<size_t>(index - 1) : 0;
    if (!there || !elements.valid(at)) return call.out.set_cell(row, kNull, call.row_count);
    call.out.set_value(row, elements, at);
  });
}

void slice(const KernelCall& call) {
  ArrayCell cell;
  ArrayMaker made(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const Column& elements = cell.read(call, 0, row);
    const int64_t first = std::max<int64_t>(argument<int64_t>(call, 1, row), 1);
    const int64_t last =
        std::min(argument<int64_t>(call, 2, row), static_cast<int64_t>(elements.size()));
    made.start();
    for (int64_t i = first; i <= last; ++i) made.add(elements, static_cast<size_t>(i - 1));
    made.done(row);
  });
}

// Sizes. PostgreSQL's empty array has no dimensions: its length is NULL, its cardinality 0.

enum class Bound { kLength, kLower };
template <Bound kBound>
void length(const KernelCall& call) {
  int64_t* out = cells_of<int64_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const uint32_t size = array_size(argument<View>(call, 0, row));
    out[row] = kBound == Bound::kLower ? 1 : size;
    if (size == 0 || argument<int64_t>(call, 1, row) != 1)
      call.out.set_cell(row, kNull, call.row_count);
  });
}
void dimensions(const KernelCall& call) {
  int64_t* out = cells_of<int64_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    out[row] = 1;
    if (array_size(argument<View>(call, 0, row)) == 0)
      call.out.set_cell(row, kNull, call.row_count);
  });
}
void cardinality(const KernelCall& call) {
  map1<int64_t, View>(call, [](View array) { return int64_t{array_size(array)}; });
}

// Joining. A NULL array is as an empty one, but both NULL give NULL.

void cat(const KernelCall& call) {
  ArrayCell cell;
  ArrayMaker made(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const bool first = call.args[0]->valid(row), second = call.args[1]->valid(row);
    if (!first && !second) return call.out.set_cell(row, kNull, call.row_count);
    made.start();
    if (first) made.add_all(cell.read(call, 0, row));
    if (second) made.add_all(cell.read(call, 1, row));
    made.done(row);
  });
}

template <size_t kArray>
void extend(const KernelCall& call) {
  ArrayCell cell;
  ArrayMaker made(call.out);
  constexpr size_t kElement = 1 - kArray;
  each_row(call.rows, [&](uint32_t row) {
    made.start();
    if (kElement == 0) made.add(*call.args[kElement], row);
    if (call.args[kArray]->valid(row)) made.add_all(cell.read(call, kArray, row));
    if (kElement == 1) made.add(*call.args[kElement], row);
    made.done(row);
  });
}

/// The elements of each array, those that equal the second argument given to `found`.
template <class Found>
void each_found(const KernelCall& call, Found found) {
  ArrayCell cell;
  ArrayMaker made(call.out);
  each_row(call.rows, [&](uint32_t row) {
    if (!call.args[0]->valid(row)) return call.out.set_cell(row, kNull, call.row_count);
    const Column& elements = cell.read(call, 0, row);
    made.start();
    for (size_t i = 0; i < elements.size(); ++i) {
      if (same_element(elements, i, *call.args[1], row)) {
        found(made, row);
      } else {
        made.add(elements, i);
      }
    }
    made.done(row);
  });
}

void remove_element(const KernelCall& call) {
  each_found(call, [](ArrayMaker&, uint32_t) {});
}

void replace_element(const KernelCall& call) {
  each_found(call, [&](ArrayMaker& made, uint32_t row) { made.add(*call.args[2], row); });
}

void trim_array(const KernelCall& call) {
  ArrayCell cell;
  ArrayMaker made(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const Column& elements = cell.read(call, 0, row);
    const int64_t cut = argument<int64_t>(call, 1, row);
    call.out.texts[row] = {};
    if (cut < 0 || cut > static_cast<int64_t>(elements.size())) {
      return call.fail(
          row, sqlstate::kArrayElement,
          "number of elements to trim must be between 0 and " + std::to_string(elements.size()));
    }
    made.start();
    for (size_t i = 0; i + static_cast<size_t>(cut) < elements.size(); ++i) made.add(elements, i);
    made.done(row);
  });
}

// Searching.

/// The first place of the value from a place on, counted from 1; NULL: none.
void position(const KernelCall& call) {
  ArrayCell cell;
  int64_t* out = cells_of<int64_t>(call.out);
  const bool from_start = call.args.size() == 2;
  each_row(call.rows, [&](uint32_t row) {
    out[row] = 0;
    if (!call.args[0]->valid(row)) return call.out.set_cell(row, kNull, call.row_count);
    if (!from_start && !call.args[2]->valid(row))
      return call.fail(row, sqlstate::kNullNotAllowed, "initial position must not be null");
    const Column& elements = cell.read(call, 0, row);
    const int64_t start = from_start ? 1 : std::max<int64_t>(argument<int64_t>(call, 2, row), 1);
    for (auto i = static_cast<size_t>(start - 1); i < elements.size() && out[row] == 0; ++i) {
      if (same_element(elements, i, *call.args[1], row)) out[row] = static_cast<int64_t>(i + 1);
    }
    if (out[row] == 0) call.out.set_cell(row, kNull, call.row_count);
  });
}

void positions(const KernelCall& call) {
  ArrayCell cell;
  ArrayMaker made(call.out);
  Column place;
  place.reset(Type::kInt4, 1);
  each_row(call.rows, [&](uint32_t row) {
    if (!call.args[0]->valid(row)) return call.out.set_cell(row, kNull, call.row_count);
    const Column& elements = cell.read(call, 0, row);
    made.start();
    for (size_t i = 0; i < elements.size(); ++i) {
      if (!same_element(elements, i, *call.args[1], row)) continue;
      place.ints[0] = static_cast<int64_t>(i + 1);
      made.add(place, 0);
    }
    made.done(row);
  });
}

/// Whether every element of the first is in the second. A NULL is in nothing.
bool contained(const Column& part, const Column& whole) {
  for (size_t i = 0; i < part.size(); ++i) {
    bool found = false;
    for (size_t k = 0; k < whole.size() && !found; ++k) {
      found = part.valid(i) && same_element(part, i, whole, k);
    }
    if (!found) return false;
  }
  return true;
}
bool overlaps(const Column& a, const Column& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t k = 0; k < b.size(); ++k) {
      if (a.valid(i) && same_element(a, i, b, k)) return true;
    }
  }
  return false;
}

template <bool (*kTest)(const Column&, const Column&), bool kSwapped>
void test_pair(const KernelCall& call) {
  ArrayCell first, second;
  uint8_t* out = cells_of<uint8_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const Column& a = first.read(call, kSwapped ? 1 : 0, row);
    const Column& b = second.read(call, kSwapped ? 0 : 1, row);
    out[row] = kTest(a, b);
  });
}

template <class Test>
void compare(const KernelCall& call) {
  const Type element = element_of(call.args[0]->type);
  map2<uint8_t, View, View>(
      call, [element](View a, View b) { return Test()(compare_arrays(a, b, element), 0); });
}

constexpr Type kB = Type::kBool, kI4 = Type::kInt4, kA = kAnyArray, kE = kAnyElement,
               kOA = kOrderedArray, kOE = kOrderedElement;
constexpr View kOrder = "Element by element, NULL last; then the shorter is less.";

constexpr std::array kEntries = {
    // Forms: the kernel is the binder's or the evaluator's.
    nullable(entry("array[…]", {kE}, kA, nullptr, "An array of the values, brought to one type.",
                   "array[1, null, 3]", "{1,NULL,3}")),
    nullable(
        entry("array[i]", {kA, kI4}, kE, nullptr,
              "Element i, from 1; NULL: there is none. `[i:j]`: those from i to j. Of jsonb: as "
              "`#>`.",
              "(array['a', 'b', 'c'])[2:]", "{b,c}")),
    nullable(entry("any", {kE, kA}, kB, nullptr,
                   "`x operator any(array)`: true for some element; else NULL if one is NULL.",
                   "2 = any(array[1, 2])", "true")),
    nullable(
        entry("all", {kE, kA}, kB, nullptr,
              "`x operator all(array)`: true for every element; else NULL unless one is false.",
              "2 > all(array[1, 2])", "false")),
    nullable(entry("array make", {}, kA, make_array, "array[…].", "", "")),
    entry("array item", {kA, kI4}, kE, item, "array[i].", "", ""),
    entry("array slice", {kA, kI4, kI4}, kA, slice, "array[i:j].", "", ""),
    entry("=", {kOA, kOA}, kB, compare<std::equal_to<int>>, kOrder, "array[1, 2] = '{1,2}'",
          "true"),
    entry("<>", {kOA, kOA}, kB, compare<std::not_equal_to<int>>, kOrder, "array[1] <> array[2]",
          "true"),
    entry("<", {kOA, kOA}, kB, compare<std::less<int>>, kOrder, "array[1] < array[1, 0]", "true"),
    entry("<=", {kOA, kOA}, kB, compare<std::less_equal<int>>, kOrder, "array[2] <= array[1, 3]",
          "false"),
    entry(">", {kOA, kOA}, kB, compare<std::greater<int>>, kOrder, "array[1, null] > array[1, 2]",
          "true"),
    entry(">=", {kOA, kOA}, kB, compare<std::greater_equal<int>>, kOrder, "array[1] >= array[1]",
          "true"),
    entry("@>", {kOA, kOA}, kB, test_pair<contained, true>,
          "Whether every element of the second is in the first.", "array[1, 2, 3] @> array[3, 1]",
          "true"),
    entry("<@", {kOA, kOA}, kB, test_pair<contained, false>,
          "Whether every element of the first is in the second.", "array[1, 4] <@ array[3, 1]",
          "false"),
    entry("&&", {kOA, kOA}, kB, test_pair<overlaps, false>,
          "Whether they have an element in common.", "array[1, 4] && array[4, 5]", "true"),
    nullable(entry("||", {kA, kA}, kA, cat, "Both, one behind the other.",
                   "array[1, 2] || array[3]", "{1,2,3}")),
    nullable(entry("||", {kA, kE}, kA, extend<0>, "With an element behind.", "array[1, 2] || 3",
                   "{1,2,3}")),
    nullable(entry("||", {kE, kA}, kA, extend<1>, "With an element in front.", "1 || array[2, 3]",
                   "{1,2,3}")),
    nullable(entry("array_cat", {kA, kA}, kA, cat, "Both, one behind the other.",
                   "array_cat(array[1], array[2])", "{1,2}")),
    nullable(entry("array_append", {kA, kE}, kA, extend<0>, "With an element behind.",
                   "array_append(array[1], null)", "{1,NULL}")),
    nullable(entry("array_prepend", {kE, kA}, kA, extend<1>, "With an element in front.",
                   "array_prepend(0, array[1])", "{0,1}")),
    nullable(entry("array_remove", {kOA, kOE}, kOA, remove_element, "Without this element.",
                   "array_remove(array[1, 2, 1], 1)", "{2}")),
    nullable(entry("array_replace", {kOA, kOE, kOE}, kOA, replace_element,
                   "Every second becomes the third.", "array_replace(array[1, 2, 1], 1, 7)",
                   "{7,2,7}")),
    entry("trim_array", {kA, kI4}, kA, trim_array, "Without so many elements at the end.",
          "trim_array(array[1, 2, 3], 2)", "{1}"),
    entry("array_length", {kA, kI4}, kI4, length<Bound::kLength>,
          "Elements in dimension 1; NULL for none, and for other dimensions.",
          "array_length(array[5, 6], 1)", "2"),
    entry("array_upper", {kA, kI4}, kI4, length<Bound::kLength>,
          "The last index of dimension 1; NULL for an empty array.", "array_upper(array[5, 6], 1)",
          "2"),
    entry("array_lower", {kA, kI4}, kI4, length<Bound::kLower>,
          "The first index of dimension 1; NULL for an empty array.", "array_lower(array[5, 6], 1)",
          "1"),
    entry("array_ndims", {kA}, kI4, dimensions, "1; NULL for an empty array.",
          "array_ndims(array[5, 6])", "1"),
    entry("cardinality", {kA}, kI4, cardinality, "How many elements.",
          "cardinality(array[5, null])", "2"),
    nullable(entry("array_position", {kOA, kOE}, kI4, position,
                   "The first place of the value, from 1; NULL: it is not there.",
                   "array_position(array['a', 'b'], 'b')", "2")),
    nullable(entry("array_position", {kOA, kOE, kI4}, kI4, position,
                   "The first place of the value from this one on.",
                   "array_position(array[1, 2, 1], 1, 2)", "3")),
    nullable(entry("array_positions", {kOA, kOE}, array_of(kI4), positions,
                   "All places of the value.", "array_positions(array[1, 2, 1], 1)", "{1,3}")),
};

}  // namespace

std::span<const Function> array_functions() { return kEntries; }

}  // namespace millrace
