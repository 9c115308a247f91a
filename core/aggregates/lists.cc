// Aggregates that keep their values: string_agg, jsonb_agg, percentiles, mode, and the sets behind
// DISTINCT. A list is in the order of the log; a set and a sorted list do not depend on any order.

#include <algorithm>
#include <array>
#include <numeric>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "aggregates/state.h"
#include "columns/packed_values.h"
#include "functions/json_value.h"

namespace millrace {
namespace {

using View = std::string_view;

/// Packed values in the order of the log.
struct List {
  std::string packed;

  void merge(const List& from) { packed += from.packed; }
  void encode(std::string& out) const { put_bytes(out, packed); }
  bool decode(std::string_view& in) { return take_bytes(in, packed); }
};

/// Emits the list as it is; NULL of no values.
struct Listed : List {
  void emit(Column& out, RowErrors&) const {
    packed.empty() ? append_null(out) : append_text(out, packed);
  }
};

/// The rows of a column in the order of their values.
std::vector<size_t> sorted_rows(const Column& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return compare_values(values, a, b) < 0; });
  return order;
}

std::string sorted_pack(View packed, Type type) {
  Column values;
  values.reset(type, 0);
  unpack_values(packed, values);
  std::string out;
  for (const size_t row : sorted_rows(values)) pack_value(values, row, false, out);
  return out;
}

template <Type kType>
struct Sorted : List {
  void emit(Column& out, RowErrors&) const {
    packed.empty() ? append_null(out) : append_text(out, sorted_pack(packed, kType));
  }
};

template <Type kType>
struct Mode : List {
  void emit(Column& out, RowErrors&) const {
    if (packed.empty()) return append_null(out);
    Column values;
    values.reset(kType, 0);
    unpack_values(packed, values);
    const std::vector<size_t> order = sorted_rows(values);
    size_t best = order[0], best_count = 0;
    for (size_t begin = 0; begin < order.size();) {
      size_t end = begin;
      while (end < order.size() && compare_values(values, order[begin], order[end]) == 0) ++end;
      if (end - begin > best_count) {
        best = order[begin];
        best_count = end - begin;
      }
      begin = end;
    }
    out.push_value(values, best);
    if (storage_of(kType) == Storage::kBytes)
      out.texts[out.size() - 1] = out.bytes.store(values.texts[best]);
    out.pushed_valid();
  }
};

/// Equal values are kept once; emitted in the order of the type.
template <Type kType>
struct Set {
  std::unordered_set<std::string> values;

  void add(const std::string& packed) { values.insert(packed); }
  void merge(const Set& from) { values.insert(from.values.begin(), from.values.end()); }
  std::string sorted() const {
    std::string all;
    for (const std::string& value : values) all += value;
    return sorted_pack(all, kType);
  }
  void emit(Column& out, RowErrors&) const {
    values.empty() ? append_null(out) : append_text(out, sorted());
  }
  void encode(std::string& out) const { put_bytes(out, sorted()); }
  bool decode(std::string_view& in) {
    std::string all;
    if (!take_bytes(in, all)) return false;
    Column column;
    for (std::string_view rest = all; !rest.empty();) {
      const std::string_view before = rest;
      column.reset(kType, 0);
      if (!unpack_value(rest, column)) return false;
      values.emplace(before.substr(0, before.size() - rest.size()));
    }
    return true;
  }
};

template <class State>
void add_to_list(std::byte* const* states, const Column* argument, Selection rows) {
  each_state<State>(states, *argument, rows, [&](State& state, uint32_t at) {
    pack_value(*argument, at, false, state.packed);
  });
}

template <class State>
void add_to_set(std::byte* const* states, const Column* argument, Selection rows) {
  static thread_local std::string packed;
  each_state<State>(states, *argument, rows, [&](State& state, uint32_t at) {
    packed.clear();
    pack_value(*argument, at, true, packed);
    state.add(packed);
  });
}

/// A JSON array as text, built as the values come; NULLs are elements.
struct JsonList {
  std::string json;

