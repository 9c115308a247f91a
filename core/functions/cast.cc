// Casts, with PostgreSQL's text forms. Between int4, int8 and within text a cast costs nothing:
// the cells are stored alike (the binder then only changes the type).

#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "columns/cell_parse.h"
#include "columns/number_text.h"
#include "functions/kernel.h"
#include "functions/made_text.h"

namespace millrace {
namespace {

using View = std::string_view;

constexpr int64_t kInt4Min = std::numeric_limits<int32_t>::min();
constexpr int64_t kInt4Max = std::numeric_limits<int32_t>::max();
constexpr int64_t kInt8Min = std::numeric_limits<int64_t>::min();
constexpr int64_t kInt8Max = std::numeric_limits<int64_t>::max();

template <class T>
void same(const KernelCall& call) {
  map1<T, T>(call, [](const T& a) { return a; });
}

struct NarrowInt {
  static int64_t apply(int64_t a, bool& bad) {
    bad |= a != static_cast<int32_t>(a);
    return a;
  }
  static Fault fault(int64_t) {
    return {sqlstate::kNumericValueOutOfRange, "integer out of range"};
  }
};

/// Halves round to even, as the processor's rint does and PostgreSQL with it.
struct FloatToInt4 {
  static int64_t apply(double a, bool& bad) {
    const double whole = std::rint(a);
    const bool fits = whole >= -2147483648.0 && whole < 2147483648.0;
    bad |= !fits;
    return fits ? static_cast<int64_t>(whole) : 0;
  }
  static Fault fault(double) { return {sqlstate::kNumericValueOutOfRange, "integer out of range"}; }
};
struct FloatToInt8 {
  static int64_t apply(double a, bool& bad) {
    const double whole = std::rint(a);
    const bool fits = whole >= -9223372036854775808.0 && whole < 9223372036854775808.0;
    bad |= !fits;
    return fits ? static_cast<int64_t>(whole) : 0;
  }
  static Fault fault(double) { return {sqlstate::kNumericValueOutOfRange, "bigint out of range"}; }
};

void int_to_float(const KernelCall& call) {
  map1<double, int64_t>(call, [](int64_t a) { return static_cast<double>(a); });
}
void bool_to_int(const KernelCall& call) {
  map1<int64_t, uint8_t>(call, [](uint8_t a) { return static_cast<int64_t>(a); });
}
void int_to_bool(const KernelCall& call) {
  map1<uint8_t, int64_t>(call, [](int64_t a) { return a != 0; });
}
void bool_to_text(const KernelCall& call) {
  map1<View, uint8_t>(call, [](uint8_t a) { return a ? View("true") : View("false"); });
}

template <class A, size_t (*kFormat)(A, char*)>
void to_text(const KernelCall& call) {
  Column& out = call.out;
  map1<View, A>(call, [&out](A a) {
    return made_text<kNumberTextMax>(out, [a](char* to) { return kFormat(a, to); });
  });
}

void fail_syntax(const KernelCall& call, uint32_t row, View type, View text) {
  std::string before("invalid input syntax for type ");
  before += type;
  before += ": ";
  call.fail(row, sqlstate::kInvalidText, quoted_message(before, text));
}

/// parse(row, text) for every live row.
template <class Parse>
void parse_each(const KernelCall& call, Parse parse) {
  const Column& texts = *call.args[0];
  each_row(call.rows, [&](uint32_t row) { parse(row, texts.texts[texts.constant ? 0 : row]); });
}

template <int64_t kMin, int64_t kMax>
void text_to_int(const KernelCall& call) {
  constexpr View kName = kMin == kInt4Min ? "integer" : "bigint";
  int64_t* out = cells_of<int64_t>(call.out);
  parse_each(call, [&](uint32_t row, View text) {
    out[row] = 0;
    const NumberFault fault = parse_int(text, kMin, kMax, out[row]);
    if (fault == NumberFault::kSyntax) fail_syntax(call, row, kName, text);
    if (fault == NumberFault::kRange) {
      std::string after(" is out of range for type ");
      after += kName;
      call.fail(row, sqlstate::kNumericValueOutOfRange, quoted_message("value ", text, after));
    }
  });
}

void text_to_float(const KernelCall& call) {
  double* out = cells_of<double>(call.out);
  parse_each(call, [&](uint32_t row, View text) {
    out[row] = 0;
    const NumberFault fault = parse_float8(text, out[row]);
    if (fault == NumberFault::kSyntax) fail_syntax(call, row, "double precision", text);
    if (fault == NumberFault::kRange) {
      call.fail(row, sqlstate::kNumericValueOutOfRange,
                quoted_message("", text, " is out of range for type double precision"));
    }
  });
}

void text_to_bool_each(const KernelCall& call) {
  uint8_t* out = cells_of<uint8_t>(call.out);
  parse_each(call, [&](uint32_t row, View text) {
    const auto value = millrace::text_to_bool(text);
    out[row] = value.value_or(false);
    if (!value) fail_syntax(call, row, "boolean", text);
  });
}

constexpr Type kB = Type::kBool, kI4 = Type::kInt4, kI8 = Type::kInt8, kF8 = Type::kFloat8,
               kT = Type::kText;
constexpr Cast kOnly = Cast::kExplicit, kAlso = Cast::kImplicit;

constexpr std::array kEntries = {
    cast_entry(kI4, kI8, kAlso, same<int64_t>, "Widens.", "1::int8", "1"),
    cast_entry(kI8, kI4, kOnly, checked1<NarrowInt, int64_t, int64_t>,
               "Narrows; out of range is an error.", "5000000000::int8 / 2500000000::int8", "2"),
    cast_entry(kI4, kF8, kAlso, int_to_float, "Exact.", "1::float8 / 2", "0.5"),
    cast_entry(kI8, kF8, kAlso, int_to_float, "Nearest.", "5000000000::float8", "5000000000"),
    cast_entry(kF8, kI4, kOnly, checked1<FloatToInt4, int64_t, double>, "Rounds, halves to even.",
               "2.5::float8::int4", "2"),
    cast_entry(kF8, kI8, kOnly, checked1<FloatToInt8, int64_t, double>, "Rounds, halves to even.",
               "3.5::float8::int8", "4"),
    cast_entry(kB, kI4, kOnly, bool_to_int, "1 or 0.", "true::int4", "1"),
    cast_entry(kI4, kB, kOnly, int_to_bool, "False for 0.", "2::bool", "true"),
    cast_entry(kB, kT, kOnly, bool_to_text, "true or false.", "true::text", "true"),
    cast_entry(kI4, kT, kOnly, to_text<int64_t, format_int>, "Decimal digits.", "(-5)::text", "-5"),
    cast_entry(kI8, kT, kOnly, to_text<int64_t, format_int>, "Decimal digits.", "5000000000::text",
               "5000000000"),
    cast_entry(kF8, kT, kOnly, to_text<double, format_float8>,
               "The shortest text that reads back equal.", "1e15::float8::text", "1e+15"),
    cast_entry(kT, kI4, kOnly, text_to_int<kInt4Min, kInt4Max>, "Reads an integer.",
               "' 42 '::text::int4", "42"),
    cast_entry(kT, kI8, kOnly, text_to_int<kInt8Min, kInt8Max>, "Reads an integer.",
               "'-5000000000'::text::int8", "-5000000000"),
    cast_entry(kT, kF8, kOnly, text_to_float, "Reads a number, NaN or Infinity.",
               "'1e3'::text::float8", "1000"),
    cast_entry(kT, kB, kOnly, text_to_bool_each, "Reads true, yes, on, 1, false, no, off, 0.",
               "'yes'::text::bool", "true"),
};

}  // namespace

std::span<const Function> cast_functions() { return kEntries; }

}  // namespace millrace
