#include "window/record_windows.h"

#include "folding.h"

namespace millrace {
namespace {

using Window = RecordWindows::Window;

struct Row {
  Span window;
  int64_t count;
  bool operator==(const Row&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.window << "x" << row.count;
}
using FiredRows = std::vector<Row>;

/// Windows fed by hand, record by record, with W as the test says.
class Records {
 public:
  explicit Records(int64_t difference, int64_t lateness = 0)
      : windows(small_layout(), difference, lateness, false) {}

  RecordWindows::Placed place(EventTime t, EventTime w, const std::string& key = "k",
                              double fraction = 0) {
    const auto placed = windows.place(hash_bytes(key), key, t, w);
    if (placed.instant)
      fold(windows.states().layout(), RecordWindows::States::state_of(*placed.instant), 1,
           fraction);
    return placed;
  }
  Sums sums_of(const Window& window) {
    const AggregateLayout layout = small_layout();
    alignas(16) std::byte state[256];
    layout.init(state);
    windows.combine(window, state);
    const Sums sums = read_sums(layout, state);
    layout.destroy(state);
    return sums;
  }
  FiredRows close(EventTime w) {
    FiredRows out;
    std::vector<Window> due;
    for (EventTime end = 0; windows.take_due(w, end, due); due.clear()) {
      for (const Window& window : due)
        out.push_back({windows.window_ending(window.end), sums_of(window).count});
      windows.close(w);
    }
    return out;
  }
  FiredRows changed(const RecordWindows::Placed& placed, EventTime w) {
    std::vector<Window> found;
    windows.changed_windows(placed, w, found);
    FiredRows out;
    for (const Window& window : found)
      out.push_back({windows.window_ending(window.end), sums_of(window).count});
    return out;
  }

