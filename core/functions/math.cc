// Mathematics on float8.

#include <array>
#include <cmath>

#include "functions/kernel.h"

namespace millrace {
namespace {

template <double (*kFunction)(double)>
void plain(const KernelCall& call) {
  map1<double, double>(call, [](double a) { return kFunction(a); });
}

double round_half_even(double a) { return std::rint(a); }  // As PostgreSQL's round(float8).
double round_up(double a) { return std::ceil(a); }
double round_down(double a) { return std::floor(a); }
double cut(double a) { return std::trunc(a); }
double sign_of(double a) { return a > 0 ? 1 : a < 0 ? -1 : 0; }  // NaN gives 0, as there.

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

struct DecimalLogarithm {
  static double apply(double a, bool& bad) {
    bad |= a <= 0;
    return std::log10(a);
  }
  static Fault fault(double a) { return Logarithm::fault(a); }
};

constexpr double kPi = 3.14159265358979323846;

/// sin, cos and tan know nothing of infinity; asin and acos nothing beyond 1.
template <double (*kFunction)(double), bool kOfFraction>
struct Angle {
  static double apply(double a, bool& bad) {
    bad |= kOfFraction ? a < -1 || a > 1 : std::isinf(a);
    return kFunction(a);
  }
  static Fault fault(double) {
    return {sqlstate::kNumericValueOutOfRange, "input is out of range"};
  }
};

struct Degrees {
  static double apply(double a, bool& bad) {
    const double value = a / (kPi / 180);
    bad |= std::isinf(value) && !std::isinf(a);
    return value;
  }
  static Fault fault(double) { return kOverflow; }
};
struct Radians {
  static double apply(double a, bool& bad) {
    const double value = a * (kPi / 180);
    bad |= value == 0 && a != 0;
    return value;
  }
  static Fault fault(double) { return kUnderflow; }
};
double arc(double y, double x) { return std::atan2(y, x); }
void arc_tangent2(const KernelCall& call) { map2<double, double, double>(call, arc); }
void pi(const KernelCall& call) {
  double* out = cells_of<double>(call.out);
  each_row(call.rows, [=](uint32_t row) { out[row] = kPi; });
}

double sine(double a) { return std::sin(a); }
double cosine(double a) { return std::cos(a); }
double tangent(double a) { return std::tan(a); }
double arc_sine(double a) { return std::asin(a); }
double arc_cosine(double a) { return std::acos(a); }
double arc_tangent(double a) { return std::atan(a); }
double cube_root(double a) { return std::cbrt(a); }

constexpr Type kF8 = Type::kFloat8;

constexpr std::array kEntries = {
    entry("round", {kF8}, kF8, plain<round_half_even>, "Nearest whole number, halves to even.",
          "round(2.5::float8)", "2"),
    entry("ceil", {kF8}, kF8, plain<round_up>, "Next whole number up.", "ceil(1.2::float8)", "2"),
    entry("ceiling", {kF8}, kF8, plain<round_up>, "Next whole number up.",
          "ceiling((-1.2)::float8)", "-1"),
    entry("floor", {kF8}, kF8, plain<round_down>, "Next whole number down.",
          "floor((-1.2)::float8)", "-2"),
    entry("trunc", {kF8}, kF8, plain<cut>, "Cuts towards zero.", "trunc((-1.7)::float8)", "-1"),
    entry("sign", {kF8}, kF8, plain<sign_of>, "-1, 0 or 1.", "sign((-0.5)::float8)", "-1"),
    entry("sqrt", {kF8}, kF8, checked1<SquareRoot, double, double>, "Square root.",
          "sqrt(2.25::float8)", "1.5"),
    entry("ln", {kF8}, kF8, checked1<Logarithm, double, double>, "Natural logarithm.", "ln(1)",
          "0"),
    entry("log", {kF8}, kF8, checked1<DecimalLogarithm, double, double>, "Logarithm to base 10.",
          "log(1000::float8)", "3"),
    entry("log10", {kF8}, kF8, checked1<DecimalLogarithm, double, double>, "Logarithm to base 10.",
          "log10(100::float8)", "2"),
    entry("cbrt", {kF8}, kF8, plain<cube_root>, "Cube root.", "cbrt(1)", "1"),
    entry("pi", {}, kF8, pi, "The ratio of circle and diameter.", "pi()", "3.141592653589793"),
    entry("degrees", {kF8}, kF8, checked1<Degrees, double, double>, "Radians to degrees.",
          "degrees(pi())", "180"),
    entry("radians", {kF8}, kF8, checked1<Radians, double, double>, "Degrees to radians.",
          "radians(180)", "3.141592653589793"),
    entry("sin", {kF8}, kF8, checked1<Angle<sine, false>, double, double>, "Sine.", "sin(0)", "0"),
    entry("cos", {kF8}, kF8, checked1<Angle<cosine, false>, double, double>, "Cosine.", "cos(0)",
          "1"),
    entry("tan", {kF8}, kF8, checked1<Angle<tangent, false>, double, double>, "Tangent.", "tan(0)",
          "0"),
    entry("asin", {kF8}, kF8, checked1<Angle<arc_sine, true>, double, double>, "Arc sine.",
          "asin(0)", "0"),
    entry("acos", {kF8}, kF8, checked1<Angle<arc_cosine, true>, double, double>, "Arc cosine.",
          "acos(1)", "0"),
    entry("atan", {kF8}, kF8, plain<arc_tangent>, "Arc tangent.", "atan(0)", "0"),
    entry("atan2", {kF8, kF8}, kF8, arc_tangent2, "The angle of a point (y, x).", "atan2(0, -1)",
          "3.141592653589793"),
    entry("exp", {kF8}, kF8, checked1<Exponential, double, double>, "e to this power.", "exp(0)",
          "1"),
    entry("power", {kF8, kF8}, kF8, checked2<Power, double, double, double>,
          "The first to the power of the second.", "power(2::float8, 10)", "1024"),
    entry("^", {kF8, kF8}, kF8, checked2<Power, double, double, double>,
          "The first to the power of the second.", "2 ^ 0.5 * 2 ^ 0.5 > 1.99", "true"),
};

}  // namespace

std::span<const Function> math_functions() { return kEntries; }

}  // namespace millrace
