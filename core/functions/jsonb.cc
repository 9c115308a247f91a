// Operators, functions and casts of jsonb. A cell is raw JSON text; reading goes through it once.

#include <algorithm>
#include <array>
#include <string>

#include "columns/decimal.h"
#include "columns/json_cell.h"
#include "functions/array_kernel.h"
#include "functions/decimal_math.h"
#include "functions/json_scan.h"
#include "functions/json_value.h"
#include "functions/kernel.h"
#include "functions/made_text.h"

namespace millrace {
namespace {

using View = std::string_view;

constexpr Fault kTooDeep = {sqlstate::kTooComplex, "jsonb nested too deeply"};

View find(View json, View name) { return json_member(json, name); }
/// To PostgreSQL a bare scalar is an array of one here, and only here.
View find(View json, int64_t index) {
  if (json_kind(json) > JsonKind::kArray) return index == 0 || index == -1 ? json : View();
  return json_element(json, index);
}

/// Ours: a JSON null is NULL, for -> as for ->> (E29).
bool is_missing(View value) { return value.empty() || value[0] == 'n'; }

/// The value as ->> gives it: strings bare, the rest as jsonb writes it.
bool write_as_text(View value, Column& out, View& text) {
  if (json_kind(value) == JsonKind::kString) {
    text = json_string(value, out.bytes);
    return true;
  }
  TextMaker made(out.bytes, value.size());
  const bool good = write_jsonb(value, made);
  text = made.done();
  return good;
}

void give(const KernelCall& call, uint32_t row, View value, bool as_text) {
  View& out = call.out.texts[row];
  out = value;
  if (is_missing(value)) {
    call.out.set_cell(row, kNull, call.row_count);
  } else if (as_text && !write_as_text(value, call.out, out)) {
    call.fail(row, kTooDeep.sqlstate, kTooDeep.text);
  }
}

template <class Key, bool kText>
void get(const KernelCall& call) {
  each_row(call.rows, [&](uint32_t row) {
    give(call, row, find(trim_json(argument<View>(call, 0, row)), argument<Key>(call, 1, row)),
         kText);
  });
}

/// One step of a path: an object's key or an array's index.
View step_into(View value, View step) {
  if (json_kind(value) == JsonKind::kObject) return json_member(value, step);
  int64_t index = 0;
  const bool number = parse_int(step, INT32_MIN, INT32_MAX, index) == NumberFault::kNone;
  return number ? json_element(value, index) : View();
}

template <bool kText>
void get_path(const KernelCall& call) {
  ArrayCell steps;
  each_row(call.rows, [&](uint32_t row) {
    View value = trim_json(argument<View>(call, 0, row));
    const Column& path = steps.read(call, 1, row);
    for (size_t i = 0; i < path.size() && !value.empty(); ++i) {
      value = path.valid(i) ? step_into(value, path.texts[i]) : View();
    }
    give(call, row, value, kText);
  });
}

/// jsonb_extract_path(json, step, step…); a NULL step finds nothing.
template <bool kText>
void extract_path(const KernelCall& call) {
  each_row(call.rows, [&](uint32_t row) {
    View value = call.args[0]->valid(row) ? trim_json(argument<View>(call, 0, row)) : View();
    for (size_t i = 1; i < call.args.size() && !value.empty(); ++i) {
      value = call.args[i]->valid(row) ? step_into(value, argument<View>(call, i, row)) : View();
    }
    give(call, row, value, kText);
  });
}

template <JsonAnswer (*kTest)(View, View, int), bool kSwapped, bool kWanted>
void compare(const KernelCall& call) {
  uint8_t* out = cells_of<uint8_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View a = trim_json(argument<View>(call, kSwapped ? 1 : 0, row));
    const View b = trim_json(argument<View>(call, kSwapped ? 0 : 1, row));
    const JsonAnswer result = kTest(a, b, 0);
    out[row] = (result == JsonAnswer::kYes) == kWanted;
    if (result == JsonAnswer::kTooDeep) call.fail(row, kTooDeep.sqlstate, kTooDeep.text);
  });
}

/// A key of an object, a string of an array, or the string itself.
bool has_key(View value, View key) {
  if (json_kind(value) == JsonKind::kString) return json_key_is(value, key);
  if (json_kind(value) != JsonKind::kArray) return !json_member(value, key).empty();
  bool found = false;
  each_json_element(value, [&](View element) {
    found = json_kind(element) == JsonKind::kString && json_key_is(element, key);
    return !found;
  });
  return found;
}
void test_key(const KernelCall& call) {
  map2<uint8_t, View, View>(call,
                            [](View json, View key) { return has_key(trim_json(json), key); });
}

