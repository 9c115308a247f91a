// stddev and variance. Of integers and decimals they are exact sums, so that no order matters; of
// float8 they are Youngs and Cramer's running sums, merged as PostgreSQL merges them.

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "aggregates/state.h"
#include "base/int128.h"
#include "functions/decimal_math.h"

namespace millrace {
namespace {

using View = std::string_view;

enum class Wanted : uint8_t { kVariance, kDeviation };

/// n, the sum and the sum of squares, as decimals.
struct ExactMoments {
  int64_t values = 0;
  std::string sum = "0", squares = "0";

  void add(View value) {
    ByteArena arena;
    MathFault fault = MathFault::kNone;
    const View square = multiply_numeric(value, value, arena, fault);
    raise(sum, value, arena);
    raise(squares, square, arena);
    ++values;
  }
  void merge(const ExactMoments& from) {
    ByteArena arena;
    raise(sum, from.sum, arena);
    raise(squares, from.squares, arena);
    values += from.values;
  }
  static void raise(std::string& total, View by, ByteArena& arena) {
    MathFault fault = MathFault::kNone;
    total = std::string(add_numeric(total, by, arena, fault));
  }
  void encode(std::string& out) const {
    put(out, values);
    put_bytes(out, sum);
    put_bytes(out, squares);
  }
  bool decode(std::string_view& in) {
    return take(in, values) && take_bytes(in, sum) && take_bytes(in, squares) && values >= 0;
  }
  /// (n * squares - sum * sum) / (n * divisor), PostgreSQL's own steps.
  void emit(Column& out, bool sample, Wanted wanted) const {
    if (values == 0 || (sample && values == 1)) return append_null(out);
    ByteArena arena;
    MathFault fault = MathFault::kNone;
    const View n = numeric_of_int(values, 0, arena);
    const View above = subtract_numeric(multiply_numeric(n, squares, arena, fault),
                                        multiply_numeric(sum, sum, arena, fault), arena, fault);
    if (!is_finite_numeric(above)) return append_text(out, "NaN");
    if (compare_numeric(above, "0") <= 0) return append_text(out, "0");
    const View below =
        multiply_numeric(n, numeric_of_int(values - (sample ? 1 : 0), 0, arena), arena, fault);
    const View variance = divide_numeric(above, below, arena, fault);
    append_text(out, wanted == Wanted::kVariance
                         ? variance
                         : root_to_scale(variance, scale_of(variance), arena));
  }
};

/// Integers add up faster in 128 bits and as many squares as fit; then in decimals.
struct IntMoments {
  int128 sum = 0;
  uint128 squares = 0;
  int64_t values = 0;
  int64_t carries = 0;  ///< How often the squares ran over.

  void add(int64_t value) {
    const auto size = static_cast<uint128>(value < 0 ? -static_cast<int128>(value) : value);
    raise(size * size);
    sum += value;
    ++values;
  }
  void raise(uint128 by) {
    squares += by;
    carries += squares < by;
  }
  void merge(const IntMoments& from) {
    raise(from.squares);
    carries += from.carries;
    sum += from.sum;
    values += from.values;
  }
  void encode(std::string& out) const {
    put(out, sum);
    put(out, squares);
    put(out, values);
    put(out, carries);
  }
  bool decode(std::string_view& in) {
    return take(in, sum) && take(in, squares) && take(in, values) && take(in, carries) &&
           values >= 0;
  }
  void emit(Column& out, bool sample, Wanted wanted) const {
    ByteArena arena;
    MathFault fault = MathFault::kNone;
    const View word = "18446744073709551616";  // 2^64
    const auto joined = [&](uint128 value) {
      // In three words of 62 bits, which int64 holds.
      View total = "0";
      for (int shift = 124; shift >= 0; shift -= 62) {
        const auto part = static_cast<int64_t>(value >> shift & ((uint128{1} << 62) - 1));
        total = add_numeric(multiply_numeric(total, "4611686018427387904", arena, fault),
                            numeric_of_int(part, 0, arena), arena, fault);
      }
      return total;
    };
    const View wrapped = multiply_numeric(multiply_numeric(word, word, arena, fault),
                                          numeric_of_int(carries, 0, arena), arena, fault);
    ExactMoments exact;
    exact.values = values;
    const View magnitude = joined(static_cast<uint128>(sum < 0 ? -sum : sum));
    exact.sum = std::string(sum < 0 ? negate_numeric(magnitude, arena) : magnitude);
    exact.squares = std::string(add_numeric(joined(squares), wrapped, arena, fault));
    exact.emit(out, sample, wanted);
  }
};

struct FloatMoments {
  double n = 0, sum = 0, spread = 0;  ///< spread: sum of squared distances from the mean.
  uint8_t seen = 0;  ///< kOdd: NaN or an infinity came; kOverflow: finite sums became infinite.

  static constexpr uint8_t kOdd = 1, kOverflow = 2;

