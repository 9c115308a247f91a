// The fold: rows of known key and hash into count(*) and sum(int8) of their group, in batches of
// 256 rows. GroupSlice and the aggregates' kernels, as window_node uses them, against a hash map of
// two numbers.
#include <benchmark/benchmark.h>

#include <memory>
#include <random>
#include <unordered_map>

#include "base/hash.h"
#include "sample.h"
#include "window/group_key.h"
#include "window/window_groups.h"

namespace millrace::bench {
namespace {

constexpr uint32_t kRows = 64 * kBatchRows;

const AggregateFunction& aggregate(std::string_view name) {
  for (const AggregateFunction& function : aggregate_functions()) {
    const bool fits = name == "count" ? !function.argument && !function.any_argument
                                      : function.argument == Type::kInt8;
    if (function.name == name && fits) return function;
  }
  throw std::logic_error("no such aggregate");
}

/// Rows whose keys fall off as those of wikis do: half of them in a few groups.
struct Rows {
  std::vector<std::string> names, keys;
  std::vector<uint32_t> group;  ///< Per row, into names and keys.
  std::vector<uint64_t> hashes;
  std::vector<Column> values = std::vector<Column>(kRows / kBatchRows);  ///< Per batch.

  explicit Rows(size_t groups) {
    Column text;
    text.reset(Type::kText, 1);
    const Column* const key_columns[] = {&text};
    for (size_t i = 0; i < groups; ++i) {
      names.push_back("wiki" + std::to_string(i * 7919));
      text.texts[0] = names.back();
      write_group_key(key_columns, 0, keys.emplace_back());
    }
    std::mt19937_64 random(1);
    std::uniform_real_distribution<double> even(0, 1);
    for (Column& column : values) column.reset(Type::kInt8, kBatchRows);
    for (uint32_t row = 0; row < kRows; ++row) {
      const double roll = even(random);
      group.push_back(static_cast<uint32_t>(roll * roll * roll * static_cast<double>(groups)));
      hashes.push_back(hash_bytes(keys[group.back()]));
      values[row / kBatchRows].ints[row % kBatchRows] = static_cast<int64_t>(random() % 2000) - 500;
    }
  }
  int64_t value(uint32_t row) const { return values[row / kBatchRows].ints[row % kBatchRows]; }
};

struct Totals {
  int64_t rows = 0, sum = 0;
  bool operator==(const Totals&) const = default;
};
using Result = std::unordered_map<std::string_view, Totals>;

Result hand_fold(const Rows& rows) {
  Result totals;
  for (uint32_t row = 0; row < kRows; ++row) {
    Totals& group = totals[rows.keys[rows.group[row]]];
    ++group.rows;
    group.sum += rows.value(row);
  }
  return totals;
}

void hand_loop(benchmark::State& state) {
  const Rows rows(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(hand_fold(rows));
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kRows);
}

struct Fold {
  AggregateLayout layout{{&aggregate("count"), &aggregate("sum")}};
  std::unique_ptr<GroupSlice> slice;
  std::vector<std::byte*> states = std::vector<std::byte*>(kBatchRows);

  void run(const Rows& rows) {
    slice = std::make_unique<GroupSlice>(layout, Span{0, 60'000'000});
    for (uint32_t first = 0; first < kRows; first += kBatchRows) {
      for (uint32_t i = 0; i < kBatchRows; ++i) {
        const uint32_t row = first + i;
        states[i] = slice->state(rows.hashes[row], rows.keys[rows.group[row]]);
      }
      size_t at = 0;
      for (size_t k = 0; k < layout.size(); ++k) {
        for (std::byte*& state : states) state += layout.offset(k) - at;
        at = layout.offset(k);
        const Column* argument = k == 0 ? nullptr : &rows.values[first / kBatchRows];
        layout.function(k).kernel.update(states.data(), argument, Selection::all(kBatchRows));
      }
    }
  }

  Result result() {
    Column counts, sums;
    counts.reset(Type::kInt8, 0);
    sums.reset(Type::kInt8, 0);
    RowErrors errors;
    Result totals;
    for (unsigned shard = 0; shard < kGroupShards; ++shard) {
      GroupMap* map = slice->find_shard(static_cast<uint8_t>(shard));
      for (size_t i = 0; map && i < map->size(); ++i) {
        const GroupMap::Group& group = (*map)[i];
        layout.function(0).kernel.emit(group.state + layout.offset(0), counts, errors);
        layout.function(1).kernel.emit(group.state + layout.offset(1), sums, errors);
        totals[group.key] = {counts.ints[counts.size() - 1], sums.ints[sums.size() - 1]};
      }
    }
    return totals;
  }
};

void group_slice(benchmark::State& state) {
  const Rows rows(static_cast<size_t>(state.range(0)));
  Fold fold;
  fold.run(rows);
  if (fold.result() != hand_fold(rows))
    return state.SkipWithError("the groups differ from the map's");
  for (auto _ : state) fold.run(rows);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kRows);
}

BENCHMARK(hand_loop)->Arg(40)->Arg(1000)->Arg(100000);
BENCHMARK(group_slice)->Arg(40)->Arg(1000)->Arg(100000);

}  // namespace
}  // namespace millrace::bench

BENCHMARK_MAIN();
