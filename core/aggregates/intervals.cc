// sum and avg of intervals. Months, days and time add up apart and are judged once, on the emitted
// value, so that neither order nor merging decides whether they fit.

#include <array>
#include <limits>

#include "aggregates/state.h"
#include "functions/interval_math.h"

namespace millrace {
namespace {

struct IntervalSum {
  int128 us = 0;
  int64_t months = 0, days = 0, values = 0;

  void add(const IntervalValue& value, int64_t sign) {
    us += static_cast<int128>(value.us) * sign;
    months += value.months * sign;
    days += value.days * sign;
    values += sign;
  }
  void merge(const IntervalSum& from) {
    us += from.us;
    months += from.months;
    days += from.days;
    values += from.values;
  }
  bool total(IntervalValue& out) const {
    using Days = std::numeric_limits<int32_t>;
    using Micros = std::numeric_limits<int64_t>;
    const bool fits = months >= Days::min() && months <= Days::max() && days >= Days::min() &&
                      days <= Days::max() && us >= Micros::min() && us <= Micros::max();
    out.us = static_cast<int64_t>(us);
    out.days = static_cast<int32_t>(days);
    out.months = static_cast<int32_t>(months);
    return fits;
  }
  void encode(std::string& out) const {
    put(out, us);
    put(out, months);
    put(out, days);
    put(out, values);
  }
  bool decode(std::string_view& in) {
    return take(in, us) && take(in, months) && take(in, days) && take(in, values) && values >= 0;
  }
};

template <bool kMean>
struct IntervalFold : IntervalSum {
  void merge(const IntervalFold& from) { IntervalSum::merge(from); }
  void emit(Column& out, RowErrors& errors) const {
    if (values == 0) return append_null(out);
    IntervalValue value;
    bool fits = total(value);
    if (kMean && fits) {
      const IntervalValue sum = value;
      fits = scale_interval(sum, static_cast<double>(values), true, value);
    }
    char bytes[sizeof(value)];
    if (fits) return append_text(out, store_interval(value, bytes));
    append_failure(out, errors, sqlstate::kDatetimeOverflow, "interval out of range");
  }
};

template <class State, int64_t kSign>
void fold(std::byte* const* states, const Column* argument, Selection rows) {
  each_state<State>(states, *argument, rows, [&](State& state, uint32_t at) {
    state.add(interval_of(argument->texts[at]), kSign);
  });
}

template <bool kMean>
constexpr AggregateKernel kKernel = kernel_of<IntervalFold<kMean>>(fold<IntervalFold<kMean>, 1>,
                                                                   fold<IntervalFold<kMean>, -1>);

constexpr Type kV = Type::kInterval;

const std::array kEntries = {
    AggregateFunction{"sum", kV, false, kV, 1, kKernel<false>, "Sum; months, days and time apart.",
                      "sum(x)"},
    AggregateFunction{"avg", kV, false, kV, 1, kKernel<true>,
                      "Mean; what is left of a month goes to days, of a day to the time.",
                      "avg(x)"},
};

}  // namespace

std::span<const AggregateFunction> interval_aggregates() { return kEntries; }

}  // namespace millrace