/// Whether it has some of the keys, or all of them; NULLs among them do not count.
template <bool kAll>
void test_keys(const KernelCall& call) {
  ArrayCell cell;
  uint8_t* out = cells_of<uint8_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View value = trim_json(argument<View>(call, 0, row));
    const Column& keys = cell.read(call, 1, row);
    out[row] = kAll;
    for (size_t i = 0; i < keys.size() && out[row] == kAll; ++i) {
      if (keys.valid(i)) out[row] = has_key(value, keys.texts[i]);
    }
  });
}

void array_length(const KernelCall& call) {
  int64_t* out = cells_of<int64_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View value = trim_json(argument<View>(call, 0, row));
    out[row] = 0;
    if (json_kind(value) != JsonKind::kArray) {
      return call.fail(row, sqlstate::kInvalidParameter,
                       json_kind(value) == JsonKind::kObject
                           ? "cannot get array length of a non-array"
                           : "cannot get array length of a scalar");
    }
    each_json_element(value, [&](View) { return ++out[row], true; });
  });
}

View kind_name(View value) {
  constexpr View kNames[] = {"object", "array", "string", "number", "boolean", "null"};
  return kNames[static_cast<size_t>(json_kind(value))];
}
void type_of(const KernelCall& call) {
  map1<View, View>(call, [](View value) { return kind_name(trim_json(value)); });
}

// Casts from jsonb: only from a scalar of the same kind.

bool expect(const KernelCall& call, uint32_t row, View value, JsonKind kind, View type) {
  if (json_kind(value) == kind) return true;
  std::string text("cannot cast jsonb ");
  text += kind_name(value);
  text += " to type ";
  text += type;
  call.fail(row, sqlstate::kInvalidParameter, std::move(text));
  return false;
}

void to_bool(const KernelCall& call) {
  uint8_t* out = cells_of<uint8_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View value = trim_json(argument<View>(call, 0, row));
    out[row] = expect(call, row, value, JsonKind::kBool, "boolean") && value[0] == 't';
  });
}

void to_numeric(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View value = trim_json(argument<View>(call, 0, row));
    out[row] = "0";
    if (expect(call, row, value, JsonKind::kNumber, "numeric"))
      parse_numeric(value, call.out.bytes, out[row]);
  });
}

template <int64_t kMin, int64_t kMax>
void to_int(const KernelCall& call) {
  constexpr View kName = kMin == INT32_MIN ? "integer" : "bigint";
  int64_t* out = cells_of<int64_t>(call.out);
  ByteArena arena;
  each_row(call.rows, [&](uint32_t row) {
    arena.clear();
    const View value = trim_json(argument<View>(call, 0, row));
    View number = "0";
    out[row] = 0;
    if (!expect(call, row, value, JsonKind::kNumber, kName)) return;
    parse_numeric(value, arena, number);
    if (numeric_to_int(number, out[row]) && out[row] >= kMin && out[row] <= kMax) return;
    std::string text(kName);
    text += " out of range";
    call.fail(row, sqlstate::kNumericValueOutOfRange, std::move(text));
  });
}

void to_float(const KernelCall& call) {
  double* out = cells_of<double>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View value = trim_json(argument<View>(call, 0, row));
    out[row] = 0;
    if (!expect(call, row, value, JsonKind::kNumber, "double precision")) return;
    if (parse_float8(value, out[row]) == NumberFault::kNone) return;
    call.fail(row, sqlstate::kNumericValueOutOfRange,
              quoted_message("", value, " is out of range for type double precision"));
  });
}

void to_text(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View value = trim_json(argument<View>(call, 0, row));
    TextMaker made(call.out.bytes, value.size() + 16);
    if (!write_jsonb(value, made)) call.fail(row, kTooDeep.sqlstate, kTooDeep.text);
    out[row] = made.done();
  });
}

void from_text(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    out[row] = trim_json(argument<View>(call, 0, row));
    if (!is_json(out[row]))
      call.fail(row, sqlstate::kInvalidText, "invalid input syntax for type json");
  });
}

constexpr Type kJ = Type::kJsonb, kT = Type::kText, kTA = array_of(kT), kB = Type::kBool,
               kI4 = Type::kInt4;
constexpr Cast kOnly = Cast::kExplicit;