  void add(double value) {
    n += 1;
    sum += value;
    if (!std::isfinite(value)) seen |= kOdd;
    if (n == 1) return;
    const double distance = value * n - sum;
    spread += distance * distance / (n * (n - 1));
    settle();
  }
  void merge(const FloatMoments& from) {
    if (from.n == 0) return;
    if (n == 0) {
      *this = from;
      return;
    }
    seen |= from.seen;
    const double both = n + from.n, distance = sum / n - from.sum / from.n;
    spread += from.spread + n * from.n * distance * distance / both;
    sum += from.sum;
    n = both;
    settle();
  }
  void settle() {
    if (std::isinf(sum) || std::isinf(spread)) seen |= kOverflow;
  }
  void encode(std::string& out) const {
    put(out, n);
    put(out, sum);
    put(out, spread);
    put(out, seen);
  }
  bool decode(std::string_view& in) {
    return take(in, n) && take(in, sum) && take(in, spread) && take(in, seen) && seen <= 3 &&
           n >= 0;
  }
  void emit(Column& out, RowErrors& errors, bool sample, Wanted wanted) const {
    if (n == 0 || (sample && n == 1)) return append_null(out);
    if (seen & kOdd) return append_float(out, std::nan(""));
    if (seen & kOverflow) {
      return append_failure(out, errors, sqlstate::kNumericValueOutOfRange,
                            "value out of range: overflow");
    }
    const double variance = spread / (sample ? n - 1 : n);
    append_float(out, wanted == Wanted::kVariance ? variance : std::sqrt(variance));
  }
};

template <class Moments, bool kSample, Wanted kWanted>
struct State : Moments {
  void merge(const State& from) { Moments::merge(from); }
  void emit(Column& out, RowErrors& errors) const {
    if constexpr (std::is_same_v<Moments, FloatMoments>) {
      Moments::emit(out, errors, kSample, kWanted);
    } else {
      Moments::emit(out, kSample, kWanted);
    }
  }
};

template <class S>
void fold(std::byte* const* states, const Column* argument, Selection rows) {
  if (storage_of(argument->type) == Storage::kInt) {
    if constexpr (requires(S s) { s.carries; }) {
      each_state<S>(states, *argument, rows,
                    [&](S& state, uint32_t at) { state.add(argument->ints[at]); });
    }
  } else if (storage_of(argument->type) == Storage::kFloat) {
    if constexpr (requires(S s) { s.spread; }) {
      each_state<S>(states, *argument, rows,
                    [&](S& state, uint32_t at) { state.add(argument->floats[at]); });
    }
  } else if constexpr (std::is_base_of_v<ExactMoments, S>) {
    each_state<S>(states, *argument, rows,
                  [&](S& state, uint32_t at) { state.add(argument->texts[at]); });
  }
}

template <bool kSample, Wanted kWanted>
constexpr std::array<AggregateFunction, 4> entries(View name, View doc, View example) {
  using Ints = State<IntMoments, kSample, kWanted>;
  using Exact = State<ExactMoments, kSample, kWanted>;
  using Floats = State<FloatMoments, kSample, kWanted>;
  return {AggregateFunction{name, Type::kInt4, false, Type::kNumeric, 1,
                            kernel_of<Ints>(fold<Ints>), doc, example},
          AggregateFunction{name, Type::kInt8, false, Type::kNumeric, 1,
                            kernel_of<Ints>(fold<Ints>), doc, example},
          AggregateFunction{name, Type::kNumeric, false, Type::kNumeric, 1,
                            kernel_of<Exact>(fold<Exact>), doc, example},
          AggregateFunction{name, Type::kFloat8, false, Type::kFloat8, 1,
                            kernel_of<Floats>(fold<Floats>), doc, example}};
}

}  // namespace

std::span<const AggregateFunction> moment_aggregates() {
  static const std::vector<AggregateFunction> kEntries = [] {
    std::vector<AggregateFunction> all;
    const auto append = [&](const auto& some) { all.insert(all.end(), some.begin(), some.end()); };
    constexpr Wanted kV = Wanted::kVariance, kD = Wanted::kDeviation;
    append(entries<true, kD>(
        "stddev", "Standard deviation of a sample; NULL of less than two values.", "stddev(x)"));
    append(entries<true, kD>("stddev_samp", "As stddev.", "stddev_samp(x)"));
    append(entries<false, kD>("stddev_pop", "Standard deviation of a whole population.",
                              "stddev_pop(x)"));
    append(entries<true, kV>("variance", "Variance of a sample; NULL of less than two values.",
                             "variance(x)"));
    append(entries<true, kV>("var_samp", "As variance.", "var_samp(x)"));
    append(entries<false, kV>("var_pop", "Variance of a whole population.", "var_pop(x)"));
    return all;
  }();
  return kEntries;
}

}  // namespace millrace
