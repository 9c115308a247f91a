// to_char of numbers: the digits that a template wants, then the template.

#include <array>
#include <cmath>
#include <cstdio>

#include "columns/number_text.h"
#include "functions/decimal_math.h"
#include "functions/kernel.h"
#include "functions/made_text.h"
#include "functions/number_template.h"

namespace millrace {
namespace {

using View = std::string_view;

/// Digits of a float8 that PostgreSQL trusts.
constexpr int kFloatDigits = 15;

/// What one row gives: text as it is, or digits for the template.
struct Digits {
  std::string text;
  bool negative = false;
  int behind = 0;           ///< Digits behind the point that the template gets.
  bool whole_text = false;  ///< `text` is all: EEEE writes the number by itself.
  const char* fault = nullptr;
  View sqlstate = sqlstate::kNumericValueOutOfRange;
};

size_t whole_digits(View digits) { return std::min(digits.find('.'), digits.size()); }

/// Too many digits in front become #.
void fit(const NumberTemplate& form, Digits& out) {
  if (whole_digits(out.text) > static_cast<size_t>(form.digits_before() + form.shift()))
    out.text = form.overflowed(out.behind);
}

void cut_sign(Digits& out) {
  out.negative = out.text.starts_with('-');
  if (out.negative) out.text.erase(0, 1);
}

/// `%+.*e`, with a blank for the plus.
std::string float_scientific(double value, int places) {
  char text[400];
  const int size = std::snprintf(text, sizeof(text), "%+.*e", std::min(places, 300), value);
  if (text[0] == '+') text[0] = ' ';
  return {text, static_cast<size_t>(size)};
}

/// What EEEE makes of NaN and infinities.
std::string unwritable(const NumberTemplate& form) {
  std::string out(static_cast<size_t>(form.digits_before() + form.digits_behind() + 6), '#');
  out[0] = ' ';
  out[static_cast<size_t>(form.digits_before()) + 1] = '.';
  return out;
}

/// d.ddde+xx of a decimal, exact but for the rounding.
std::string decimal_scientific(View value, int places) {
  const bool negative = value.starts_with('-');
  if (negative) value.remove_prefix(1);
  const size_t point = whole_digits(value);
  const size_t first = value.find_first_not_of("0.");
  int exponent = 0;
  if (first != View::npos) {
    exponent = first < point ? static_cast<int>(point - first) - 1
                             : static_cast<int>(point) - static_cast<int>(first);
  }
  ByteArena arena;
  const int scale = places - exponent;
  std::string digits;
  for (const char c : round_numeric(value, scale, Rounding::kHalfAway, arena)) {
    if (c != '.' && !(digits.empty() && c == '0')) digits += c;
  }
  if (scale < 0) digits.resize(digits.size() - static_cast<size_t>(-scale));
  const auto behind = static_cast<size_t>(places);
  if (digits.size() < behind + 1) digits.insert(0, behind + 1 - digits.size(), '0');
  if (places > 0) digits.insert(digits.size() - behind, ".");
  char power[16];
  const int size = std::snprintf(power, sizeof(power), "e%+03d", exponent);
  return (negative ? "-" : " ") + digits + std::string(power, static_cast<size_t>(size));
}

void take_roman(double value, Digits& out) {
  out.text = NumberTemplate::roman_digits(std::fabs(value) < 1e6 ? std::lrint(value) : 0);
}

template <int64_t kMin, int64_t kMax>
struct IntDigits {
  using Cell = int64_t;
  static void take(int64_t value, const NumberTemplate& form, Digits& out) {
    constexpr bool kWide = kMax > INT32_MAX;
    const char* const range = kWide ? "bigint out of range" : "integer out of range";
    if (form.roman()) {
      if (value < INT32_MIN || value > INT32_MAX) out.fault = "integer out of range";
      return take_roman(static_cast<double>(value), out);
    }
    char text[kNumberTextMax];
    if (form.scientific()) {
      out.whole_text = true;
      out.text = kWide ? decimal_scientific({text, format_int(value, text)}, form.digits_behind())
                       : float_scientific(static_cast<double>(value), form.digits_behind());
      return;
    }
    for (int i = 0; i < form.shift(); ++i) {
      if (__builtin_mul_overflow(value, 10, &value) || value < kMin || value > kMax)
        out.fault = range;
    }
    out.text.assign(text, format_int(value, text));
    cut_sign(out);
    if (form.digits_behind() > 0) {
      out.text += '.';
      out.text.append(static_cast<size_t>(form.digits_behind()), '0');
    }
    fit(form, out);
  }
};

struct FloatDigits {
  using Cell = double;
  static void take(double value, const NumberTemplate& form, Digits& out) {
    if (form.roman()) return take_roman(std::isnan(value) ? 0 : value, out);
    if (form.scientific()) {
      out.whole_text = true;
      out.text =
          std::isfinite(value) ? float_scientific(value, form.digits_behind()) : unwritable(form);
      return;
    }
    value *= std::pow(10.0, form.shift());
    if (!std::isfinite(value)) {
      out.text = std::isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity";
    } else {
      char text[400];
      const int whole = std::snprintf(text, sizeof(text), "%.0f", std::fabs(value));
      out.behind = std::max(0, std::min(form.digits_behind(), kFloatDigits - whole));
      const int size = std::snprintf(text, sizeof(text), "%.*f", out.behind, value);
      out.text.assign(text, static_cast<size_t>(size));
    }
    cut_sign(out);
    fit(form, out);
  }
};

struct NumericDigits {
  using Cell = View;
  static void take(View value, const NumberTemplate& form, Digits& out) {
    ByteArena arena;
    const bool finite = is_finite_numeric(value);
    if (form.roman()) {
      int64_t whole = 0;
      const bool fits =
          finite && numeric_to_int(value, whole) && whole == static_cast<int32_t>(whole);
      if (!fits) out.fault = "integer out of range";
      if (!finite) {
        out.fault = "cannot convert NaN or infinity to integer";
        out.sqlstate = sqlstate::kFeatureNotSupported;
      }
      return take_roman(static_cast<double>(whole), out);
    }
    if (form.scientific()) {
      out.whole_text = true;
      out.text = finite ? decimal_scientific(value, form.digits_behind()) : unwritable(form);
      return;
    }
    if (finite && form.shift() > 0) {
      MathFault fault = MathFault::kNone;
      const std::string power = "1" + std::string(static_cast<size_t>(form.shift()), '0');
      value = multiply_numeric(value, power, arena, fault);
    }
    if (finite) value = round_numeric(value, form.digits_behind(), Rounding::kHalfAway, arena);
    out.text = value;
    cut_sign(out);
    fit(form, out);
  }
};

template <class Source>
void number_to_char(const KernelCall& call) {
  NumberTemplate form;
  bool read = false, good = false;
  each_row(call.rows, [&](uint32_t row) {
    call.out.texts[row] = {};
    if (!read || !call.args[1]->constant) good = form.read(argument<View>(call, 1, row));
    read = true;
    if (!good) return call.fail(row, sqlstate::kSyntax, form.fault());
    Digits digits;
    digits.behind = form.digits_behind();
    Source::take(argument<typename Source::Cell>(call, 0, row), form, digits);
    if (digits.fault) return call.fail(row, digits.sqlstate, digits.fault);
    const char first = digits.text.front();
    const bool counted = (first >= '0' && first <= '9') || first == '#' || digits.negative;
    if (form.ordinal() && !digits.whole_text && !counted)
      return call.fail(row, sqlstate::kInvalidText,
                       quoted_message("", digits.text, " is not a number"));
    call.out.texts[row] = call.out.bytes.store(
        digits.whole_text ? digits.text : form.write(digits.text, digits.negative, digits.behind));
  });
}

constexpr Type kT = Type::kText;
constexpr View kDoc = "Written by a template: 9 0 . , D G S MI PL SG PR FM TH V EEEE RN L.";

constexpr std::array kEntries = {
    entry("to_char", {Type::kInt4, kT}, kT, number_to_char<IntDigits<INT32_MIN, INT32_MAX>>, kDoc,
          "to_char(-42, 'S0000')", "-0042"),
    entry("to_char", {Type::kInt8, kT}, kT, number_to_char<IntDigits<INT64_MIN, INT64_MAX>>, kDoc,
          "to_char(5000000000, 'FM9,999,999,999')", "5,000,000,000"),
    entry("to_char", {Type::kFloat8, kT}, kT, number_to_char<FloatDigits>, kDoc,
          "to_char(0.1::float8, 'FM0.00')", "0.10"),
    entry("to_char", {Type::kNumeric, kT}, kT, number_to_char<NumericDigits>, kDoc,
          "to_char(1234.5, '9G999D99')", " 1,234.50"),
};

}  // namespace

std::span<const Function> number_to_char_functions() { return kEntries; }

}  // namespace millrace
