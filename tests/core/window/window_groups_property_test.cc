// Windows against an oracle that keeps every record and decides by definition.
#include <algorithm>
#include <random>

#include "folding.h"

namespace millrace {
namespace {

struct Record {
  EventTime t;
  std::string key;
  int64_t value;
};

struct Setting {
  Slicer slicer;
  int64_t out_of_orderness, lateness;
};

/// What came out, and behind which record (records.size(): the end of input).
struct Output {
  size_t behind;
  Fired fired;
  bool operator==(const Output&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Output& one) {
  return out << "\n  behind " << one.behind << ": " << one.fired;
}

std::vector<Output> by_engine(const Setting& setting, const std::vector<Record>& records,
                              size_t* late = nullptr) {
  WindowGroups groups(small_layout(), setting.slicer, setting.lateness);
  Watermark watermark(setting.out_of_orderness);
  std::vector<Output> out;
  const auto take = [&](size_t behind, std::vector<Fired> fired) {
    for (Fired& one : fired) out.push_back({behind, std::move(one)});
  };
  for (size_t i = 0; i < records.size(); ++i) {
    const bool is_late =
        groups.judge(records[i].t, watermark.now()) == WindowGroups::Verdict::kLate;
    if (late) *late += is_late;
    if (!is_late) {
      groups.pass(watermark.now());
      fold(groups, records[i].t, records[i].key, records[i].value);
    }
    watermark.observe(records[i].t);
    take(i, fire(groups, watermark.now()));
  }
  take(records.size(), fire(groups, Watermark::at_end()));
  EXPECT_TRUE(groups.slices().empty()) << "the end leaves nothing open";
  return out;
}

std::vector<Output> by_definition(const Setting& setting, const std::vector<Record>& records) {
  struct ByEnd {
    bool operator()(const Span& a, const Span& b) const {
      return a.end != b.end ? a.end < b.end : a.start < b.start;
    }
  };
  std::map<Span, GroupRows, ByEnd> windows;
  std::vector<EventTime> w_behind;
  EventTime w = kTimeNone;
  for (const Record& record : records) {
    for (const Span& window : windows_of(setting.slicer, record.t)) {
      if (w != kTimeNone && w >= window.end + setting.lateness) continue;
      Sums& sums = windows[window][record.key];
      ++sums.count;
      sums.sum += record.value;
    }
    w = std::max(w, record.t - setting.out_of_orderness);
    w_behind.push_back(w);
  }
  std::vector<Output> out;
  for (const auto& [window, rows] : windows) {
    const auto due = std::find_if(
        w_behind.begin(), w_behind.end(),
        [&, end = window.end](EventTime now) { return now >= end + setting.lateness; });
    out.push_back({static_cast<size_t>(due - w_behind.begin()), {window, rows}});
  }
  // Windows by (end, start) already; an earlier end is never released later.
  return out;
}

class Random {
 public:
  explicit Random(uint64_t seed) : random_(seed) {}
  int64_t from(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }
  Setting setting() {
    const int64_t every = from(1, 12), offset = from(-30, 30);
    const int64_t bound = from(0, 20), lateness = from(0, 1) * from(0, 20);
    switch (from(0, 2)) {
      case 0: return {Slicer::tumbling(every, offset), bound, lateness};
      case 1: return {Slicer::hopping(every + from(0, 30), every, offset), bound, lateness};
      default: return {Slicer::cumulative(every * from(1, 6), every, offset), bound, lateness};
    }
  }
  /// Rises in the mean, with gaps, jitter, equal times and times before 1970.
  std::vector<Record> records() {
    std::vector<Record> out;
    EventTime base = from(-200, 0);
    const int64_t jitter = from(0, 40);
    for (int64_t i = from(0, 120); i > 0; --i) {
      base += from(0, 9) == 0 ? from(0, 60) : from(0, 3);
      out.push_back({base - from(0, jitter), std::string(1, static_cast<char>('a' + from(0, 3))),
                     from(-9, 9)});
    }
    return out;
  }

 private:
  std::mt19937_64 random_;
};

TEST(WindowGroups, R4_R11_R12_EqualTheOracleOverRandomRecords) {
  size_t late = 0;
  for (uint64_t seed = 1; seed <= 1500; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const Setting setting = random.setting();
    const std::vector<Record> records = random.records();
    ASSERT_EQ(by_engine(setting, records, &late), by_definition(setting, records));
  }
  EXPECT_GT(late, 1000u) << "late records must be among them";
}

TEST(WindowGroups, R43_AnyOrderWithinTheBoundGivesTheSameWindows) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    Setting setting = random.setting();
    setting.out_of_orderness = 200;
    std::vector<Record> records = random.records();
    for (Record& record : records) record.t = random.from(0, 199);
    std::vector<Output> first = by_engine(setting, records);
    std::mt19937_64 shuffle(seed);
    std::shuffle(records.begin(), records.end(), shuffle);
    std::vector<Output> second = by_engine(setting, records);
    // Only the end releases: W stays at or below 0.
    for (std::vector<Output>* outputs : {&first, &second}) {
      for (Output& output : *outputs) output.behind = 0;
    }
    ASSERT_EQ(first, second);
  }
}

}  // namespace
}  // namespace millrace
