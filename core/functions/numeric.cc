// Functions and casts of numeric.

#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

#include "functions/decimal_math.h"
#include "functions/kernel.h"
#include "functions/made_text.h"

namespace millrace {
namespace {

using View = std::string_view;

void fail_math(const KernelCall& call, uint32_t row, MathFault fault) {
  switch (fault) {
    case MathFault::kNone: return;
    case MathFault::kDivisionByZero:
      return call.fail(row, sqlstate::kDivisionByZero, "division by zero");
    case MathFault::kOverflow:
      return call.fail(row, sqlstate::kNumericValueOutOfRange, "value overflows numeric format");
    case MathFault::kNegativeRoot:
      return call.fail(row, sqlstate::kInvalidArgumentForPower,
                       "cannot take square root of a negative number");
  }
}

template <NumericOp kOp>
void numeric2(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    MathFault fault = MathFault::kNone;
    out[row] =
        kOp(argument<View>(call, 0, row), argument<View>(call, 1, row), call.out.bytes, fault);
    if (fault != MathFault::kNone) fail_math(call, row, fault);
  });
}

void negate(const KernelCall& call) {
  ByteArena& arena = call.out.bytes;
  map1<View, View>(call, [&](View a) { return negate_numeric(a, arena); });
}
void same(const KernelCall& call) {
  map1<View, View>(call, [](View a) { return a; });
}
void absolute(const KernelCall& call) {
  map1<View, View>(call, [](View a) { return absolute_numeric(a); });
}
void sign_of(const KernelCall& call) {
  map1<View, View>(call, [](View a) {
    if (a[0] == 'N') return a;
    const int order = compare_numeric(a, "0");
    return order < 0 ? View("-1") : order > 0 ? View("1") : View("0");
  });
}

template <Rounding kRounding>
void round_whole(const KernelCall& call) {
  ByteArena& arena = call.out.bytes;
  map1<View, View>(call, [&](View a) { return round_numeric(a, 0, kRounding, arena); });
}
template <Rounding kRounding>
void round_places(const KernelCall& call) {
  ByteArena& arena = call.out.bytes;
  map2<View, View, int64_t>(call, [&](View a, int64_t places) {
    return round_numeric(a, static_cast<int32_t>(places), kRounding, arena);
  });
}

void square_root(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    MathFault fault = MathFault::kNone;
    out[row] = root_numeric(argument<View>(call, 0, row), call.out.bytes, fault);
    if (fault != MathFault::kNone) fail_math(call, row, fault);
  });
}

void scale(const KernelCall& call) {
  int64_t* out = cells_of<int64_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View value = argument<View>(call, 0, row);
    out[row] = scale_of(value);
    if (!is_finite_numeric(value)) call.out.set_cell(row, kNull, call.row_count);
  });
}

void trim_scale(const KernelCall& call) {
  map1<View, View>(call, [](View a) { return without_trailing_zeros(a); });
}

/// numeric(precision, scale): args are value, precision, scale.
void fit_precision(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View value = argument<View>(call, 0, row);
    const int64_t precision = argument<int64_t>(call, 1, row);
    const int64_t places = argument<int64_t>(call, 2, row);
    out[row] =
        round_numeric(value, static_cast<int32_t>(places), Rounding::kHalfAway, call.out.bytes);
    View whole = absolute_numeric(out[row]);
    whole = whole.substr(0, whole.find('.'));
    const bool fits = value[0] == 'N' ||
                      (is_finite_numeric(value) &&
                       (whole == "0" || static_cast<int64_t>(whole.size()) <= precision - places));
    if (!fits) call.fail(row, sqlstate::kNumericValueOutOfRange, "numeric field overflow");
  });
}

void int_to_numeric(const KernelCall& call) {
  ByteArena& arena = call.out.bytes;
  map1<View, int64_t>(call, [&](int64_t a) { return numeric_of_int(a, 0, arena); });
}

View numeric_of_float(double value, ByteArena& arena) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  char text[40];
  // Fifteen digits, as PostgreSQL takes them.
  const int length = std::snprintf(text, sizeof(text), "%.15g", value);
  View out;
  parse_numeric(arena.store({text, static_cast<size_t>(length)}), arena, out);
  return out;
}
void float_to_numeric(const KernelCall& call) {
  ByteArena& arena = call.out.bytes;
  map1<View, double>(call, [&](double a) { return numeric_of_float(a, arena); });
}

template <int64_t kMin, int64_t kMax>
void numeric_to_int_checked(const KernelCall& call) {
  constexpr View kName = kMin == INT32_MIN ? "integer" : "bigint";
  int64_t* out = cells_of<int64_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View value = argument<View>(call, 0, row);
    int64_t whole = 0;
    if (!is_finite_numeric(value)) {
      std::string text(value[0] == 'N' ? "cannot convert NaN to " : "cannot convert infinity to ");
      text += kName;
      call.fail(row, sqlstate::kFeatureNotSupported, std::move(text));
    } else if (!numeric_to_int(value, whole) || whole < kMin || whole > kMax) {
      std::string text(kName);
      text += " out of range";
      call.fail(row, sqlstate::kNumericValueOutOfRange, std::move(text));
    }
    out[row] = whole;
  });
}

void numeric_to_float(const KernelCall& call) {
  double* out = cells_of<double>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View value = argument<View>(call, 0, row);
    out[row] = 0;
    if (parse_float8(value, out[row]) == NumberFault::kNone) return;
    call.fail(row, sqlstate::kNumericValueOutOfRange,
              quoted_message("", value, " is out of range for type double precision"));
  });
}

