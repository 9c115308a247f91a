// `parallel`: files merged by event time.

#include "test_source.h"

namespace millrace::file_source {
namespace {

constexpr const char* kBySeconds =
    R"("parallel": true, "event_time": {"field": "t", "unit": "s", "max_future": "100000d"})";

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
  std::string config(const std::string& more = kBySeconds) { return config_of(dir_ / "*", more); }

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
    harness h(component(), config());
    h.open();
    EXPECT_EQ(h.poll_all(at_once), MR_END);
    EXPECT_EQ(names(h), "abcdefgh") << at_once;
    EXPECT_EQ(h.out.rows[0].partition, 1u);
    EXPECT_EQ(h.out.rows[1].partition, 2u);
  }
}

TEST_F(Merged, WhatHasNoUsableTimeGoesAtOnceAndHoldsNothingBack) {
  write("1", {"{}", at("1", "a"), at("99999999999", "!"), at("\"x\"", "!"), at("3", "c")});
  write("2", {at("2", "b"), "broken", at("4", "d")});
  harness h(component(), config(R"("parallel": true, "event_time": {"field": "t", "unit": "s"})"));
  h.open();
  h.poll_all();
  EXPECT_EQ(names(h), "?a!!b?cd");
}

TEST_F(Merged, BoundsTellWhatHasNoPlaceInTheOrder) {
  write("1", {at("\"2026-01-01T00:00:00Z\"", "a"), at("\"2030-01-01T00:00:00Z\"", "x"),
              at("\"2026-01-01T00:00:02+00:00\"", "c")});
  write("2", {at("\"2026-01-01 01:00:01+01:00\"", "b")});
  harness h(component(), config(R"("parallel": true, "event_time": {"field": "t", "unit": "rfc3339",
      "max_future": "100000d", "bounds": ["2026-01-01", "2027-01-01"]})"));
  h.open();
  h.poll_all();
  EXPECT_EQ(names(h), "axbc");
}

TEST_F(Merged, ReadsCsvAndLocalTimes) {
  append_file(dir_ / "1", "n,when\na,01.02.2026 10:00\nc,01.02.2026 12:00\n");
  append_file(dir_ / "2", "when,n\n01.02.2026 11:00,b\n");
  harness h(component(),
            config(R"("format": "csv", "parallel": true, "event_time": {"field": "when",
      "unit": "local:Europe/Berlin:%d.%m.%Y %H:%M"})"));
  h.open();
  h.poll_all();
  EXPECT_EQ(names(h), "abc");
}

/// Stopped behind each record and gone on with: the same order, whatever was added meanwhile.
TEST_F(Merged, R43_GoesOnWithTheMergeThatWasBegun) {
  write("1", {at("10", "b"), at("30", "d")});
  write("2", {at("1", "a"), at("20", "c"), at("40", "e")});
  std::string state;
  std::string seen;
  {
    harness h(component(), config());
    h.open();
    h.poll(2, 1 << 20);
    state = h.snapshot(1);
    seen = names(h);
  }
  EXPECT_EQ(seen, "ab");
  write("0", {at("0", "f"), at("15", "h")});
  write("1", {at("11", "g")});
  for (int life = 0; life < 10; ++life) {
    harness h(component(), config());
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
  harness h(component(), config());
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
  EXPECT_THAT(refusal(std::string(kBySeconds) + R"(, "follow": true)"), HasSubstr("followed"));
  EXPECT_THAT(refusal(std::string(kBySeconds) + R"(, "format": "lines")"),
              HasSubstr("lines have no time"));
}

}  // namespace
}  // namespace millrace::file_source
