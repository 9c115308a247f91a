// `parallel`: files merged by event time.

#include <charconv>

#include "test_source.h"

namespace millrace::file_source {
namespace {

using ::testing::UnorderedElementsAreArray;

constexpr const char* kMerged = R"("parallel": true, "event_time": {"field": "t", "unit": "s"})";

/// As the host reads `event_time` above, with a `max_future` that ends long before 2099.
int64_t seconds_of(std::string_view record, int64_t) {
  const std::size_t found = record.find("\"t\":");
  if (found == record.npos) return MR_TIME_NONE;
  double seconds = 0;
  const char* digits = record.data() + found + 4;
  if (std::from_chars(digits, record.data() + record.size(), seconds).ec != std::errc() ||
      seconds > 4e9)
    return MR_TIME_NONE;
  return static_cast<int64_t>(seconds * 1e6);
}

/// An instance in a host that reads times so.
struct MergedSource : harness {
  explicit MergedSource(const std::string& config) : harness(component(), config) {
    host.event_time_of = seconds_of;
  }
};

std::string at(const std::string& time, const std::string& name) {
  return R"({"t":)" + time + R"(,"n":")" + name + "\"}";
}

class Merged : public ::testing::Test {
 protected:
  void write(const char* name, const std::vector<std::string>& records) {
    std::string text;
    for (const std::string& record : records) text += record + "\n";
    append_file(dir_ / name, text);
  }
  std::string config(const std::string& more = kMerged) { return config_of(dir_ / "*", more); }

  /// The names (`n`) of all records, in order.
  static std::string names(const harness& h) {
    std::string out;
    for (const std::string& value : values(h)) {
      const std::size_t found = value.find("\"n\":\"");
      out += found == value.npos ? "?" : value.substr(found + 5, 1);
    }
    return out;
  }

  ScratchDir dir_;
};

TEST_F(Merged, R42_EarliestFirstAndOfEqualOnesTheFirstFile) {
  write("1", {at("10", "c"), at("20", "e"), at("5", "f"), at("40", "h")});
  write("2", {at("1", "a"), at("10", "d"), at("21", "g")});
  write("3", {at("2.5", "b")});
  for (const uint32_t at_once : {1u, 2u, 1000u}) {
    MergedSource h(config());
    h.open();
    EXPECT_EQ(h.poll_all(at_once), MR_END);
    EXPECT_EQ(names(h), "abcdefgh") << at_once;
    EXPECT_EQ(h.out.rows[0].partition, 1u);
    EXPECT_EQ(h.out.rows[1].partition, 2u);
  }
}

TEST_F(Merged, R22_WhatHasNoUsableTimeGoesAtOnceAndHoldsNothingBack) {
  write("1", {"{}", at("1", "a"), at("99999999999", "!"), at("\"x\"", "!"), at("3", "c")});
  write("2", {at("2", "b"), "broken", at("4", "d")});
  MergedSource h(config());
  h.open();
  h.poll_all();
  EXPECT_EQ(names(h), "?a!!b?cd");
}

TEST_F(Merged, R22_TheHostIsAskedForTheTimeOfARecordAsItWillSeeIt) {
  append_file(dir_ / "1", "n,t\na,1\nc,3\n");
  append_file(dir_ / "2", "t,n\n2,b\n");
  MergedSource h(config(std::string(kMerged) + R"(, "format": "csv")"));
  std::vector<std::string> asked;
  h.host.event_time_of = [&](std::string_view record, int64_t own) {
    asked.emplace_back(record);
    EXPECT_EQ(own, MR_TIME_NONE);
    return static_cast<int64_t>(record[record.find("\"t\":\"") + 5]);
  };
  h.open();
  h.poll_all();
  EXPECT_EQ(names(h), "abc");
  EXPECT_THAT(asked, UnorderedElementsAreArray(values(h))) << "once each";
}

TEST_F(Merged, R22_AHostThatReadsNoTimesIsRefused) {
  write("1", {at("1", "a")});
  MergedSource h(config());
  h.host.withhold(MR_EXT_EVENT_TIMES);
  EXPECT_THAT(failure_of([&] { h.open(); }), HasSubstr("does not offer millrace.event_times/1"));
}

/// Stopped behind each record and gone on with: the same order, whatever was added meanwhile.
TEST_F(Merged, R43_GoesOnWithTheMergeThatWasBegun) {
  write("1", {at("10", "b"), at("30", "d")});
  write("2", {at("1", "a"), at("20", "c"), at("40", "e")});
  std::string state;
  std::string seen;
  {
    MergedSource h(config());
    h.open();
    h.poll(2, 1 << 20);
    state = h.snapshot(1);
    seen = names(h);
  }
  EXPECT_EQ(seen, "ab");
  write("0", {at("0", "f"), at("15", "h")});
  write("1", {at("11", "g")});
  for (int life = 0; life < 10; ++life) {
    MergedSource h(config());
    h.open(state, 1);
    const mr_rc rc = h.poll(1, 1 << 20);
    seen += names(h);
    if (rc == MR_END) break;
    state = h.snapshot(1);
  }
  EXPECT_EQ(seen, "abcdefgh");
}

TEST_F(Merged, KeepsTheBudget) {
  for (const char* name : {"1", "2"}) {
    for (int i = 0; i < 100; ++i) write(name, {at(std::to_string(i), std::string(90, 'x'))});
  }
  MergedSource h(config());
  h.open();
  for (mr_rc rc = MR_MORE; rc != MR_END;) {
    const std::size_t before = h.out.rows.size();
    rc = h.poll(10, 500);
    std::size_t bytes = 0;
    for (std::size_t i = before; i < h.out.rows.size(); ++i) bytes += h.out.rows[i].value->size();
    EXPECT_LE(bytes, 500u);
  }
  EXPECT_THAT(h.out.rows, SizeIs(200));
}

TEST_F(Merged, RefusesWhatHasNoOrder) {
  write("1", {"{}"});
  const auto refusal = [&](const std::string& more) {
    return failure_of([&] { harness(component(), config(more)).open(); });
  };
  EXPECT_THAT(refusal(R"("parallel": true)"), HasSubstr("needs event_time with a field"));
  EXPECT_THAT(refusal(std::string(kMerged) + R"(, "follow": true)"), HasSubstr("followed"));
  EXPECT_THAT(refusal(std::string(kMerged) + R"(, "format": "lines")"),
              HasSubstr("lines have no time"));
}

}  // namespace
}  // namespace millrace::file_source
