#include "base/duration.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace millrace {
namespace {

TEST(Duration, ReadsEachUnit) {
  EXPECT_EQ(parse_duration("250ms"), 250'000);
  EXPECT_EQ(parse_duration("5s"), 5'000'000);
  EXPECT_EQ(parse_duration("1m"), 60'000'000);
  EXPECT_EQ(parse_duration("2h"), 7'200'000'000);
  EXPECT_EQ(parse_duration("7d"), 604'800'000'000);
  EXPECT_EQ(parse_duration("3us"), 3);
}

TEST(Duration, ReadsSeveralUnitsInFallingOrder) {
  EXPECT_EQ(parse_duration("14m30s"), 870'000'000);
  EXPECT_EQ(parse_duration("1d2h3m4s5ms6us"), 93'784'005'006);
  EXPECT_EQ(parse_duration("30s14m"), std::nullopt);
  EXPECT_EQ(parse_duration("1s1s"), std::nullopt);
}

TEST(Duration, ReadsZeroAndNegatives) {
  EXPECT_EQ(parse_duration("0"), 0);
  EXPECT_EQ(parse_duration("0s"), 0);
  EXPECT_EQ(parse_duration("-8h"), -28'800'000'000);
}

TEST(Duration, RefusesWhatHasNoUnitOrIsNoNumber) {
  for (const char* text : {"", "-", "5", "s", "5 s", "5S", "1.5h", "5sec", "+5s", "5s ", "--5s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Duration, RefusesWhatDoesNotFit) {
  EXPECT_NE(parse_duration("106751991d"), std::nullopt);
  EXPECT_EQ(parse_duration("106751992d"), std::nullopt);
  EXPECT_EQ(parse_duration("99999999999999999999s"), std::nullopt);
  EXPECT_EQ(parse_duration("106751991d23h"), std::nullopt);
}

TEST(Duration, WritesWhatItReads) {
  for (const char* text : {"0s", "1h30m", "-8h", "250ms", "7d", "1d2h3m4s5ms6us"}) {
    EXPECT_EQ(format_duration(*parse_duration(text)), text);
  }
  EXPECT_EQ(format_duration(std::numeric_limits<int64_t>::min()), "-106751991d4h54s775ms808us");
}

TEST(Size, ReadsDecimalAndBinaryUnits) {
  EXPECT_EQ(parse_size("64KiB"), 65536);
  EXPECT_EQ(parse_size("1MiB"), 1048576);
  EXPECT_EQ(parse_size("10MB"), 10'000'000);
  EXPECT_EQ(parse_size("1GiB"), 1073741824);
  EXPECT_EQ(parse_size("2TB"), 2'000'000'000'000);
  EXPECT_EQ(parse_size("1kB"), 1000);
  EXPECT_EQ(parse_size("7B"), 7);
  EXPECT_EQ(parse_size("0"), 0);
}

TEST(Size, RefusesTheRest) {
  for (const char* text : {"", "64", "KiB", "-1B", "1.5MiB", "1 MiB", "1mib", "9999999999GiB"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace millrace
