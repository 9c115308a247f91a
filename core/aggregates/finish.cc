// What makes an aggregate's result of what its state emits (AggregateFunction::finish), what runs a
// set of distinct values through an aggregate, and what packs the arguments of first and last.
// Their names hold a blank: only the compiler of grouped selects can call them.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "aggregates/aggregate.h"
#include "aggregates/state.h"
#include "columns/json_encode.h"
#include "columns/packed_values.h"
#include "functions/json_value.h"
#include "functions/kernel.h"
#include "functions/made_text.h"

namespace millrace {
namespace {

using View = std::string_view;

bool check_share(const KernelCall& call, uint32_t row, double share) {
  if (share >= 0 && share <= 1) return true;
  call.fail(row, sqlstate::kNumericValueOutOfRange, "a percentile is between 0 and 1");
  return false;
}

void percentile_cont(const KernelCall& call) {
  double* out = cells_of<double>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const double share = argument<double>(call, 1, row);
    Column values;
    values.reset(Type::kFloat8, 0);
    out[row] = 0;
    if (!check_share(call, row, share) || !unpack_values(argument<View>(call, 0, row), values))
      return;
    const double place = share * static_cast<double>(values.size() - 1);
    const double low = values.floats[static_cast<size_t>(std::floor(place))];
    const double high = values.floats[static_cast<size_t>(std::ceil(place))];
    const double between = place - std::floor(place);
    out[row] = std::floor(place) == std::ceil(place) ? low : low + between * (high - low);
  });
}

/// One value of a list into a row of the result, its text kept.
void take_value(const KernelCall& call, uint32_t row, const Column& values, size_t at) {
  call.out.set_value(row, values, at);
  if (storage_of(call.out.type) == Storage::kBytes)
    call.out.texts[row] = call.out.bytes.store(call.out.texts[row]);
}

void percentile_disc(const KernelCall& call) {
  each_row(call.rows, [&](uint32_t row) {
    const double share = argument<double>(call, 1, row);
    Column values;
    values.reset(call.out.type, 0);
    if (!check_share(call, row, share) || !unpack_values(argument<View>(call, 0, row), values))
      return;
    const double place = std::ceil(share * static_cast<double>(values.size()));
    take_value(call, row, values, place < 1 ? 0 : static_cast<size_t>(place) - 1);
  });
}

void join_texts(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    Column values;
    values.reset(Type::kText, 0);
    unpack_values(argument<View>(call, 0, row), values);
    TextMaker made(call.out.bytes);
    for (size_t i = 0; i < values.size(); ++i) {
      if (i > 0) made.append(argument<View>(call, 1, row));
      made.append(values.texts[i]);
    }
    out[row] = made.done();
  });
}

/// The smallest value below or at which this share of all counts lies.
void approx_percentile(const KernelCall& call) {
  double* out = cells_of<double>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const double share = argument<double>(call, 1, row);
    out[row] = 0;
    if (!check_share(call, row, share)) return;
    int64_t all = 0, count = 0;
    double value = 0;
    for (View pairs = argument<View>(call, 0, row); take(pairs, value) && take(pairs, count);)
      all += count;
    const double wanted = std::max(1.0, std::ceil(share * static_cast<double>(all)));
    int64_t seen = 0;
    for (View pairs = argument<View>(call, 0, row); take(pairs, value) && take(pairs, count);) {
      seen += count;
      if (static_cast<double>(seen) >= wanted) break;
    }
    out[row] = value;
  });
}

void approx_top(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    View pairs = argument<View>(call, 0, row);
    int64_t left = argument<int64_t>(call, 1, row), count = 0;
    TextMaker made(call.out.bytes);
    std::string value;
    made.append('[');
    for (bool first = true; left > 0 && take_bytes(pairs, value) && take(pairs, count);
         --left, first = false) {
      if (!first) made.append(", ");
      made.append("{\"value\": ");
      write_jsonb_string(value, made);
      made.append(", \"count\": ");
      made.append(std::to_string(count));
      made.append('}');
    }
    made.append(']');
    out[row] = made.done();
  });
}

