// Finding the calendar day of a record, and reading wall-clock times: with what is remembered, and
// by the zone's table each time. Tumbling windows are the ceiling: two divisions.
#include <benchmark/benchmark.h>

#include <random>

#include "base/local_time.h"
#include "window/slicer.h"

namespace millrace::bench {
namespace {

constexpr int64_t kDayUs = 86400 * kSecondUs;
constexpr EventTime kFrom = 1'711'800'000 * kSecondUs;  // A day before Berlin's clocks change.
constexpr size_t kRecords = 1 << 14;

/// Three days, up to `disorder` out of order.
std::vector<EventTime> times(int64_t disorder) {
  std::mt19937_64 random(3);
  std::uniform_int_distribution<int64_t> back(0, disorder);
  std::vector<EventTime> out;
  for (size_t i = 0; i < kRecords; ++i) {
    const auto step = static_cast<int64_t>(i) * (3 * kDayUs / static_cast<int64_t>(kRecords));
    out.push_back(kFrom + step - back(random));
  }
  return out;
}

Calendar berlin() { return {Zone::find("Europe/Berlin").value(), CalendarUnit::kDay}; }

void find_windows(benchmark::State& state, const Slicer& slicer, int64_t disorder) {
  const std::vector<EventTime> records = times(disorder);
  for (auto _ : state) {
    for (const EventTime t : records) benchmark::DoNotOptimize(slicer.slice_of(t));
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRecords));
}

void tumbling_day(benchmark::State& state) {
  find_windows(state, Slicer::tumbling(kDayUs, 0), kSecondUs);
}
void calendar_day(benchmark::State& state) {
  find_windows(state, Slicer::calendar(berlin()), kSecondUs);
}
/// Most records lie around a midnight, on either side.
void calendar_day_in_disorder(benchmark::State& state) {
  find_windows(state, Slicer::calendar(berlin()), kDayUs);
}
void calendar_day_not_remembered(benchmark::State& state) {
  const std::vector<EventTime> records = times(kSecondUs);
  const Calendar calendar = berlin();
  for (auto _ : state) {
    for (const EventTime t : records) {
      const Calendar fresh = calendar;
      benchmark::DoNotOptimize(fresh.span_of(t));
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRecords));
}

/// Readings far from changes of the clock, or on the day of one.
void local_time(benchmark::State& state) {
  LocalTimeReader reader(
      {Zone::find("America/New_York").value(), LocalPattern::compile("%Y-%m-%d %H:%M:%S").value()});
  const std::string_view text = state.range(0) ? "2015-11-01 03:05:00" : "2015-07-04 12:34:56";
  for (auto _ : state) benchmark::DoNotOptimize(reader.read(text));
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}

BENCHMARK(tumbling_day);
BENCHMARK(calendar_day);
BENCHMARK(calendar_day_in_disorder);
BENCHMARK(calendar_day_not_remembered);
BENCHMARK(local_time)->Arg(0)->Arg(1);

}  // namespace
}  // namespace millrace::bench

BENCHMARK_MAIN();
