// array_agg, and what it keeps with DISTINCT. NULLs are elements. The states know no type: they
// hold packed values (columns/packed_values.h).

#include <algorithm>
#include <set>
#include <vector>

#include "aggregates/state.h"
#include "columns/array.h"
#include "columns/packed_values.h"

namespace millrace {
namespace {

/// The elements as an array holds them, in the order of the log.
struct Elements {
  uint32_t count = 0;
  std::string packed;

  void add(const Column& column, uint32_t row) {
    append_element(column, row, false, packed);
    ++count;
  }
  void merge(const Elements& from) {
    count += from.count;
    packed += from.packed;
  }
  void emit(Column& out, RowErrors&) const {
    if (count == 0) return append_null(out);
    std::string array;
    start_array(count, array);
    append_text(out, array + packed);
  }
  void encode(std::string& out) const {
    put(out, count);
    put_bytes(out, packed);
  }
  bool decode(std::string_view& in) { return take(in, count) && take_bytes(in, packed); }
};

/// Equal values are kept once; emitted in the order of the type, NULL last.
struct DistinctElements {
  std::set<std::string> values;
  bool null = false;

  void add(const Column& column, uint32_t row) {
    if (!column.valid(row)) {
      null = true;
      return;
    }
    static thread_local std::string packed;
    packed.clear();
    pack_value(column, row, true, packed);
    values.insert(packed);
  }
  void merge(const DistinctElements& from) {
    values.insert(from.values.begin(), from.values.end());
    null = null || from.null;
  }
  void emit(Column& out, RowErrors&) const {
    if (values.empty() && !null) return append_null(out);
    Column elements;
    elements.reset(element_of(out.type), 0);
    for (const std::string& value : values) unpack_values(value, elements);
    std::vector<size_t> order(elements.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(),
              [&](size_t a, size_t b) { return compare_values(elements, a, b) < 0; });
    std::string array;
    start_array(static_cast<uint32_t>(order.size() + (null ? 1 : 0)), array);
    for (const size_t i : order) append_element(elements, i, false, array);
    if (null) {
      elements.push_null();
      append_element(elements, elements.size() - 1, false, array);
    }
    append_text(out, array);
  }
  void encode(std::string& out) const {
    put(out, static_cast<uint8_t>(null));
    put(out, static_cast<uint64_t>(values.size()));
    for (const std::string& value : values) put_bytes(out, value);
  }
  bool decode(std::string_view& in) {
    uint64_t count = 0;
    if (!take_flag(in, null) || !take(in, count)) return false;
    std::string value;
    for (uint64_t i = 0; i < count; ++i) {
      if (!take_bytes(in, value)) return false;
      values.insert(value);
    }
    return true;
  }
};

template <class State>
void fold(std::byte* const* states, const Column* argument, Selection rows) {
  for (uint32_t i = 0; i < rows.count; ++i) state_at<State>(states[i]).add(*argument, rows[i]);
}

constexpr Type kScalars[] = {Type::kBool,    Type::kInt4,     Type::kInt8,        Type::kFloat8,
                             Type::kNumeric, Type::kText,     Type::kTimestamptz, Type::kTimestamp,
                             Type::kDate,    Type::kInterval, Type::kJsonb};

template <class State>
std::vector<AggregateFunction> entries(std::string_view name) {
  std::vector<AggregateFunction> all;
  for (const Type type : kScalars) {
    all.push_back(
        {name, type, false, array_of(type), 1, kernel_of<State>(fold<State>),
         "An array of the values in the order of the records, or of an ORDER BY, NULLs too.",
         "array_agg(x order by y desc)"});
  }
  return all;
}

}  // namespace

std::span<const AggregateFunction> array_aggregates() {
  static const std::vector<AggregateFunction> kEntries = entries<Elements>("array_agg");
  return kEntries;
}

const AggregateFunction* distinct_array(Type argument) {
  static const std::vector<AggregateFunction> kEntries =
      entries<DistinctElements>("distinct elements");
  for (const AggregateFunction& entry : kEntries) {
    if (entry.argument == argument && argument != Type::kJsonb) return &entry;
  }
  return nullptr;
}

}  // namespace millrace
