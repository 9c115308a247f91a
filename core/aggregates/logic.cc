// bool_and, bool_or and every.

#include <array>

#include "aggregates/state.h"

namespace millrace {
namespace {

/// What has been seen, as bits.
template <bool kAnd>
struct Seen {
  uint8_t seen = 0;  ///< 1: a false, 2: a true.

  void merge(const Seen& from) { seen |= from.seen; }
  void emit(Column& out, RowErrors&) const {
    if (seen == 0) return append_null(out);
    out.bools.push_back(kAnd ? !(seen & 1) : (seen & 2) != 0);
    out.pushed_valid();
  }
  void encode(std::string& out) const { put(out, seen); }
  bool decode(std::string_view& in) { return take(in, seen) && seen <= 3; }
};

template <bool kAnd>
void fold(std::byte* const* states, const Column* argument, Selection rows) {
  using State = Seen<kAnd>;
  const uint8_t* values = argument->bools.data();
  each_state<State>(states, *argument, rows,
                    [=](State& state, uint32_t at) { state.seen |= values[at] ? 2 : 1; });
}

constexpr Type kB = Type::kBool;

const std::array kEntries = {
    AggregateFunction{"bool_and", kB, false, kB, 1, kernel_of<Seen<true>>(fold<true>),
                      "True if all are; NULL of no values.", "bool_and(x)"},
    AggregateFunction{"every", kB, false, kB, 1, kernel_of<Seen<true>>(fold<true>), "As bool_and.",
                      "every(x)"},
    AggregateFunction{"bool_or", kB, false, kB, 1, kernel_of<Seen<false>>(fold<false>),
                      "True if one is; NULL of no values.", "bool_or(x)"},
};

}  // namespace

std::span<const AggregateFunction> logic_aggregates() { return kEntries; }

}  // namespace millrace
