// first and last: by event time, then by position. The argument comes packed by the function
// "stamped value" (finish.cc): eight bytes of event time, a byte that says whether the value is
// NULL, the value. Folding and merging go in the order of the log, so among equal times the one
// that came first stays first and the one that came last becomes last.

#include <vector>

#include "aggregates/state.h"
#include "columns/packed_values.h"

namespace millrace {
namespace {

template <bool kLast, Type kType>
struct Timed {
  int64_t time = 0;
  std::string value;  ///< NULL flag and packed value; empty: nothing came.

  void add(int64_t at, std::string_view stamped) {
    if (!value.empty() && (kLast ? at < time : at >= time)) return;
    time = at;
    value = stamped;
  }
  void merge(const Timed& from) {
    if (!from.value.empty()) add(from.time, from.value);
  }
  void emit(Column& out, RowErrors&) const {
    if (value.empty() || value[0] != 0) return append_null(out);
    std::string_view packed = std::string_view(value).substr(1);
    if (!unpack_value(packed, out)) return append_null(out);
    if (storage_of(kType) == Storage::kBytes) {
      std::string_view& made = out.texts[out.size() - 1];
      made = out.bytes.store(made);
    }
  }
  void encode(std::string& out) const {
    put(out, time);
    put_bytes(out, value);
  }
  bool decode(std::string_view& in) { return take(in, time) && take_bytes(in, value); }
};

template <class State>
void fold(std::byte* const* states, const Column* argument, Selection rows) {
  each_state<State>(states, *argument, rows, [&](State& state, uint32_t at) {
    std::string_view stamped = argument->texts[at];
    int64_t time = 0;
    if (take(stamped, time)) state.add(time, stamped);
  });
}

template <bool kLast, Type kType>
constexpr AggregateFunction entry() {
  using State = Timed<kLast, kType>;
  return {kLast ? "last" : "first",
          kType,
          false,
          kType,
          1,
          kernel_of<State>(fold<State>),
          kLast ? "The value of the record with the latest event time; of several, the last in the "
                  "log. NULLs count."
                : "The value of the record with the earliest event time; of several, the first in "
                  "the log. NULLs count.",
          kLast ? "last(x)" : "first(x)",
          {},
          false,
          true};
}

template <bool kLast, Type... kTypes>
void append_entries(std::vector<AggregateFunction>& all) {
  (all.push_back(entry<kLast, kTypes>()), ...);
  (all.push_back(entry<kLast, array_of(kTypes)>()), ...);
}

template <bool kLast>
void append_all(std::vector<AggregateFunction>& all) {
  append_entries<kLast, Type::kBool, Type::kInt4, Type::kInt8, Type::kFloat8, Type::kNumeric,
                 Type::kText, Type::kTimestamptz, Type::kDate, Type::kTimestamp, Type::kInterval,
                 Type::kJsonb>(all);
}

}  // namespace

std::span<const AggregateFunction> timed_aggregates() {
  static const std::vector<AggregateFunction> kEntries = [] {
    std::vector<AggregateFunction> all;
    append_all<false>(all);
    append_all<true>(all);
    return all;
  }();
  return kEntries;
}

}  // namespace millrace
