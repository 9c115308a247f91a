// Arithmetic with PostgreSQL's checks: nothing wraps, nothing becomes infinite in silence.

#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "functions/kernel.h"

namespace millrace {
namespace {

constexpr Fault kDivision = {sqlstate::kDivisionByZero, "division by zero"};
constexpr Fault kOverflow = {sqlstate::kNumericValueOutOfRange, "value out of range: overflow"};
constexpr Fault kUnderflow = {sqlstate::kNumericValueOutOfRange, "value out of range: underflow"};

/// int4 lies in int64 cells, so its operations cannot wrap there; only the range is checked.
struct Int4 {
  static constexpr Fault kRange = {sqlstate::kNumericValueOutOfRange, "integer out of range"};
  static int64_t in_range(int64_t value, bool& bad) {
    bad |= value != static_cast<int32_t>(value);
    return value;
  }
  static int64_t add(int64_t a, int64_t b, bool& bad) { return in_range(a + b, bad); }
  static int64_t subtract(int64_t a, int64_t b, bool& bad) { return in_range(a - b, bad); }
  static int64_t multiply(int64_t a, int64_t b, bool& bad) { return in_range(a * b, bad); }
  static constexpr int64_t kMin = std::numeric_limits<int32_t>::min();
};

struct Int8 {
  static constexpr Fault kRange = {sqlstate::kNumericValueOutOfRange, "bigint out of range"};
  static int64_t add(int64_t a, int64_t b, bool& bad) {
    int64_t value;
    bad |= __builtin_add_overflow(a, b, &value);
    return value;
  }
  static int64_t subtract(int64_t a, int64_t b, bool& bad) {
    int64_t value;
    bad |= __builtin_sub_overflow(a, b, &value);
    return value;
  }
  static int64_t multiply(int64_t a, int64_t b, bool& bad) {
    int64_t value;
    bad |= __builtin_mul_overflow(a, b, &value);
    return value;
  }
  static constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
};

template <class Int>
struct AddInt {
  static int64_t apply(int64_t a, int64_t b, bool& bad) { return Int::add(a, b, bad); }
  static Fault fault(int64_t, int64_t) { return Int::kRange; }
};
template <class Int>
struct SubtractInt {
  static int64_t apply(int64_t a, int64_t b, bool& bad) { return Int::subtract(a, b, bad); }
  static Fault fault(int64_t, int64_t) { return Int::kRange; }
};
template <class Int>
struct MultiplyInt {
  static int64_t apply(int64_t a, int64_t b, bool& bad) { return Int::multiply(a, b, bad); }
  static Fault fault(int64_t, int64_t) { return Int::kRange; }
};
template <class Int>
struct DivideInt {
  static int64_t apply(int64_t a, int64_t b, bool& bad) {
    const bool faulty = b == 0 || (b == -1 && a == Int::kMin);
    bad |= faulty;
    return faulty ? 0 : a / b;
  }
  static Fault fault(int64_t, int64_t b) { return b == 0 ? kDivision : Int::kRange; }
};
struct ModuloInt {
  static int64_t apply(int64_t a, int64_t b, bool& bad) {
    bad |= b == 0;
    return b == 0 || b == -1 ? 0 : a % b;  // INT64_MIN % -1 traps in the processor.
  }
  static Fault fault(int64_t, int64_t) { return kDivision; }
};
template <class Int>
struct NegateInt {
  static int64_t apply(int64_t a, bool& bad) { return Int::subtract(0, a, bad); }
  static Fault fault(int64_t) { return Int::kRange; }
};
template <class Int>
struct AbsInt {
  static int64_t apply(int64_t a, bool& bad) { return a < 0 ? Int::subtract(0, a, bad) : a; }
  static Fault fault(int64_t) { return Int::kRange; }
};

template <class Int>
struct CommonDivisor {
  static int64_t apply(int64_t a, int64_t b, bool& bad) {
    const auto size = [](int64_t x) {
      return x < 0 ? 0 - static_cast<uint64_t>(x) : static_cast<uint64_t>(x);
    };
    const uint64_t divisor = std::gcd(size(a), size(b));
    bad |= divisor > static_cast<uint64_t>(-(Int::kMin + 1));
    return static_cast<int64_t>(divisor);
  }
  static Fault fault(int64_t, int64_t) { return Int::kRange; }
};

// Infinite results are faults only where no operand was infinite.

struct AddFloat {
  static double apply(double a, double b, bool& bad) {
    const double value = a + b;
    bad |= std::isinf(value) && !std::isinf(a) && !std::isinf(b);
    return value;
  }
  static Fault fault(double, double) { return kOverflow; }
};
struct SubtractFloat {
  static double apply(double a, double b, bool& bad) { return AddFloat::apply(a, -b, bad); }
  static Fault fault(double, double) { return kOverflow; }
};
struct MultiplyFloat {
  static double apply(double a, double b, bool& bad) {
    const double value = a * b;
    bad |= std::isinf(value) && !std::isinf(a) && !std::isinf(b);
    bad |= value == 0 && a != 0 && b != 0;
    return value;
  }
  static Fault fault(double a, double b) { return a * b == 0 ? kUnderflow : kOverflow; }
};
struct DivideFloat {
  static double apply(double a, double b, bool& bad) {
    const double value = a / b;
    bad |= b == 0 && !std::isnan(a);
    bad |= std::isinf(value) && !std::isinf(a);
    bad |= value == 0 && a != 0 && !std::isinf(b);
    return value;
  }
  static Fault fault(double a, double b) {
    if (b == 0) return kDivision;
    return a / b == 0 ? kUnderflow : kOverflow;
  }
};

void negate_float(const KernelCall& call) {
  map1<double, double>(call, [](double a) { return -a; });
}
void abs_float(const KernelCall& call) {
  map1<double, double>(call, [](double a) { return std::fabs(a); });
}
template <class T>
void same(const KernelCall& call) {
  map1<T, T>(call, [](T a) { return a; });
}

template <class Op>
void int2(const KernelCall& call) {
  checked2<Op, int64_t, int64_t, int64_t>(call);
}
template <class Op>
void int1(const KernelCall& call) {
  checked1<Op, int64_t, int64_t>(call);
}
template <class Op>
void float2(const KernelCall& call) {
  checked2<Op, double, double, double>(call);
}

constexpr Type kI4 = Type::kInt4, kI8 = Type::kInt8, kF8 = Type::kFloat8;

constexpr std::array kEntries = {
    entry("+", {kI4, kI4}, kI4, int2<AddInt<Int4>>, "Adds.", "1 + 2", "3"),
    entry("+", {kI8, kI8}, kI8, int2<AddInt<Int8>>, "Adds.", "5000000000 + 1", "5000000001"),
    entry("+", {kF8, kF8}, kF8, float2<AddFloat>, "Adds.", "1.5 + 1", "2.5"),
    entry("-", {kI4, kI4}, kI4, int2<SubtractInt<Int4>>, "Subtracts.", "1 - 2", "-1"),
    entry("-", {kI8, kI8}, kI8, int2<SubtractInt<Int8>>, "Subtracts.", "5000000000 - 1",
          "4999999999"),
    entry("-", {kF8, kF8}, kF8, float2<SubtractFloat>, "Subtracts.", "1.5 - 1", "0.5"),
    entry("*", {kI4, kI4}, kI4, int2<MultiplyInt<Int4>>, "Multiplies.", "6 * 7", "42"),
    entry("*", {kI8, kI8}, kI8, int2<MultiplyInt<Int8>>, "Multiplies.", "5000000000 * 2",
          "10000000000"),
    entry("*", {kF8, kF8}, kF8, float2<MultiplyFloat>, "Multiplies.", "1.5::float8 * 2", "3"),
    entry("/", {kI4, kI4}, kI4, int2<DivideInt<Int4>>, "Divides, cutting towards zero.", "-7 / 2",
          "-3"),
    entry("/", {kI8, kI8}, kI8, int2<DivideInt<Int8>>, "Divides, cutting towards zero.",
          "-7000000000 / 2000000000", "-3"),
    entry("/", {kF8, kF8}, kF8, float2<DivideFloat>, "Divides.", "7::float8 / 2", "3.5"),
    entry("%", {kI4, kI4}, kI4, int2<ModuloInt>, "Remainder with the sign of the first.", "-7 % 2",
          "-1"),
    entry("%", {kI8, kI8}, kI8, int2<ModuloInt>, "Remainder with the sign of the first.",
          "-7000000000 % 2000000000", "-1000000000"),
    entry("mod", {kI4, kI4}, kI4, int2<ModuloInt>, "Remainder, as %.", "mod(7, 4)", "3"),
    entry("mod", {kI8, kI8}, kI8, int2<ModuloInt>, "Remainder, as %.", "mod(7000000000, 4)", "0"),
    entry("-", {kI4}, kI4, int1<NegateInt<Int4>>, "Negates.", "-(2 + 3)", "-5"),
    entry("-", {kI8}, kI8, int1<NegateInt<Int8>>, "Negates.", "-(5000000000 + 1)", "-5000000001"),
    entry("-", {kF8}, kF8, negate_float, "Negates.", "-(1.5 + 1)", "-2.5"),
    entry("+", {kI4}, kI4, same<int64_t>, "The value itself.", "+(5)", "5"),
    entry("+", {kI8}, kI8, same<int64_t>, "The value itself.", "+(5000000000)", "5000000000"),
    entry("+", {kF8}, kF8, same<double>, "The value itself.", "+(1.5)", "1.5"),
    entry("gcd", {kI4, kI4}, kI4, int2<CommonDivisor<Int4>>, "Greatest common divisor.",
          "gcd(12, -18)", "6"),
    entry("gcd", {kI8, kI8}, kI8, int2<CommonDivisor<Int8>>, "Greatest common divisor.",
          "gcd(12000000000, 18)", "6"),
    entry("abs", {kI4}, kI4, int1<AbsInt<Int4>>, "Absolute value.", "abs(-5)", "5"),
    entry("abs", {kI8}, kI8, int1<AbsInt<Int8>>, "Absolute value.", "abs(-5000000000)",
          "5000000000"),
    entry("abs", {kF8}, kF8, abs_float, "Absolute value.", "abs(-1.5)", "1.5"),
};

}  // namespace

std::span<const Function> arithmetic_functions() { return kEntries; }

}  // namespace millrace