void text_to_numeric(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View text = argument<View>(call, 0, row);
    out[row] = "0";
    const NumberFault fault = parse_numeric(text, call.out.bytes, out[row]);
    if (fault == NumberFault::kSyntax) {
      call.fail(row, sqlstate::kInvalidText,
                quoted_message("invalid input syntax for type numeric: ", text));
    } else if (fault == NumberFault::kRange) {
      call.fail(row, sqlstate::kNumericValueOutOfRange, "value overflows numeric format");
    }
  });
}

constexpr Type kN = Type::kNumeric, kI4 = Type::kInt4, kI8 = Type::kInt8, kF8 = Type::kFloat8,
               kT = Type::kText;

constexpr std::array kEntries = {
    entry("+", {kN, kN}, kN, numeric2<add_numeric>, "Adds exactly.", "0.1 + 0.20", "0.30"),
    entry("-", {kN, kN}, kN, numeric2<subtract_numeric>, "Subtracts exactly.", "0.3 - 0.1", "0.2"),
    entry("*", {kN, kN}, kN, numeric2<multiply_numeric>, "Multiplies exactly.", "1.5 * 1.50",
          "2.250"),
    entry("/", {kN, kN}, kN, numeric2<divide_numeric>,
          "Divides, to at least 16 significant digits.", "1 / 3.0", "0.33333333333333333333"),
    entry("%", {kN, kN}, kN, numeric2<modulo_numeric>, "Remainder with the sign of the first.",
          "-7.5 % 2", "-1.5"),
    entry("mod", {kN, kN}, kN, numeric2<modulo_numeric>, "Remainder, as %.", "mod(7.5, 2)", "1.5"),
    entry("div", {kN, kN}, kN, numeric2<whole_quotient>, "The quotient cut to a whole number.",
          "div(7.5, -2)", "-3"),
    entry("-", {kN}, kN, negate, "Negates.", "-(1.5 + 1)", "-2.5"),
    entry("+", {kN}, kN, same, "The value itself.", "+(1.5)", "1.5"),
    entry("abs", {kN}, kN, absolute, "Absolute value.", "abs(-1.50)", "1.50"),
    entry("sign", {kN}, kN, sign_of, "-1, 0 or 1.", "sign(-0.5)", "-1"),
    entry("round", {kN}, kN, round_whole<Rounding::kHalfAway>,
          "Nearest whole number, halves away from zero.", "round(2.5)", "3"),
    entry("round", {kN, kI4}, kN, round_places<Rounding::kHalfAway>,
          "To so many digits behind the point.", "round(2.345, 2)", "2.35"),
    entry("trunc", {kN}, kN, round_whole<Rounding::kTowardZero>, "Cuts towards zero.",
          "trunc(-1.7)", "-1"),
    entry("trunc", {kN, kI4}, kN, round_places<Rounding::kTowardZero>,
          "Cuts behind so many digits.", "trunc(2.349, 2)", "2.34"),
    entry("ceil", {kN}, kN, round_whole<Rounding::kUp>, "Next whole number up.", "ceil(1.2)", "2"),
    entry("ceiling", {kN}, kN, round_whole<Rounding::kUp>, "Next whole number up.", "ceiling(-1.2)",
          "-1"),
    entry("floor", {kN}, kN, round_whole<Rounding::kDown>, "Next whole number down.", "floor(-1.2)",
          "-2"),
    entry("sqrt", {kN}, kN, square_root, "Square root.", "sqrt(2.25)", "1.500000000000000"),
    entry("scale", {kN}, kI4, scale, "Digits behind the point.", "scale(1.50)", "2"),
    entry("trim_scale", {kN}, kN, trim_scale, "Without trailing zeros.", "trim_scale(1.50)", "1.5"),
    entry("numeric fit", {kN, kI4, kI4}, kN, fit_precision, "numeric(precision, scale).",
          "1.005::numeric(5, 2)", "1.01"),
};

constexpr Cast kOnly = Cast::kExplicit, kAlso = Cast::kImplicit;
constexpr std::array kCasts = {
    cast_entry(kI4, kN, kAlso, int_to_numeric, "Exact.", "1::numeric / 4",
               "0.25000000000000000000"),
    cast_entry(kI8, kN, kAlso, int_to_numeric, "Exact.", "5000000000::numeric", "5000000000"),
    cast_entry(kF8, kN, kOnly, float_to_numeric, "Fifteen significant digits.",
               "0.1::float8::numeric", "0.1"),
    cast_entry(kN, kF8, kAlso, numeric_to_float, "Nearest.", "0.1::float8 * 3",
               "0.30000000000000004"),
    cast_entry(kN, kI4, kOnly, numeric_to_int_checked<INT32_MIN, INT32_MAX>,
               "Rounds, halves away from zero.", "2.5::int4", "3"),
    cast_entry(kN, kI8, kOnly, numeric_to_int_checked<INT64_MIN, INT64_MAX>,
               "Rounds, halves away from zero.", "(-3.5)::int8", "-4"),
    cast_entry(kN, kT, kOnly, same, "All digits.", "1.50::text", "1.50"),
    cast_entry(kT, kN, kOnly, text_to_numeric, "Reads a decimal, NaN or Infinity.",
               "'1e3'::text::numeric", "1000"),
};

}  // namespace

std::span<const Function> numeric_functions() { return kEntries; }
std::span<const Function> numeric_casts() { return kCasts; }

}  // namespace millrace
