#include <gtest/gtest.h>

#include "loading.h"

namespace millrace {
namespace {

Loading load_window(const std::string& window) {
  return load(with_operators(R"({"o": {"from": "in", "window": )" + window + "}}"));
}

const WindowConfig& window_of(const Loading& loading) {
  EXPECT_EQ(loading.faults, "");
  return *loading.pipeline().operators[0].window;
}

using Kind = WindowConfig::Kind;

TEST(Window, EachKindIsRead) {
  const Loading tumbling = load_window(R"({"tumbling": "1m", "offset": "-10s"})");
  EXPECT_EQ(window_of(tumbling).kind, Kind::kTumbling);
  EXPECT_EQ(window_of(tumbling).size_us, 60'000'000);
  EXPECT_EQ(window_of(tumbling).offset_us, -10'000'000);
  EXPECT_FALSE(window_of(tumbling).processing_time);

  const Loading hopping = load_window(R"({"hopping": "1h", "every": "5m"})");
  EXPECT_EQ(window_of(hopping).kind, Kind::kHopping);
  EXPECT_EQ(window_of(hopping).every_us, 300'000'000);

  EXPECT_EQ(window_of(load_window(R"({"session": "30m"})")).kind, Kind::kSession);
  EXPECT_EQ(window_of(load_window(R"({"sliding_by_record": "5s"})")).size_us, 5'000'000);
  EXPECT_TRUE(
      window_of(load_window(R"({"session": "30m", "time": "processing"})")).processing_time);

  const Loading calendar = load_window(R"({"calendar": "month", "zone": "America/New_York"})");
  EXPECT_EQ(window_of(calendar).unit, WindowConfig::Unit::kMonth);
  EXPECT_EQ(window_of(calendar).zone.text, "America/New_York");
  EXPECT_EQ(window_of(load_window(R"({"calendar": "day"})")).zone.text, "UTC");

  const Loading cumulative = load_window(R"({"cumulative": "1d", "every": "5m"})");
  EXPECT_EQ(window_of(cumulative).kind, Kind::kCumulative);
  EXPECT_EQ(window_of(cumulative).size_us, 86'400'000'000);
}

TEST(Window, NeedsExactlyOneKind) {
  EXPECT_EQ(load_window("{}").faults,
            "c.json:4:37: /operators/o/window: the kind of the window is missing; one of tumbling, "
            "hopping, session, sliding_by_record, calendar, cumulative");
  EXPECT_EQ(load_window(R"({"tumbling": "1m", "session": "1m"})").faults,
            "c.json:4:37: /operators/o/window: a window has one kind, found \"tumbling\" and "
            "\"session\"; keep one of them, or use two operators");
  EXPECT_EQ(
      load_window(R"({"sliding": "1m"})").faults,
      "c.json:4:48: /operators/o/window/sliding: unknown key; known keys are tumbling, hopping, "
      "session, sliding_by_record, calendar, cumulative, every, offset, zone, time");
}

TEST(Window, StepsMustFit) {
  EXPECT_EQ(
      load_window(R"({"hopping": "1m"})").faults,
      "c.json:4:37: /operators/o/window: \"hopping\" needs \"every\"; e.g. {\"hopping\": \"1h\", "
      "\"every\": \"5m\"}");
  EXPECT_EQ(
      load_window(R"({"hopping": "1m", "every": "2m"})").faults,
      "c.json:4:74: /operators/o/window/every: \"every\" (2m) must not be longer than the window "
      "(1m); records between two windows would be lost");
  EXPECT_EQ(load_window(R"({"hopping": "1m", "every": "1m"})").faults, "");
  EXPECT_EQ(load_window(R"({"hopping": "12s", "every": "5s"})").faults, "");
  EXPECT_EQ(load_window(R"({"cumulative": "1h", "every": "7m"})").faults,
            "c.json:4:62: /operators/o/window/cumulative: 1h is not a multiple of \"every\" (7m)");
  EXPECT_EQ(
      load_window(R"({"tumbling": "1m", "every": "5s"})").faults,
      "c.json:4:66: /operators/o/window/every: has no meaning with \"tumbling\"; \"hopping\" and "
      "\"cumulative\" have steps");
}

TEST(Window, OffsetsAreSmallerThanTheSize) {
  EXPECT_EQ(
      load_window(R"({"tumbling": "1m", "offset": "1m"})").faults,
      "c.json:4:76: /operators/o/window/offset: the offset (1m) must be smaller than the window "
      "(1m)");
  EXPECT_EQ(
      load_window(R"({"tumbling": "1m", "offset": "-1m"})").faults,
      "c.json:4:76: /operators/o/window/offset: the offset (-1m) must be smaller than the window "
      "(1m)");
  EXPECT_EQ(load_window(R"({"tumbling": "1m", "offset": "-59s"})").faults, "");
  EXPECT_EQ(
      load_window(R"({"session": "1m", "offset": "1s"})").faults,
      "c.json:4:65: /operators/o/window/offset: has no meaning with \"session\"; \"tumbling\", "
      "\"hopping\" and \"cumulative\" have offsets");
}

TEST(Window, ZonesAreForCalendars) {
  EXPECT_EQ(
      load_window(R"({"tumbling": "1d", "zone": "Europe/Berlin"})").faults,
      "c.json:4:66: /operators/o/window/zone: has no meaning with \"tumbling\"; only \"calendar\" "
      "windows follow a time zone");
  EXPECT_EQ(
      load_window(R"({"calendar": "dy"})").faults,
      "c.json:4:60: /operators/o/window/calendar: expected one of \"day\", \"week\", \"month\" or "
      "\"year\", found \"dy\"; did you mean \"day\"?");
}

TEST(Window, SizesAreLongerThanNothing) {
  EXPECT_EQ(load_window(R"({"tumbling": "0s"})").faults,
            "c.json:4:60: /operators/o/window/tumbling: must be longer than 0, found \"0s\"");
}

}  // namespace
}  // namespace millrace
