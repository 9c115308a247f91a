// jsonb from other values: to_jsonb, jsonb_build_object, jsonb_build_array, ||. Times have
// PostgreSQL's form in JSON: ISO 8601 with a T, instants with +00:00.

#include <algorithm>
#include <array>
#include <cmath>

#include "columns/array.h"
#include "columns/datetime.h"
#include "columns/json_encode.h"
#include "columns/number_text.h"
#include "functions/json_scan.h"
#include "functions/json_value.h"
#include "functions/kernel.h"
#include "functions/made_text.h"

namespace millrace {
namespace {

using View = std::string_view;

/// One valid cell of a scalar type.
void write_scalar(const Column& column, size_t row, ByteBuffer& cell, TextMaker& out) {
  const size_t at = column.constant ? 0 : row;
  if (column.type == Type::kText) return write_jsonb_string(column.texts[at], out);
  if (column.type == Type::kTimestamp || column.type == Type::kTimestamptz) {
    char text[kNumberTextMax + 2];
    const bool instant = column.type == Type::kTimestamptz;
    const size_t size = instant ? format_timestamptz(column.ints[at], text)
                                : format_timestamp(column.ints[at], text);
    *std::find(text, text + size, ' ') = 'T';
    const View made(text, size);
    const size_t offset = instant ? made.find('+') + 3 : size;  // BC stands behind it.
    out.append('"');
    out.append(made.substr(0, offset));
    if (instant) out.append(":00");
    out.append(made.substr(offset));
    return out.append('"');
  }
  if (column.type == Type::kFloat8 && std::isfinite(column.floats[at])) {
    // PostgreSQL's text, which is what a key looks like, and no digits that the value does not
    // have.
    char text[kNumberTextMax];
    return out.append(View(text, format_float8(column.floats[at], text)));
  }
  cell.clear();
  write_json_cell(column, row, cell);
  out.append(cell.view());
}

void to_jsonb(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    TextMaker made(call.out.bytes);
    write_jsonb_cell(*call.args[0], row, made);
    out[row] = made.done();
  });
}

/// The arguments are jsonb already.
void build_array(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    TextMaker made(call.out.bytes);
    made.append('[');
    for (size_t i = 0; i < call.args.size(); ++i) {
      if (i > 0) made.append(", ");
      made.append(call.args[i]->valid(row) ? argument<View>(call, i, row) : View("null"));
    }
    made.append(']');
    out[row] = made.done();
  });
}

/// Keys and values by turns, all jsonb: a key is a string, or becomes one.
void build_object(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    out[row] = {};
    if (call.args.size() % 2 != 0)
      return call.fail(row, sqlstate::kInvalidParameter,
                       "argument list must have even number of elements");
    TextMaker made(call.out.bytes);
    made.append('{');
    bool good = true;
    for (size_t i = 0; i < call.args.size() && good; i += 2) {
      good = call.args[i]->valid(row) && !argument<View>(call, i, row).empty();
      if (!good) break;
      const View key = trim_json(argument<View>(call, i, row));
      good = json_kind(key) > JsonKind::kArray;
      if (i > 0) made.append(", ");
      const bool string = json_kind(key) == JsonKind::kString;
      if (!string) made.append('"');
      made.append(key);
      made.append(string ? ": " : "\": ");
      made.append(call.args[i + 1]->valid(row) ? argument<View>(call, i + 1, row) : View("null"));
    }
    made.append('}');
    out[row] = made.done();
    if (!good)
      call.fail(row, sqlstate::kInvalidParameter,
                "a key must not be null, an array or composite jsonb");
  });
}

View inside_brackets(View value) { return trim_json(value.substr(1, value.size() - 2)); }
/// What is no array is its own only element.
View elements_of(View value) {
  return json_kind(value) == JsonKind::kArray ? inside_brackets(value) : value;
}

/// Two objects become one, whose keys are the second's where both have them; all else arrays.
void concatenate(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  std::string joined;
  each_row(call.rows, [&](uint32_t row) {
    const View a = trim_json(argument<View>(call, 0, row));
    const View b = trim_json(argument<View>(call, 1, row));
    const bool objects = json_kind(a) == JsonKind::kObject && json_kind(b) == JsonKind::kObject;
    const View first = objects ? inside_brackets(a) : elements_of(a);
    const View second = objects ? inside_brackets(b) : elements_of(b);
    joined = objects ? '{' : '[';
    joined += first;
    if (!first.empty() && !second.empty()) joined += ',';
    joined += second;
    joined += objects ? '}' : ']';
    TextMaker made(call.out.bytes, joined.size());
    if (!write_jsonb(joined, made))
      call.fail(row, sqlstate::kTooComplex, "jsonb nested too deeply");
    out[row] = made.done();
  });
}

Function any_to_jsonb() {
  Function function = entry("to_jsonb", {Type::kText}, Type::kJsonb, to_jsonb,
                            "The value as jsonb; NULL stays NULL.", "to_jsonb('a'::text)", "\"a\"");
  function.any_args = true;
  return function;
}

const std::array kEntries = {
    any_to_jsonb(),
    entry("||", {Type::kJsonb, Type::kJsonb}, Type::kJsonb, concatenate,
          "Two objects as one, the second's values where both have a key; else arrays, one behind "
          "the other.",
          "'{\"a\": 1, \"b\": 2}'::jsonb || '{\"b\": 3}'", "{\"a\": 1, \"b\": 3}"),
    variadic(entry("jsonb_build_object", {}, Type::kJsonb, build_object,
                   "An object of keys and values, one behind the other; NULL becomes null.",
                   "jsonb_build_object('a', 1, 'b', array[true])", "{\"a\": 1, \"b\": [true]}"),
             Rest::kJson),
    variadic(entry("jsonb_build_array", {}, Type::kJsonb, build_array,
                   "An array of the values; NULL becomes null.", "jsonb_build_array(1, 'a', null)",
                   "[1, \"a\", null]"),
             Rest::kJson),
};

}  // namespace

void write_jsonb_cell(const Column& column, size_t row, TextMaker& out) {
  static thread_local ByteBuffer cell;
  static thread_local Column elements;
  if (!column.valid(row)) return out.append("null");
  if (!is_array(column.type)) return write_scalar(column, row, cell, out);
  elements.reset(element_of(column.type), 0);
  unpack_array(column.texts[column.constant ? 0 : row], elements);
  out.append('[');
  for (size_t i = 0; i < elements.size(); ++i) {
    if (i > 0) out.append(", ");
    write_jsonb_cell(elements, i, out);
  }
  out.append(']');
}

std::span<const Function> json_build_functions() { return kEntries; }

}  // namespace millrace
