// count, sum and avg. Integer sums accumulate in 128 bits and are judged once, on the emitted
// value (semantics R47), so that neither order nor merging decides whether they overflow.

#include <array>
#include <cmath>
#include <limits>

#include "aggregates/state.h"
#include "base/int128.h"
#include "functions/decimal_math.h"

namespace millrace {
namespace {

struct Count {
  int64_t rows = 0;

  void merge(const Count& from) { rows += from.rows; }
  void emit(Column& out, RowErrors&) const { append_int(out, rows); }
  void encode(std::string& out) const { put(out, rows); }
  bool decode(std::string_view& in) { return take(in, rows) && rows >= 0; }
};

/// The 128-bit sum and how many values are in it.
struct IntSum {
  int128 sum = 0;
  int64_t values = 0;

  void add(int64_t value) {
    sum += value;
    ++values;
  }
  void retract(int64_t value) {
    sum -= value;
    --values;
  }
  void merge(const IntSum& from) {
    sum += from.sum;
    values += from.values;
  }
  void encode(std::string& out) const {
    put(out, sum);
    put(out, values);
  }
  bool decode(std::string_view& in) { return take(in, sum) && take(in, values) && values >= 0; }
};

struct IntTotal : IntSum {
  void merge(const IntTotal& from) { IntSum::merge(from); }
  void emit(Column& out, RowErrors& errors) const {
    if (values == 0) return append_null(out);
    const bool fits =
        sum >= std::numeric_limits<int64_t>::min() && sum <= std::numeric_limits<int64_t>::max();
    if (fits) return append_int(out, static_cast<int64_t>(sum));
    append_failure(out, errors, sqlstate::kNumericValueOutOfRange, "sum: bigint out of range");
  }
};

struct IntMean : IntSum {
  void merge(const IntMean& from) { IntSum::merge(from); }
  void emit(Column& out, RowErrors&) const {
    if (values == 0) return append_null(out);
    append_float(out, static_cast<double>(sum) / static_cast<double>(values));
  }
};

/// Left to right: the caller's order of folding and merging decides the last bits, so it must be
/// the log's (semantics R47).
struct FloatSum {
  double sum = 0;
  int64_t values = 0;
  bool infinite = false;  ///< An argument was: then an infinite sum is no overflow.

  void add(double value) {
    sum = values == 0 ? value : sum + value;  // Not 0 + value: the sum of -0.0 is -0.0.
    infinite = infinite || std::isinf(value);
    ++values;
  }
  void merge(const FloatSum& from) {
    if (from.values == 0) return;
    sum = values == 0 ? from.sum : sum + from.sum;
    infinite = infinite || from.infinite;
    values += from.values;
  }
  /// False: NULL or the error was appended.
  bool check(Column& out, RowErrors& errors) const {
    if (values == 0) {
      append_null(out);
      return false;
    }
    if (std::isinf(sum) && !infinite) {
      append_failure(out, errors, sqlstate::kNumericValueOutOfRange,
                     "value out of range: overflow");
      return false;
    }
    return true;
  }
  void encode(std::string& out) const {
    put(out, sum);
    put(out, values);
    put(out, static_cast<uint8_t>(infinite));
  }
  bool decode(std::string_view& in) {
    return take(in, sum) && take(in, values) && take_flag(in, infinite) && values >= 0;
  }
};

struct FloatTotal : FloatSum {
  void merge(const FloatTotal& from) { FloatSum::merge(from); }
  void emit(Column& out, RowErrors& errors) const {
    if (check(out, errors)) append_float(out, sum);
  }
};

struct FloatMean : FloatSum {
  void merge(const FloatMean& from) { FloatSum::merge(from); }
  void emit(Column& out, RowErrors& errors) const {
    if (check(out, errors)) append_float(out, sum / static_cast<double>(values));
  }
};

/// Exact; as many digits behind the point as the finest value has.
struct DecimalSum {
  std::string sum = "0";
  int64_t values = 0;

