// min and max. NaN is above every number, texts compare by bytes, as everywhere.

#include <array>
#include <cmath>
#include <map>

#include "aggregates/state.h"
#include "columns/decimal.h"
#include "columns/interval.h"

namespace millrace {
namespace {

struct ByValue {
  static bool less(int64_t a, int64_t b) { return a < b; }
  static bool less(double a, double b) { return a < b || (!std::isnan(a) && std::isnan(b)); }
  static bool less(std::string_view a, std::string_view b) { return a < b; }
};
struct ByDecimal {
  static bool less(std::string_view a, std::string_view b) { return compare_numeric(a, b) < 0; }
};
struct BySpan {
  static bool less(std::string_view a, std::string_view b) {
    return interval_of(a).span() < interval_of(b).span();
  }
};

void append(Column& out, int64_t value) { append_int(out, value); }
void append(Column& out, double value) { append_float(out, value); }
void append(Column& out, const std::string& value) { append_text(out, value); }

void put_value(std::string& out, int64_t value) { put(out, value); }
void put_value(std::string& out, double value) { put(out, value); }
void put_value(std::string& out, const std::string& value) {
  put(out, static_cast<uint64_t>(value.size()));
  out += value;
}

bool take_value(std::string_view& in, int64_t& value) { return take(in, value); }
bool take_value(std::string_view& in, double& value) { return take(in, value); }
bool take_value(std::string_view& in, std::string& value) {
  uint64_t size = 0;
  if (!take(in, size) || size > in.size()) return false;
  value.assign(in.substr(0, size));
  in.remove_prefix(size);
  return true;
}

/// T is int64_t, double or std::string (the state owns the bytes).
template <class T, bool kMax, class Order = ByValue>
struct Extreme {
  T value{};
  bool any = false;

  /// Of equal values (1.5 and 1.50, 0 and -0) the last is kept, as in PostgreSQL.
  template <class V>
  void add(const V& candidate) {
    if (any && (kMax ? Order::less(candidate, value) : Order::less(value, candidate))) return;
    value = candidate;
    any = true;
  }
  void merge(const Extreme& from) {
    if (from.any) add(from.value);
  }
  void emit(Column& out, RowErrors&) const { any ? append(out, value) : append_null(out); }
  void encode(std::string& out) const {
    put(out, static_cast<uint8_t>(any));
    if (any) put_value(out, value);
  }
  bool decode(std::string_view& in) {
    return take_flag(in, any) && (!any || take_value(in, value));
  }
};

/// -0 before 0, though they are equal: which of them is left must not depend on what came before.
template <class T>
struct TotalOrder {
  bool operator()(const T& a, const T& b) const {
    if (ByValue::less(a, b)) return true;
    if constexpr (std::is_same_v<T, double>) return a == b && std::signbit(a) && !std::signbit(b);
    return false;
  }
};

/// Over a table: the values that are there, each with how often. The state grows with them.
template <class T, bool kMax>
struct Values {
  std::map<T, int64_t, TotalOrder<T>> values;

