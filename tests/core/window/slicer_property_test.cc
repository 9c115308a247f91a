// The slicer against the definitions, for random S, H, O and t.
#include <algorithm>
#include <random>

#include "folding.h"

namespace millrace {

namespace {

class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}
  int64_t from(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }

 private:
  std::mt19937_64 random_;
};

/// R4 by definition: every start that is O plus a multiple of H, near enough to hold t.
std::vector<Span> hopping_by_definition(int64_t size, int64_t every, int64_t offset, EventTime t) {
  std::vector<Span> out;
  for (EventTime start = t - size + 1; start <= t; ++start) {
    const int64_t distance = start - offset;
    if (((distance % every) + every) % every == 0) out.push_back({start, start + size});
  }
  return out;
}

/// R40 by definition.
std::vector<Span> cumulative_by_definition(int64_t size, int64_t every, int64_t offset,
                                           EventTime t) {
  std::vector<Span> out;
  const EventTime start = hopping_by_definition(size, size, offset, t).at(0).start;
  for (int64_t k = 1; k <= size / every; ++k) {
    if (start + k * every > t) out.push_back({start, start + k * every});
  }
  return out;
}

/// What must hold for any slicer around `t`.
void check_slices(const Slicer& slicer, EventTime t, const std::vector<Span>& windows) {
  const Span slice = slicer.slice_of(t);
  ASSERT_LE(slice.start, t);
  ASSERT_GT(slice.end, t);
  // Slices tile time, and all times of a slice have the same windows.
  ASSERT_EQ(slicer.slice_of(slice.end).start, slice.end);
  ASSERT_EQ(slicer.slice_of(slice.start), slice);
  ASSERT_EQ(slicer.slice_of(slice.end - 1), slice);
  for (const Span& window : windows) {
    ASSERT_LE(window.start, slice.start);
    ASSERT_GE(window.end, slice.end);
    ASSERT_EQ(slicer.slice_of(window.start).start, window.start) << "a window begins a slice";
    ASSERT_EQ(slicer.slice_of(window.end).start, window.end) << "a window ends with a slice";
  }
  // The first end after t is the first of t's own windows.
  ASSERT_EQ(slicer.first_window_ending_after(t), windows.front());
  ASSERT_EQ(slicer.last_end_of(t), windows.back().end);
}

TEST(Slicer, R3_R4_HoppingEqualsTheDefinition) {
  Dice dice(1);
  for (int i = 0; i < 20'000; ++i) {
    const int64_t size = dice.from(1, 40), every = dice.from(1, size);
    const int64_t offset = dice.from(-100, 100);
    const EventTime t = dice.from(-300, 300);
    SCOPED_TRACE(testing::Message()
                 << "S=" << size << " H=" << every << " O=" << offset << " t=" << t);
    const Slicer slicer = Slicer::hopping(size, every, offset);
    const std::vector<Span> expected = hopping_by_definition(size, every, offset, t);
    ASSERT_EQ(windows_of(slicer, t), expected);
    ASSERT_NO_FATAL_FAILURE(check_slices(slicer, t, expected));
  }
}

TEST(Slicer, R40_CumulativeEqualsTheDefinition) {
  Dice dice(2);
  for (int i = 0; i < 20'000; ++i) {
    const int64_t every = dice.from(1, 10), size = every * dice.from(1, 8);
    const int64_t offset = dice.from(-100, 100);
    const EventTime t = dice.from(-300, 300);
    SCOPED_TRACE(testing::Message()
                 << "S=" << size << " every=" << every << " O=" << offset << " t=" << t);
    const Slicer slicer = Slicer::cumulative(size, every, offset);
    const std::vector<Span> expected = cumulative_by_definition(size, every, offset, t);
    ASSERT_EQ(windows_of(slicer, t), expected);
    ASSERT_NO_FATAL_FAILURE(check_slices(slicer, t, expected));
  }
}

TEST(Slicer, R4_AtMostTwoSlicesPerHop) {
  Dice dice(3);
  for (int i = 0; i < 2000; ++i) {
    const int64_t size = dice.from(1, 40), every = dice.from(1, size), offset = dice.from(-50, 50);
    const Slicer slicer = Slicer::hopping(size, every, offset);
    int slices = 0;
    const EventTime begin = slicer.slice_of(dice.from(-100, 100)).start;
    for (EventTime t = begin; t < begin + 10 * every; t = slicer.slice_of(t).end) ++slices;
    ASSERT_LE(slices, 21) << "S=" << size << " H=" << every << " O=" << offset;
  }
}

TEST(Slicer, TimesOfTimestamptzNeverOverflow) {
  Dice dice(4);
  for (int i = 0; i < 5000; ++i) {
    const EventTime t = dice.from(kTimestamptzMin, kTimestamptzEnd - 1);
    const int64_t size = dice.from(1, 400LL * 365 * 86'400 * kSecondUs), every = dice.from(1, size);
    const Slicer slicer = Slicer::hopping(size, every, dice.from(-size, size));
    const Span slice = slicer.slice_of(t);
    ASSERT_LE(slice.start, t);
    ASSERT_GT(slice.end, t);
    ASSERT_GT(slicer.last_end_of(t), t);
  }
}

}  // namespace
}  // namespace millrace