  void add(std::string_view value) {
    ByteArena arena;
    MathFault fault = MathFault::kNone;
    sum = std::string(add_numeric(sum, value, arena, fault));
    ++values;
  }
  void merge(const DecimalSum& from) {
    const int64_t both = values + from.values;
    add(from.sum);
    values = both;
  }
  void encode(std::string& out) const {
    put_bytes(out, sum);
    put(out, values);
  }
  bool decode(std::string_view& in) {
    return take_bytes(in, sum) && take(in, values) && values >= 0;
  }
};

struct DecimalTotal : DecimalSum {
  void merge(const DecimalTotal& from) { DecimalSum::merge(from); }
  void emit(Column& out, RowErrors&) const {
    values == 0 ? append_null(out) : append_text(out, sum);
  }
};

struct DecimalMean : DecimalSum {
  void merge(const DecimalMean& from) { DecimalSum::merge(from); }
  void emit(Column& out, RowErrors&) const {
    if (values == 0) return append_null(out);
    ByteArena arena;
    MathFault fault = MathFault::kNone;
    append_text(out, divide_numeric(sum, numeric_of_int(values, 0, arena), arena, fault));
  }
};

template <class State>
void add_decimals(std::byte* const* states, const Column* argument, Selection rows) {
  each_state<State>(states, *argument, rows,
                    [&](State& state, uint32_t at) { state.add(argument->texts[at]); });
}

void count_rows(std::byte* const* states, const Column*, Selection rows) {
  for (uint32_t i = 0; i < rows.count; ++i) ++state_at<Count>(states[i]).rows;
}

void uncount_rows(std::byte* const* states, const Column*, Selection rows) {
  for (uint32_t i = 0; i < rows.count; ++i) --state_at<Count>(states[i]).rows;
}

void count_values(std::byte* const* states, const Column* argument, Selection rows) {
  each_state<Count>(states, *argument, rows, [](Count& state, uint32_t) { ++state.rows; });
}

void uncount_values(std::byte* const* states, const Column* argument, Selection rows) {
  each_state<Count>(states, *argument, rows, [](Count& state, uint32_t) { --state.rows; });
}

template <class State>
void add_ints(std::byte* const* states, const Column* argument, Selection rows) {
  const int64_t* values = argument->ints.data();
  each_state<State>(states, *argument, rows,
                    [=](State& state, uint32_t at) { state.add(values[at]); });
}

template <class State>
void retract_ints(std::byte* const* states, const Column* argument, Selection rows) {
  const int64_t* values = argument->ints.data();
  each_state<State>(states, *argument, rows,
                    [=](State& state, uint32_t at) { state.retract(values[at]); });
}

template <class State>
void add_floats(std::byte* const* states, const Column* argument, Selection rows) {
  const double* values = argument->floats.data();
  each_state<State>(states, *argument, rows,
                    [=](State& state, uint32_t at) { state.add(values[at]); });
}

constexpr Type kI4 = Type::kInt4, kI8 = Type::kInt8, kF8 = Type::kFloat8, kN = Type::kNumeric;

constexpr AggregateKernel kIntTotal =
    kernel_of<IntTotal>(add_ints<IntTotal>, retract_ints<IntTotal>);
constexpr AggregateKernel kIntMean = kernel_of<IntMean>(add_ints<IntMean>, retract_ints<IntMean>);

const std::array kEntries = {
    AggregateFunction{"count", std::nullopt, false, kI8, 1,
                      kernel_of<Count>(count_rows, uncount_rows), "Rows.", "count(*)"},
    AggregateFunction{"count", std::nullopt, true, kI8, 1,
                      kernel_of<Count>(count_values, uncount_values),
                      "Rows whose value is not NULL.", "count(x)"},
    AggregateFunction{"sum", kI4, false, kI8, 1, kIntTotal, "Sum; NULL of no values.", "sum(x)"},
    AggregateFunction{"sum", kI8, false, kI8, 1, kIntTotal,
                      "Sum; an error if the result does not fit int8.", "sum(x)"},
    AggregateFunction{"sum",
                      kF8,
                      false,
                      kF8,
                      1,
                      kernel_of<FloatTotal>(add_floats<FloatTotal>),
                      "Sum in the order of the records; over a table the exact sum, rounded once.",
                      "sum(x)",
                      {},
                      false,
                      false,
                      &exact_sum_kernel()},
    AggregateFunction{"sum", kN, false, kN, 1, kernel_of<DecimalTotal>(add_decimals<DecimalTotal>),
                      "Exact sum.", "sum(x)"},
    AggregateFunction{"avg", kN, false, kN, 1, kernel_of<DecimalMean>(add_decimals<DecimalMean>),
                      "Mean, to at least 16 significant digits.", "avg(x)"},
    AggregateFunction{"avg", kI4, false, kF8, 1, kIntMean, "Mean; NULL of no values.", "avg(x)"},
    AggregateFunction{"avg", kI8, false, kF8, 1, kIntMean, "Mean; NULL of no values.", "avg(x)"},
    AggregateFunction{"avg",
                      kF8,
                      false,
                      kF8,
                      1,
                      kernel_of<FloatMean>(add_floats<FloatMean>),
                      "Mean in the order of the records; over a table of the exact sum.",
                      "avg(x)",
                      {},
                      false,
                      false,
                      &exact_mean_kernel()},
};

}  // namespace

std::span<const AggregateFunction> sum_aggregates() { return kEntries; }

}  // namespace millrace