constexpr std::array kEntries = {
    entry("->", {kJ, kT}, kJ, get<View, false>,
          "An object's member; NULL if there is none or it is null.",
          "'{\"a\": [1, 2]}'::jsonb -> 'a'", "[1, 2]"),
    entry("->", {kJ, kI4}, kJ, get<int64_t, false>,
          "An array's element, from 0; negative: from the end.", "'[1, 2, 3]'::jsonb -> -1", "3"),
    entry("->>", {kJ, kT}, kT, get<View, true>, "An object's member as text.",
          "'{\"a\": \"x\"}'::jsonb ->> 'a'", "x"),
    entry("->>", {kJ, kI4}, kT, get<int64_t, true>, "An array's element as text.",
          "'[1, \"x\"]'::jsonb ->> 1", "x"),
    entry("#>", {kJ, kTA}, kJ, get_path<false>, "What a path of keys and indices leads to.",
          "'{\"a\": [{\"b\": 7}]}'::jsonb #> '{a,0,b}'", "7"),
    entry("#>>", {kJ, kTA}, kT, get_path<true>,
          "What a path of keys and indices leads to, as text.",
          "'{\"a\": [{\"b\": \"x\"}]}'::jsonb #>> '{a,0,b}'", "x"),
    entry("@>", {kJ, kJ}, kB, compare<json_contains, false, true>,
          "Whether the first contains the second.",
          "'{\"a\": 1, \"b\": [1, 2]}'::jsonb @> '{\"b\": [2]}'", "true"),
    entry("<@", {kJ, kJ}, kB, compare<json_contains, true, true>,
          "Whether the second contains the first.", "'[1]'::jsonb <@ '[2, 1]'", "true"),
    entry("=", {kJ, kJ}, kB, compare<json_equal, false, true>,
          "Equal values, however they are written.",
          "'{\"a\": 1.0, \"b\": 2}'::jsonb = '{\"b\":2,\"a\":1}'", "true"),
    entry("<>", {kJ, kJ}, kB, compare<json_equal, false, false>, "Different values.",
          "'1'::jsonb <> '\"1\"'", "true"),
    entry("?", {kJ, kT}, kB, test_key, "Whether it has the key, or the array the string.",
          "'{\"a\": null}'::jsonb ? 'a'", "true"),
    entry("?|", {kJ, kTA}, kB, test_keys<false>, "Whether it has some of the keys.",
          "'{\"a\": 1}'::jsonb ?| array['b', 'a']", "true"),
    entry("?&", {kJ, kTA}, kB, test_keys<true>, "Whether it has all of the keys.",
          "'{\"a\": 1}'::jsonb ?& array['b', 'a']", "false"),
    null_of_first(
        variadic(entry("jsonb_extract_path", {kJ}, kJ, extract_path<false>, "What a path leads to.",
                       "jsonb_extract_path('{\"a\": [5]}'::jsonb, 'a', '0')", "5"),
                 Rest::kText)),
    null_of_first(variadic(entry("jsonb_extract_path_text", {kJ}, kT, extract_path<true>,
                                 "What a path leads to, as text.",
                                 "jsonb_extract_path_text('{\"a\": \"x\"}'::jsonb, 'a')", "x"),
                           Rest::kText)),
    entry("jsonb_array_length", {kJ}, kI4, array_length,
          "Elements of an array; an error for anything else.", "jsonb_array_length('[1, [2, 3]]')",
          "2"),
    entry("jsonb_typeof", {kJ}, kT, type_of, "object, array, string, number, boolean or null.",
          "jsonb_typeof('1.5')", "number"),
    cast_entry(kJ, kT, kOnly, to_text,
               "As PostgreSQL writes jsonb: keys sorted, one blank behind : and ,.",
               "'{\"b\":1,\"a\":2}'::jsonb::text", "{\"a\": 2, \"b\": 1}"),
    cast_entry(kJ, kB, kOnly, to_bool, "Of true and false.", "'true'::jsonb::bool", "true"),
    cast_entry(kJ, kI4, kOnly, to_int<INT32_MIN, INT32_MAX>, "Of a number, rounded.",
               "'2.5'::jsonb::int4", "3"),
    cast_entry(kJ, Type::kInt8, kOnly, to_int<INT64_MIN, INT64_MAX>, "Of a number, rounded.",
               "'5e9'::jsonb::int8", "5000000000"),
    cast_entry(kJ, Type::kNumeric, kOnly, to_numeric, "Of a number, exactly.",
               "'1.50'::jsonb::numeric", "1.50"),
    cast_entry(kJ, Type::kFloat8, kOnly, to_float, "Of a number.", "'1.5'::jsonb::float8", "1.5"),
    cast_entry(kT, kJ, kOnly, from_text, "Reads JSON; an error if it is none.",
               "('[1,' || '2]')::jsonb", "[1,2]"),
};

}  // namespace

std::span<const Function> jsonb_functions() { return kEntries; }

}  // namespace millrace