  void add(const Column& column, uint32_t row) {
    static thread_local ByteArena arena;
    arena.clear();
    TextMaker value(arena);
    write_jsonb_cell(column, row, value);
    if (!json.empty()) json += ", ";
    json += value.done();
  }
  void merge(const JsonList& from) {
    if (!json.empty() && !from.json.empty()) json += ", ";
    json += from.json;
  }
  void emit(Column& out, RowErrors&) const {
    json.empty() ? append_null(out) : append_text(out, "[" + json + "]");
  }
  void encode(std::string& out) const { put_bytes(out, json); }
  bool decode(std::string_view& in) { return take_bytes(in, json); }
};

void add_json(std::byte* const* states, const Column* argument, Selection rows) {
  for (uint32_t i = 0; i < rows.count; ++i) state_at<JsonList>(states[i]).add(*argument, rows[i]);
}

template <Type kType>
constexpr AggregateFunction mode_entry() {
  return {"mode",
          kType,
          false,
          kType,
          1,
          kernel_of<Mode<kType>>(add_to_list<Mode<kType>>),
          "The commonest value, the smallest of several.",
          "mode() within group (order by x)",
          {},
          true};
}
template <Type kType>
constexpr AggregateFunction percentile_entry() {
  return {"percentile_disc",
          kType,
          false,
          Type::kText,
          1,
          kernel_of<Sorted<kType>>(add_to_list<Sorted<kType>>),
          "The first value at or above this share of all.",
          "percentile_disc(0.5) within group (order by x)",
          "percentile disc",
          true};
}
template <Type kType>
constexpr AggregateFunction set_entry() {
  return {"distinct values",
          kType,
          false,
          Type::kText,
          1,
          kernel_of<Set<kType>>(add_to_set<Set<kType>>),
          "",
          ""};
}

constexpr Type kT = Type::kText, kF8 = Type::kFloat8;

const std::array kEntries = {
    AggregateFunction{"string_agg", kT, false, kT, 1, kernel_of<Listed>(add_to_list<Listed>),
                      "The texts in the order of the records, or of an ORDER BY, with a constant "
                      "between them.",
                      "string_agg(x, ',')", "join texts"},
    AggregateFunction{"jsonb_agg", std::nullopt, true, Type::kJsonb, 1,
                      kernel_of<JsonList>(add_json),
                      "A JSON array of the values in the order of the records, or of an ORDER BY.",
                      "jsonb_agg(x)"},
    AggregateFunction{"percentile_cont", kF8, false, kT, 1,
                      kernel_of<Sorted<kF8>>(add_to_list<Sorted<kF8>>),
                      "The value at this share of all, between two values if need be.",
                      "percentile_cont(0.5) within group (order by x)", "percentile cont", true},
    percentile_entry<Type::kInt4>(),
    percentile_entry<Type::kInt8>(),
    percentile_entry<kF8>(),
    percentile_entry<Type::kNumeric>(),
    percentile_entry<kT>(),
    percentile_entry<Type::kTimestamptz>(),
    percentile_entry<Type::kTimestamp>(),
    percentile_entry<Type::kDate>(),
    percentile_entry<Type::kInterval>(),
    mode_entry<Type::kBool>(),
    mode_entry<Type::kInt4>(),
    mode_entry<Type::kInt8>(),
    mode_entry<kF8>(),
    mode_entry<Type::kNumeric>(),
    mode_entry<kT>(),
    mode_entry<Type::kTimestamptz>(),
    mode_entry<Type::kTimestamp>(),
    mode_entry<Type::kDate>(),
    mode_entry<Type::kInterval>(),
};

template <Type... kTypes>
std::vector<AggregateFunction> sets() {
  return {set_entry<kTypes>()..., set_entry<array_of(kTypes)>()...};
}

}  // namespace

std::span<const AggregateFunction> list_aggregates() { return kEntries; }

const AggregateFunction& distinct_values(Type argument) {
  static const std::vector<AggregateFunction> kSets =
      sets<Type::kText, Type::kBool, Type::kInt4, Type::kInt8, Type::kFloat8, Type::kTimestamptz,
           Type::kNumeric, Type::kDate, Type::kTimestamp, Type::kInterval>();
  for (const AggregateFunction& entry : kSets) {
    if (entry.argument == argument) return entry;
  }
  return kSets[0];  // jsonb and arrays of it, which the compiler refuses before they come here.
}

}  // namespace millrace