  RecordWindows windows;
};

TEST(RecordWindows, R5_VectorOfThePage) {
  const FiredRows expected = {{{3000, 8001}, 1},
                              {{4200, 9201}, 2},
                              {{7400, 12401}, 3},
                              {{8001, 13002}, 2},
                              {{9201, 14202}, 1}};
  for (const auto& times :
       {std::vector<EventTime>{8000, 9200, 12400}, {12400, 8000, 9200}, {9200, 12400, 8000}}) {
    Records records(5000);
    for (EventTime t : times) EXPECT_TRUE(records.place(t, kTimeNone).instant);
    EXPECT_EQ(records.close(kTimeMax), expected);
  }
}

/// A stop may fall behind the end of input, before the end is sealed: what fired does not fire
/// again.
TEST(RecordWindows, R20_WhatTheEndFiredStaysFiredOverARestart) {
  Records before(5000);
  for (EventTime t : {8000, 9200, 12400}) before.place(t, kTimeNone);
  EXPECT_EQ(before.close(kTimeMax).size(), 5u);
  Records after(5000);
  after.windows.restore_closed(before.windows.fired_upto(), before.windows.closed_upto());
  before.windows.states().each(
      [&](RecordWindows::Instant& instant) { after.windows.restore("k", instant.first); });
  EXPECT_EQ(after.close(kTimeMax), FiredRows());
}

/// Kafka Streams' small input, difference 10.
TEST(RecordWindows, R5_AgreesWithKafkaStreams) {
  Records records(10);
  for (EventTime t : {10, 15, 20, 22, 30}) records.place(t, kTimeNone);
  EXPECT_EQ(records.close(kTimeMax), (FiredRows{{{0, 11}, 1},
                                                {{5, 16}, 2},
                                                {{10, 21}, 3},
                                                {{11, 22}, 2},
                                                {{12, 23}, 3},
                                                {{16, 27}, 2},
                                                {{20, 31}, 3},
                                                {{21, 32}, 2},
                                                {{23, 34}, 1}}));
}

TEST(RecordWindows, R5_NegativeStartsAreNotFoldedTogether) {
  Records records(10);
  for (EventTime t : {2, 7}) records.place(t, kTimeNone);
  EXPECT_EQ(records.close(kTimeMax), (FiredRows{{{-8, 3}, 1}, {{-3, 8}, 2}, {{3, 14}, 1}}));
}

TEST(RecordWindows, R5_LeftAndRightWindowOfOneRangeAreOne) {
  Records records(10);
  records.place(0, kTimeNone);
  records.place(11, kTimeNone);  // left(11) = right(0) = [1, 12).
  EXPECT_EQ(records.close(kTimeMax), (FiredRows{{{-10, 1}, 1}, {{1, 12}, 1}}));
}

TEST(RecordWindows, R5_RecordsOfOneTimeShareTheirWindows) {
  Records records(10);
  EXPECT_TRUE(records.place(5, kTimeNone).fresh);
  EXPECT_FALSE(records.place(5, kTimeNone).fresh);
  records.place(9, kTimeNone);
  EXPECT_EQ(records.close(kTimeMax), (FiredRows{{{-5, 6}, 2}, {{-1, 10}, 3}, {{6, 17}, 1}}));
}

TEST(RecordWindows, R11_ClosesWhenWReachesTheEndAndL) {
  Records records(10, 3);
  records.place(5, kTimeNone);
  records.place(8, kTimeNone);
  EXPECT_TRUE(records.close(8).empty());
  EXPECT_EQ(records.close(9), (FiredRows{{{-5, 6}, 1}}));
  EXPECT_EQ(records.close(12), (FiredRows{{{-2, 9}, 2}}));
  EXPECT_TRUE(records.close(19).empty());
  EXPECT_EQ(records.close(20), (FiredRows{{{6, 17}, 1}}));
  EXPECT_EQ(records.windows.states().entries(), 1u);  // [9, 20) may come to be until W is 23.
  EXPECT_TRUE(records.close(23).empty());
  EXPECT_EQ(records.windows.states().entries(), 0u);
}

TEST(RecordWindows, R12_IsLateOnlyForWindowsThatAreClosed) {
  Records records(5);
  records.place(8, kTimeNone);
  records.place(10, 8);
  EXPECT_EQ(records.close(10), (FiredRows{{{3, 9}, 1}}));
  const auto placed =
      records.place(9, 10);  // [4, 10) is closed; [9, 15) behind 8 and [5, 11) of 10 are not.
  EXPECT_TRUE(placed.instant && placed.partial);
  EXPECT_EQ(records.close(kTimeMax), (FiredRows{{{5, 11}, 3}, {{9, 15}, 2}, {{10, 16}, 1}}));
}

TEST(RecordWindows, R12_IsLateWhenNoOpenWindowHoldsIt) {
  Records records(5);
  records.place(3, kTimeNone);
  records.close(10);
  EXPECT_FALSE(records.place(4, 10).instant);  // The window behind 3 ended at 10.
  EXPECT_FALSE(records.place(9, 10).instant);  // Nothing holds it.
  EXPECT_TRUE(records.place(10, 10).instant);
}

TEST(RecordWindows, R20_RecordsOutliveTheEndAndClosedWindowsStayClosed) {
  Records records(5);
  records.place(10, kTimeNone);
  EXPECT_EQ(records.close(kTimeMax), (FiredRows{{{5, 11}, 1}}));
  records.windows.seal_closed();
  EXPECT_EQ(records.windows.closed_upto(), 11);
  EXPECT_FALSE(records.place(8, kTimeNone).instant);  // [3, 9) and [5, 11) are closed.
  EXPECT_FALSE(records.place(12, kTimeNone).partial);
  EXPECT_TRUE(records.place(8, kTimeNone).partial);  // [7, 13) holds it.
  EXPECT_EQ(records.close(kTimeMax), (FiredRows{{{7, 13}, 3}, {{9, 15}, 2}, {{11, 17}, 1}}));
  records.windows.seal_closed();
  EXPECT_EQ(records.windows.states().entries(), 1u);
}

TEST(RecordWindows, R25_ARecordChangesTheWindowsThatHoldItAndMakesTheOneBehindIt) {
  Records records(5);
  EXPECT_EQ(records.changed(records.place(10, kTimeNone), kTimeNone), (FiredRows{{{5, 11}, 1}}));
  EXPECT_EQ(records.changed(records.place(12, kTimeNone), kTimeNone),
            (FiredRows{{{7, 13}, 2}, {{11, 17}, 1}}));
  EXPECT_EQ(records.changed(records.place(11, kTimeNone), kTimeNone),
            (FiredRows{{{6, 12}, 2}, {{7, 13}, 3}, {{11, 17}, 2}, {{12, 18}, 1}}));
  // The same time again makes no new window.
  EXPECT_EQ(records.changed(records.place(11, kTimeNone), kTimeNone),
            (FiredRows{{{6, 12}, 3}, {{7, 13}, 4}, {{11, 17}, 3}}));
}

TEST(RecordWindows, R25_ARecordBehindAWindowDoesNotChangeIt) {
  Records records(5);
  records.place(10, kTimeNone);
  records.place(12, kTimeNone);
  // [11, 17) ends in front of 17; [13, 19) behind 12 comes to be.
  EXPECT_EQ(records.changed(records.place(17, kTimeNone), kTimeNone),
            (FiredRows{{{12, 18}, 2}, {{13, 19}, 1}}));
}

/// W passed the end of a window of its own before the record came: it stays closed over a restart.
TEST(RecordWindows, R35_WhatWPassedStaysClosedOverARestart) {
  Records before(5);
  before.place(10, kTimeNone);
  EXPECT_EQ(before.close(13), (FiredRows{{{5, 11}, 1}}));
  EXPECT_TRUE(before.place(12, 13).partial);  // [7, 13) is closed; [11, 17) behind 10 is not.
  Records after(5);
  after.windows.restore_closed(before.windows.fired_upto(), before.windows.closed_upto());
  before.windows.states().each([&](RecordWindows::Instant& instant) {
    RecordWindows::Instant& restored = after.windows.restore("k", instant.first);
    fold(after.windows.states().layout(), RecordWindows::States::state_of(restored), 1, 0);
  });
  EXPECT_EQ(after.close(kTimeMax), (FiredRows{{{11, 17}, 1}}));
}

TEST(RecordWindows, R26_WhatTheEndFiredIsNotOpen) {
  Records records(5);
  records.place(10, kTimeNone);
  records.place(13, kTimeNone);
  const auto open = [&] {
    std::vector<EventTime> ends;
    records.windows.states().each([&](RecordWindows::Instant& instant) {
      std::vector<Window> found;
      records.windows.open_windows(instant, found);
      for (const Window& window : found) ends.push_back(window.end);
    });
    std::ranges::sort(ends);
    return ends;
  };
  EXPECT_EQ(open(), (std::vector<EventTime>{11, 14, 17}));
  records.close(13);
  EXPECT_EQ(open(), (std::vector<EventTime>{14, 17}));
  records.close(kTimeMax);
  EXPECT_EQ(open(), std::vector<EventTime>());
}

TEST(RecordWindows, R47_CombinesInOrderOfTimeWhateverTheLog) {
  for (const bool forward : {true, false}) {
    Records records(20);
    const std::pair<EventTime, double> values[] = {{1, 1.0}, {2, 1.0}, {3, 1e16}};
    for (int i = 0; i < 3; ++i) {
      const auto& [t, fraction] = values[forward ? i : 2 - i];
      records.place(t, kTimeNone, "k", fraction);
    }
    std::vector<Window> due;
    EventTime end = 0;
    double last = 0;
    for (; records.windows.take_due(5, end, due); due.clear()) {
      for (const Window& window : due) last = records.sums_of(window).total;
      records.windows.close(5);
    }
    EXPECT_EQ(last, 2.0 + 1e16);
  }
}

}  // namespace
}  // namespace millrace
