// sum and avg of float8 over a table. What was added must be taken back without a trace, which no
// rounded sum can: so the sum is kept exactly, as one wide integer in units of 2^-1074, and rounded
// once, when it is shown. Neither order nor history shows in it.

#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "aggregates/state.h"

namespace millrace {
namespace {

constexpr int kUnit = -1074;  ///< Exponent of the smallest double.
constexpr int kMantissaBits = 53;
/// 2098 bits hold every finite double, the rest the carries of 2^63 of them and the sign.
constexpr size_t kLimbs = 34;

class ExactSum {
 public:
  void add(double value) { change(value, 1); }
  void retract(double value) { change(value, -1); }
  void merge(const ExactSum& from) {
    unsigned carry = 0;
    for (size_t i = 0; i < kLimbs; ++i) carry = add_limb(i, from.limbs_[i], carry);
    values_ += from.values_;
    nans_ += from.nans_;
    infinities_[0] += from.infinities_[0];
    infinities_[1] += from.infinities_[1];
    minus_zeros_ += from.minus_zeros_;
  }
  int64_t values() const { return values_; }
  /// False: NULL or the error was appended.
  bool check(Column& out, RowErrors& errors, double& sum) const {
    if (values_ == 0) return append_null(out), false;
    const bool finite = nans_ == 0 && infinities_[0] == 0 && infinities_[1] == 0;
    sum = finite ? rounded() : special();
    if (!finite || !std::isinf(sum)) return true;
    append_failure(out, errors, sqlstate::kNumericValueOutOfRange, "value out of range: overflow");
    return false;
  }
  void encode(std::string& out) const { put(out, *this); }
  bool decode(std::string_view& in) { return take(in, *this) && values_ >= 0; }

 private:
  void change(double value, int by) {
    values_ += by;
    if (std::isnan(value)) {
      nans_ += by;
    } else if (std::isinf(value)) {
      infinities_[std::signbit(value)] += by;
    } else if (value == 0) {
      minus_zeros_ += std::signbit(value) ? by : 0;
    } else {
      add_finite(std::fabs(value), std::signbit(value) != (by < 0));
    }
  }

  void add_finite(double magnitude, bool negative) {
    int exponent = 0;
    std::frexp(magnitude, &exponent);
    // Below the normal range the unit bounds the mantissa.
    const int last_bit = std::max(exponent - kMantissaBits, kUnit);
    const auto mantissa = static_cast<uint64_t>(std::ldexp(magnitude, -last_bit));
    const auto place = static_cast<unsigned>(last_bit - kUnit);
    const unsigned shift = place % 64;
    const uint64_t low = mantissa << shift, high = shift ? mantissa >> (64 - shift) : 0;
    size_t limb = place / 64;
    unsigned carry = negative ? subtract_limb(limb, low, 0) : add_limb(limb, low, 0);
    for (uint64_t more = high; ++limb < kLimbs && (more || carry); more = 0) {
      carry = negative ? subtract_limb(limb, more, carry) : add_limb(limb, more, carry);
    }
  }

  unsigned add_limb(size_t i, uint64_t value, unsigned carry) {
    uint64_t sum = 0;
    const bool first = __builtin_add_overflow(limbs_[i], value, &sum);
    const bool second = __builtin_add_overflow(sum, uint64_t{carry}, &limbs_[i]);
    return first || second;
  }
  unsigned subtract_limb(size_t i, uint64_t value, unsigned borrow) {
    uint64_t rest = 0;
    const bool first = __builtin_sub_overflow(limbs_[i], value, &rest);
    const bool second = __builtin_sub_overflow(rest, uint64_t{borrow}, &limbs_[i]);
    return first || second;
  }

  double special() const {
    if (nans_ || (infinities_[0] && infinities_[1])) return std::nan("");
    return infinities_[1] ? -std::numeric_limits<double>::infinity()
                          : std::numeric_limits<double>::infinity();
  }

  /// The nearest double, ties to the even one.
  double rounded() const {
    std::array<uint64_t, kLimbs> magnitude = limbs_;
    const bool negative = limbs_.back() >> 63;
    if (negative) {
      unsigned carry = 1;
      for (uint64_t& limb : magnitude)
        carry = __builtin_add_overflow(~limb, uint64_t{carry}, &limb);
    }
    size_t top = kLimbs;
    while (top > 0 && magnitude[top - 1] == 0) --top;
    if (top == 0) return minus_zeros_ == values_ ? -0.0 : 0.0;
    const int bits = static_cast<int>(top * 64) - std::countl_zero(magnitude[top - 1]);
    const int dropped = std::max(bits - kMantissaBits, 0);
    const auto bit = [&](int at) {
      return magnitude[static_cast<size_t>(at) / 64] >> (at % 64) & 1;
    };
    uint64_t mantissa = 0;
    for (int at = bits - 1; at >= dropped; --at) mantissa = mantissa << 1 | bit(at);
    if (dropped > 0 && bit(dropped - 1)) {
      bool more = false;
      for (int at = 0; at < dropped - 1 && !more; ++at) more = bit(at);
      mantissa += more || (mantissa & 1);
    }
    const double value = std::ldexp(static_cast<double>(mantissa), dropped + kUnit);
    return negative ? -value : value;
  }

  std::array<uint64_t, kLimbs> limbs_{};  ///< Two's complement, the lowest first.
  int64_t values_ = 0, nans_ = 0, minus_zeros_ = 0;
  int64_t infinities_[2] = {};  ///< Positive, negative.
};

struct ExactTotal : ExactSum {
  void merge(const ExactTotal& from) { ExactSum::merge(from); }
  void emit(Column& out, RowErrors& errors) const {
    double sum = 0;
    if (check(out, errors, sum)) append_float(out, sum);
  }
};

struct ExactMean : ExactSum {
  void merge(const ExactMean& from) { ExactSum::merge(from); }
  void emit(Column& out, RowErrors& errors) const {
    double sum = 0;
    if (check(out, errors, sum)) append_float(out, sum / static_cast<double>(values()));
  }
};

template <class State>
void add_floats(std::byte* const* states, const Column* argument, Selection rows) {
  const double* values = argument->floats.data();
  each_state<State>(states, *argument, rows,
                    [=](State& state, uint32_t at) { state.add(values[at]); });
}

template <class State>
void retract_floats(std::byte* const* states, const Column* argument, Selection rows) {
  const double* values = argument->floats.data();
  each_state<State>(states, *argument, rows,
                    [=](State& state, uint32_t at) { state.retract(values[at]); });
}

constexpr AggregateKernel kTotal =
    kernel_of<ExactTotal>(add_floats<ExactTotal>, retract_floats<ExactTotal>);
constexpr AggregateKernel kMean =
    kernel_of<ExactMean>(add_floats<ExactMean>, retract_floats<ExactMean>);

}  // namespace

const AggregateKernel& exact_sum_kernel() { return kTotal; }
const AggregateKernel& exact_mean_kernel() { return kMean; }

}  // namespace millrace
