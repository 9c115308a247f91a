// Mathematics on float8.

#include <array>
#include <cmath>

#include "expr/kernel.h"

namespace millrace {
namespace {

template <double (*kFunction)(double)>
void plain(const KernelCall& call) {
  map1<double, double>(call, [](double a) { return kFunction(a); });
}

double round_half_even(double a) {
  return std::rint(a);
}  // As PostgreSQL's round(float8).
double round_up(double a) {
  return std::ceil(a);
}
double round_down(double a) {
  return std::floor(a);
}
double cut(double a) {
  return std::trunc(a);
}
double sign_of(double a) {
  return a > 0 ? 1 : a < 0 ? -1 : 0;
}  // NaN gives 0, as there.

constexpr Fault kOverflow = {sqlstate::kNumericValueOutOfRange, "value out of range: overflow"};
constexpr Fault kUnderflow = {sqlstate::kNumericValueOutOfRange, "value out of range: underflow"};

struct SquareRoot {
  static double apply(double a, bool& bad) {
    bad |= a < 0;
    return std::sqrt(a);
  }
  static Fault fault(double) {
    return {sqlstate::kInvalidArgumentForPower, "cannot take square root of a negative number"};
  }
};

struct Logarithm {
  static double apply(double a, bool& bad) {
    bad |= a <= 0;
    return std::log(a);
  }
  static Fault fault(double a) {
    return {sqlstate::kInvalidArgumentForLog, a == 0
                                                  ? "cannot take logarithm of zero"
                                                  : "cannot take logarithm of a negative number"};
  }
};

struct Exponential {
  static double apply(double a, bool& bad) {
    const double value = std::exp(a);
    bad |= (std::isinf(value) || value == 0) && !std::isinf(a);
    return value;
  }
  static Fault fault(double a) { return a > 0 ? kOverflow : kUnderflow; }
};

struct Power {
  static double apply(double a, double b, bool& bad) {
    const double value = std::pow(a, b);
    bad |= a == 0 && b < 0;
    bad |= a < 0 && std::floor(b) != b && !std::isnan(b);
    bad |= std::isinf(value) && !std::isinf(a) && !std::isinf(b);
    bad |= value == 0 && a != 0 && !std::isinf(a) && !std::isinf(b);
    return value;
  }
  static Fault fault(double a, double b) {
    if (a == 0 && b < 0) {
      return {sqlstate::kInvalidArgumentForPower, "zero raised to a negative power is undefined"};
    }
    if (a < 0 && std::floor(b) != b) {
      return {sqlstate::kInvalidArgumentForPower,
              "a negative number raised to a non-integer power yields a complex result"};
    }
    return std::pow(a, b) == 0 ? kUnderflow : kOverflow;
  }
};

constexpr Type kF8 = Type::kFloat8;

constexpr std::array kEntries = {
    entry("round", {kF8}, kF8, plain<round_half_even>, "Nearest whole number, halves to even.",
          "round(2.5)", "2"),
    entry("ceil", {kF8}, kF8, plain<round_up>, "Next whole number up.", "ceil(1.2)", "2"),
    entry("ceiling", {kF8}, kF8, plain<round_up>, "Next whole number up.", "ceiling(-1.2)", "-1"),
    entry("floor", {kF8}, kF8, plain<round_down>, "Next whole number down.", "floor(-1.2)", "-2"),
    entry("trunc", {kF8}, kF8, plain<cut>, "Cuts towards zero.", "trunc(-1.7)", "-1"),
    entry("sign", {kF8}, kF8, plain<sign_of>, "-1, 0 or 1.", "sign(-0.5)", "-1"),
    entry("sqrt", {kF8}, kF8, checked1<SquareRoot, double, double>, "Square root.", "sqrt(2.25)",
          "1.5"),
    entry("ln", {kF8}, kF8, checked1<Logarithm, double, double>, "Natural logarithm.", "ln(1)",
          "0"),
    entry("exp", {kF8}, kF8, checked1<Exponential, double, double>, "e to this power.", "exp(0)",
          "1"),
    entry("power", {kF8, kF8}, kF8, checked2<Power, double, double, double>,
          "The first to the power of the second.", "power(2, 10)", "1024"),
    entry("^", {kF8, kF8}, kF8, checked2<Power, double, double, double>,
          "The first to the power of the second.", "2 ^ 0.5 * 2 ^ 0.5 > 1.99", "true"),
};

}  // namespace

std::span<const Function> math_functions() {
  return kEntries;
}

}  // namespace millrace