  template <class V>
  void add(const V& value) {
    ++values[T(value)];
  }
  template <class V>
  void retract(const V& value) {
    const auto found = values.find(T(value));
    if (found != values.end() && --found->second == 0) values.erase(found);
  }
  void merge(const Values& from) {
    for (const auto& [value, count] : from.values) values[value] += count;
  }
  void emit(Column& out, RowErrors&) const {
    if (values.empty()) return append_null(out);
    append(out, kMax ? values.rbegin()->first : values.begin()->first);
  }
  void encode(std::string& out) const {
    put(out, static_cast<uint64_t>(values.size()));
    for (const auto& [value, count] : values) {
      put_value(out, value);
      put(out, count);
    }
  }
  bool decode(std::string_view& in) {
    uint64_t size = 0;
    if (!take(in, size)) return false;
    for (uint64_t i = 0; i < size; ++i) {
      T value{};
      int64_t count = 0;
      if (!take_value(in, value) || !take(in, count) || count <= 0) return false;
      values[value] = count;
    }
    return true;
  }
};

template <class T>
const auto* values_of(const Column& column) {
  if constexpr (std::is_same_v<T, int64_t>) {
    return column.ints.data();
  } else if constexpr (std::is_same_v<T, double>) {
    return column.floats.data();
  } else {
    return column.texts.data();
  }
}

template <class T, bool kMax>
const AggregateKernel& table_kernel() {
  using State = Values<T, kMax>;
  constexpr auto add = [](std::byte* const* states, const Column* argument, Selection rows) {
    const auto* values = values_of<T>(*argument);
    each_state<State>(states, *argument, rows,
                      [=](State& state, uint32_t at) { state.add(values[at]); });
  };
  constexpr auto retract = [](std::byte* const* states, const Column* argument, Selection rows) {
    const auto* values = values_of<T>(*argument);
    each_state<State>(states, *argument, rows,
                      [=](State& state, uint32_t at) { state.retract(values[at]); });
  };
  static constexpr AggregateKernel kKernel = kernel_of<State>(add, retract);
  return kKernel;
}

template <bool kMax>
void fold_ints(std::byte* const* states, const Column* argument, Selection rows) {
  using State = Extreme<int64_t, kMax>;
  const int64_t* values = argument->ints.data();
  each_state<State>(states, *argument, rows,
                    [=](State& state, uint32_t at) { state.add(values[at]); });
}

template <bool kMax>
void fold_floats(std::byte* const* states, const Column* argument, Selection rows) {
  using State = Extreme<double, kMax>;
  const double* values = argument->floats.data();
  each_state<State>(states, *argument, rows,
                    [=](State& state, uint32_t at) { state.add(values[at]); });
}

template <bool kMax, class Order>
void fold_texts(std::byte* const* states, const Column* argument, Selection rows) {
  using State = Extreme<std::string, kMax, Order>;
  const std::string_view* values = argument->texts.data();
  each_state<State>(states, *argument, rows,
                    [=](State& state, uint32_t at) { state.add(values[at]); });
}

template <bool kMax>
AggregateFunction int_entry(Type type) {
  return {kMax ? "max" : "min",
          type,
          false,
          type,
          1,
          kernel_of<Extreme<int64_t, kMax>>(fold_ints<kMax>),
          kMax ? "Largest value; NULL of none." : "Smallest value; NULL of none.",
          kMax ? "max(x)" : "min(x)",
          {},
          false,
          false,
          &table_kernel<int64_t, kMax>()};
}

template <bool kMax, class Order>
AggregateFunction bytes_entry(Type type) {
  AggregateFunction entry = int_entry<kMax>(type);
  entry.kernel = kernel_of<Extreme<std::string, kMax, Order>>(fold_texts<kMax, Order>);
  entry.over_table = nullptr;
  return entry;
}

template <bool kMax>
std::array<AggregateFunction, 9> entries() {
  AggregateFunction floats = int_entry<kMax>(Type::kFloat8);
  floats.kernel = kernel_of<Extreme<double, kMax>>(fold_floats<kMax>);
  floats.over_table = &table_kernel<double, kMax>();
  AggregateFunction texts = bytes_entry<kMax, ByValue>(Type::kText);
  texts.over_table = &table_kernel<std::string, kMax>();
  return {int_entry<kMax>(Type::kInt4),
          int_entry<kMax>(Type::kInt8),
          floats,
          texts,
          int_entry<kMax>(Type::kTimestamptz),
          int_entry<kMax>(Type::kTimestamp),
          int_entry<kMax>(Type::kDate),
          bytes_entry<kMax, ByDecimal>(Type::kNumeric),
          bytes_entry<kMax, BySpan>(Type::kInterval)};
}

}  // namespace

std::span<const AggregateFunction> extreme_aggregates() {
  static const std::array<AggregateFunction, 18> kEntries = [] {
    std::array<AggregateFunction, 18> all{};
    size_t i = 0;
    for (const AggregateFunction& function : entries<false>()) all[i++] = function;
    for (const AggregateFunction& function : entries<true>()) all[i++] = function;
    return all;
  }();
  return kEntries;
}

}  // namespace millrace
