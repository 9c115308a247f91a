// What joins and dedupe keep, per record, against hand loops over std::unordered_map: the state
// alone, without decode and output, which run.py measures (nexmark q7, q8, q18).
#include <benchmark/benchmark.h>

#include <deque>
#include <random>
#include <unordered_map>

#include "window/first_seen.h"
#include "window/join_buffer.h"

namespace millrace::bench {
namespace {

constexpr uint32_t kRecords = 1 << 17;
constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kStepUs = 1000;  // Time between two records.
constexpr int64_t kBeforeUs = 0, kAfterUs = kSecondUs;
constexpr int64_t kKeepUs = 10 * kSecondUs;
constexpr uint32_t kForgetEvery = 256;  // Records between two watermarks, as in a batch.
constexpr std::string_view kRow =
    R"({"id":123456,"price":99,"name":"a record of eighty bytes, more or less"})";

struct Record {
  EventTime t;
  std::string key;
};

/// Keys drawn from so many; times move on.
std::vector<Record> records(size_t keys) {
  std::mt19937_64 random(1);
  std::vector<Record> out;
  for (uint32_t i = 0; i < kRecords; ++i)
    out.push_back({i * kStepUs, "key-" + std::to_string(random() % keys)});
  return out;
}

size_t hand_dedupe(const std::vector<Record>& records) {
  std::unordered_map<std::string_view, EventTime> first;
  std::deque<std::pair<EventTime, std::string_view>> order;
  size_t passed = 0;
  for (const Record& record : records) {
    while (!order.empty() && order.front().first + kKeepUs < record.t) {
      const auto old = first.find(order.front().second);
      if (old != first.end() && old->second == order.front().first) first.erase(old);
      order.pop_front();
    }
    const auto [found, made] = first.try_emplace(record.key, record.t);
    if (!made) continue;
    order.emplace_back(record.t, record.key);
    ++passed;
  }
  return passed;
}

size_t engine_dedupe(const std::vector<Record>& records) {
  FirstSeen ids(kKeepUs);
  size_t passed = 0;
  for (uint32_t i = 0; i < kRecords; ++i) {
    passed += !ids.seen(records[i].key, records[i].t);
    if (i % kForgetEvery == 0) ids.forget(records[i].t);
  }
  return passed;
}

/// Even records are left ones, odd ones right ones.
size_t hand_join(const std::vector<Record>& records) {
  using Rows = std::deque<std::pair<EventTime, std::string>>;
  std::unordered_map<std::string_view, Rows> sides[2];
  size_t pairs = 0;
  for (uint32_t i = 0; i < kRecords; ++i) {
    const Record& record = records[i];
    Rows& partners = sides[1 - i % 2][record.key];
    while (!partners.empty() && partners.front().first + kAfterUs < record.t) partners.pop_front();
    for (const auto& [t, row] : partners) pairs += i % 2 ? t + kAfterUs >= record.t : t == record.t;
    sides[i % 2][record.key].emplace_back(record.t, kRow);
  }
  return pairs;
}

size_t engine_join(const std::vector<Record>& records) {
  JoinBuffer buffers[2] = {{kAfterUs + 1, false}, {kBeforeUs + 1, false}};
  std::vector<JoinBuffer::Row*> partners;
  size_t pairs = 0;
  for (uint32_t i = 0; i < kRecords; ++i) {
    const Record& record = records[i];
    const bool right = i % 2;
    partners.clear();
    buffers[!right].find(record.key, right ? record.t - kAfterUs : record.t,
                         right ? record.t : record.t + kAfterUs, record.t - 1, partners);
    pairs += partners.size();
    const std::string_view key = record.key;
    buffers[right].add(&key, record.t, std::string(kRow), !partners.empty());
    if (i % kForgetEvery != 0) continue;
    for (JoinBuffer& buffer : buffers) buffer.drop_ended(record.t);
  }
  return pairs;
}

template <size_t (*kHand)(const std::vector<Record>&),
          size_t (*kEngine)(const std::vector<Record>&), bool kMeasureHand>
void against(benchmark::State& state) {
  const auto input = records(static_cast<size_t>(state.range(0)));
  if (kHand(input) != kEngine(input)) return state.SkipWithError("the answers differ");
  for (auto _ : state) benchmark::DoNotOptimize(kMeasureHand ? kHand(input) : kEngine(input));
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kRecords);
}

BENCHMARK(against<hand_dedupe, engine_dedupe, true>)
    ->Name("dedupe, hand loop")
    ->Arg(1000)
    ->Arg(100000);
BENCHMARK(against<hand_dedupe, engine_dedupe, false>)
    ->Name("dedupe, FirstSeen")
    ->Arg(1000)
    ->Arg(100000);
BENCHMARK(against<hand_join, engine_join, true>)->Name("join, hand loop")->Arg(1000)->Arg(100000);
BENCHMARK(against<hand_join, engine_join, false>)->Name("join, JoinBuffer")->Arg(1000)->Arg(100000);

}  // namespace
}  // namespace millrace::bench

BENCHMARK_MAIN();
