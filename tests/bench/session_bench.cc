// Sessions: rows of known key, hash and time into count(*) and sum(int8) of their session, in
// batches of 256 rows, closed as time moves on. SessionWindows and the aggregates' kernels, as
// session_node uses them, against a loop over a hash map of four numbers that closes a session when
// the next one of its key begins.
#include <benchmark/benchmark.h>

#include <memory>
#include <random>
#include <unordered_map>

#include "base/hash.h"
#include "sample.h"
#include "window/group_key.h"
#include "window/session_windows.h"

namespace millrace::bench {
namespace {

constexpr uint32_t kRows = 256 * kBatchRows;
constexpr int64_t kGap = 5000;

const AggregateFunction& aggregate(std::string_view name) {
  for (const AggregateFunction& function : aggregate_functions()) {
    const bool fits = name == "count" ? !function.argument && !function.any_argument
                                      : function.argument == Type::kInt8;
    if (function.name == name && fits) return function;
  }
  throw std::logic_error("no such aggregate");
}

/// One row per tick; half of them in a few groups.
struct Rows {
  std::vector<std::string> keys;
  std::vector<uint32_t> group;  ///< Per row.
  std::vector<uint64_t> hashes;
  std::vector<Column> values = std::vector<Column>(kRows / kBatchRows);  ///< Per batch.

  explicit Rows(size_t groups) {
    Column text;
    text.reset(Type::kText, 1);
    const Column* const key_columns[] = {&text};
    std::vector<std::string> names;
    for (size_t i = 0; i < groups; ++i) names.push_back("user" + std::to_string(i * 7919));
    for (const std::string& name : names) {
      text.texts[0] = name;
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

/// What came out: the same whatever the order.
struct Result {
  int64_t sessions = 0, mixed = 0;
  void add(int64_t first, int64_t last, int64_t rows, int64_t sum) {
    ++sessions;
    mixed += (first * 31 + last) * 31 + rows * 7 + sum;
  }
  bool operator==(const Result&) const = default;
};

Result hand_sessions(const Rows& rows) {
  struct Session {
    int64_t first = 0, last = 0, rows = 0, sum = 0;
  };
  std::unordered_map<std::string_view, Session> sessions;
  Result result;
  for (uint32_t row = 0; row < kRows; ++row) {
    Session& session = sessions[rows.keys[rows.group[row]]];
    if (session.rows && row - session.last > kGap) {
      result.add(session.first, session.last, session.rows, session.sum);
      session = {};
    }
    if (!session.rows) session.first = row;
    session.last = row;
    ++session.rows;
    session.sum += rows.value(row);
  }
  for (const auto& [key, session] : sessions)
    result.add(session.first, session.last, session.rows, session.sum);
  return result;
}

void hand_loop(benchmark::State& state) {
  const Rows rows(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(hand_sessions(rows));
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kRows);
}

/// As SessionNode does it, without rows and columns around.
struct Fold {
  using States = SessionWindows::States;
  AggregateLayout layout{{&aggregate("count"), &aggregate("sum")}};
  std::unique_ptr<SessionWindows> windows;
  std::vector<std::byte*> states;
  std::vector<uint32_t> places;
  std::vector<SessionWindows::Session*> due;
  Column counts, sums;
  Result result;

  void fold(const Rows& rows, uint32_t batch) {
    size_t at = 0;
    const Selection live{places.data(), static_cast<uint32_t>(places.size())};
    for (size_t k = 0; k < layout.size(); ++k) {
      for (std::byte*& state : states) state += layout.offset(k) - at;
      at = layout.offset(k);
      layout.function(k).kernel.update(states.data(), k == 0 ? nullptr : &rows.values[batch], live);
    }
    states.clear();
    places.clear();
  }

  void close(EventTime w) {
    RowErrors errors;
    windows->take_due(w, due);
    for (SessionWindows::Session* session : due) {
      counts.reset(Type::kInt8, 0);
      sums.reset(Type::kInt8, 0);
      layout.function(0).kernel.emit(States::state_of(*session) + layout.offset(0), counts, errors);
      layout.function(1).kernel.emit(States::state_of(*session) + layout.offset(1), sums, errors);
      result.add(session->first, session->last, counts.ints[0], sums.ints[0]);
      windows->drop(*session);
    }
  }

  Result run(const Rows& rows) {
    windows = std::make_unique<SessionWindows>(layout, kGap, 0, false);
    result = {};
    EventTime next_close = kTimeMax;
    for (uint32_t row = 0; row < kRows; ++row) {
      const EventTime w = row == 0 ? kTimeNone : row - 1;
      if (w >= next_close) {
        fold(rows, (row - 1) / kBatchRows);
        close(w);
        next_close = kTimeMax;
        windows->next_due(next_close);
      }
      SessionWindows::Session* session = windows->place(
          rows.hashes[row], rows.keys[rows.group[row]], row, w, [](SessionWindows::Session&) {});
      if (session->first == row) next_close = std::min(next_close, windows->closes_at(*session));
      states.push_back(States::state_of(*session));
      places.push_back(row % kBatchRows);
      if (row % kBatchRows == kBatchRows - 1) fold(rows, row / kBatchRows);
    }
    close(kTimeMax);
    return result;
  }
};

void session_windows(benchmark::State& state) {
  const Rows rows(static_cast<size_t>(state.range(0)));
  Fold fold;
  if (fold.run(rows) != hand_sessions(rows))
    return state.SkipWithError("the sessions differ from the map's");
  for (auto _ : state) fold.run(rows);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kRows);
}

BENCHMARK(hand_loop)->Arg(40)->Arg(1000)->Arg(100000);
BENCHMARK(session_windows)->Arg(40)->Arg(1000)->Arg(100000);

}  // namespace
}  // namespace millrace::bench

BENCHMARK_MAIN();