/// args: packed values, the aggregate's name, the values' type.
void fold_values(const KernelCall& call) {
  each_row(call.rows, [&](uint32_t row) {
    const Type type = type_from_name(argument<View>(call, 2, row)).value_or(Type::kText);
    const AggregateFunction* function = find_aggregate(argument<View>(call, 1, row), type);
    Column values, result;
    values.reset(type, 0);
    if (call.args[0]->valid(row)) unpack_values(argument<View>(call, 0, row), values);
    result.reset(function->result, 0);
    const auto count = static_cast<uint32_t>(values.size());
    alignas(16) std::byte state[1024];
    const std::vector<std::byte*> states(count, state);
    RowErrors errors;
    errors.start(1);
    function->kernel.init(state);
    function->kernel.update(states.data(), &values, Selection::all(count));
    function->kernel.emit(state, result, errors);
    function->kernel.destroy(state);
    if (!errors.empty()) return call.fail(row, errors.list()[0].sqlstate, errors.list()[0].text);
    if (!result.valid(0)) return call.out.set_cell(row, kNull, call.row_count);
    take_value(call, row, result, 0);
  });
}

/// args: event time, value.
void stamped_value(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  std::string packed;
  each_row(call.rows, [&](uint32_t row) {
    const Column& times = *call.args[0];
    const bool null = !call.args[1]->valid(row);
    packed.clear();
    put(packed, times.valid(row) ? argument<int64_t>(call, 0, row) : int64_t{0});
    put(packed, static_cast<uint8_t>(null));
    if (!null) pack_value(*call.args[1], row, false, packed);
    out[row] = call.out.bytes.store(packed);
  });
}

constexpr Type kT = Type::kText, kF8 = Type::kFloat8;
constexpr std::array kTypes = {
    Type::kBool, Type::kInt4,        Type::kInt8,      kF8,         Type::kNumeric,
    kT,          Type::kTimestamptz, Type::kTimestamp, Type::kDate, Type::kInterval,
    Type::kJsonb};
constexpr std::array<View, kTypes.size()> kDiscNames = {
    "percentile disc bool",        "percentile disc int4",      "percentile disc int8",
    "percentile disc float8",      "percentile disc numeric",   "percentile disc text",
    "percentile disc timestamptz", "percentile disc timestamp", "percentile disc date",
    "percentile disc interval",    "percentile disc jsonb"};
constexpr std::array<View, kTypes.size()> kFoldNames = {
    "fold bool",        "fold int4",      "fold int8", "fold float8",   "fold numeric", "fold text",
    "fold timestamptz", "fold timestamp", "fold date", "fold interval", "fold jsonb"};

constexpr std::array kPlain = {
    entry("percentile cont", {kT, kF8}, kF8, percentile_cont, "percentile_cont.", "", ""),
    entry("join texts", {kT, kT}, kT, join_texts, "string_agg.", "", ""),
    entry("approx percentile", {kT, kF8}, kF8, approx_percentile, "approx_percentile.", "", ""),
    entry("approx top", {kT, Type::kInt4}, Type::kJsonb, approx_top, "approx_top.", "", ""),
    nullable(entry("stamped value", {Type::kTimestamptz, kT}, kT, stamped_value,
                   "Argument of first and last.", "", ""),
             true),
};

constexpr auto kTyped = [] {
  std::array<Function, 2 * kTypes.size()> all{};
  for (size_t i = 0; i < kTypes.size(); ++i) {
    all[2 * i] =
        entry(kDiscNames[i], {kT, kF8}, kTypes[i], percentile_disc, "percentile_disc.", "", "");
    all[2 * i + 1] = nullable(entry(kFoldNames[i], {kT, kT, kT}, kTypes[i], fold_values,
                                    "An aggregate of distinct values.", "", ""));
  }
  return all;
}();

constexpr auto kEntries = joined(kPlain, kTyped);

}  // namespace

std::span<const Function> finish_functions() { return kEntries; }

}  // namespace millrace
