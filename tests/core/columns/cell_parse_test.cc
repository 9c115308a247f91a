#include "columns/cell_parse.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>

namespace millrace {
namespace {

TEST(CellParse, KnowsTheGrammarOfJsonNumbers) {
  for (const char* good : {"0", "-0", "10", "1.5", "0.0", "1e5", "1E+5", "1e-05", "-1.5e+10"}) {
    EXPECT_TRUE(is_json_number(good)) << good;
  }
  for (const char* bad : {"", "-", "+1", "01", "00", ".5", "1.", "1.e5", "1e", "1e+", "0x1", "1 ",
                          " 1", "1a", "--1", "Infinity", "NaN", "1e5.0", "1,0"}) {
    EXPECT_FALSE(is_json_number(bad)) << bad;
  }
}

TEST(CellParse, DecimalToIntIsExactOrFloored) {
  EXPECT_EQ(decimal_to_int("12.50", 1, true), 125);
  EXPECT_EQ(decimal_to_int("12.51", 1, true), std::nullopt);
  EXPECT_EQ(decimal_to_int("12.51", 1, false), 125);
  EXPECT_EQ(decimal_to_int("-12.51", 1, false), -126);
  EXPECT_EQ(decimal_to_int("-12.50", 1, false), -125);
  EXPECT_EQ(decimal_to_int("0.999", 0, false), 0);
  EXPECT_EQ(decimal_to_int("-0.001", 0, false), -1);
  EXPECT_EQ(decimal_to_int("1", -3, false), 0);
  EXPECT_EQ(decimal_to_int("-1", -3, false), -1);
  EXPECT_EQ(decimal_to_int("-0", 6, false), 0);
  EXPECT_EQ(decimal_to_int("1e-999999999999999999999", 0, false), 0);
  EXPECT_EQ(decimal_to_int("-1e-999999999999999999999", 0, false), -1);
  EXPECT_EQ(decimal_to_int("1e999999999999999999999", 0, false), std::nullopt);
  EXPECT_EQ(decimal_to_int("0e999999999999999999999", 6, true), 0);
}

TEST(CellParse, DecimalToIntKnowsTheRangeOfInt64) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(decimal_to_int("9223372036854775807", 0, true), kMax);
  EXPECT_EQ(decimal_to_int("9223372036854775808", 0, true), std::nullopt);
  EXPECT_EQ(decimal_to_int("-9223372036854775808", 0, true), kMin);
  EXPECT_EQ(decimal_to_int("-9223372036854775809", 0, true), std::nullopt);
  EXPECT_EQ(decimal_to_int("-9223372036854775807.5", 0, false), kMin);
  EXPECT_EQ(decimal_to_int("-9223372036854775808.5", 0, false), std::nullopt);
  EXPECT_EQ(decimal_to_int("9223372036854775807.9", 0, false), kMax);
  EXPECT_EQ(decimal_to_int("9.223372036854775807e18", 0, true), kMax);
  EXPECT_EQ(decimal_to_int("18446744073709551616", 0, true), std::nullopt);
}

TEST(CellParse, DecimalToIntScalesAnyIntegerBack) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    const auto value = static_cast<int64_t>(random()) >> (random() % 60);
    std::string digits = std::to_string(value);
    EXPECT_EQ(decimal_to_int(digits, 0, true), value);
    const int places = 1 + static_cast<int>(random() % 25);
    EXPECT_EQ(decimal_to_int(digits + "e-" + std::to_string(places), places, true), value);
    EXPECT_EQ(decimal_to_int(digits + "." + std::string(static_cast<size_t>(places), '0'), 0, true),
              value);
  }
}

TEST(CellParse, TextToInt8) {
  EXPECT_EQ(text_to_int8(" \t42\n"), 42);
  EXPECT_EQ(text_to_int8("+7"), 7);
  EXPECT_EQ(text_to_int8("-007"), -7);
  for (const char* bad :
       {"", " ", "+", "-", "+-1", "--1", "1.0", "1e3", "0x1", "1 2", "9223372036854775808"}) {
    EXPECT_EQ(text_to_int8(bad), std::nullopt) << bad;
  }
}

TEST(CellParse, TextToFloat8) {
  EXPECT_EQ(text_to_float8(" 1.5 "), 1.5);
  EXPECT_EQ(text_to_float8("+1e3"), 1000);
  EXPECT_EQ(text_to_float8(".5"), 0.5);
  EXPECT_EQ(text_to_float8("-inf"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(text_to_float8("Infinity"), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(text_to_float8("NaN").value_or(0)));
  for (const char* bad : {"", "+", "1,5", "1e400", "1.5x", "e5", "+-1", "++1"}) {
    EXPECT_EQ(text_to_float8(bad), std::nullopt) << bad;
  }
}

TEST(CellParse, TextToBoolTakesUniqueBeginnings) {
  for (const char* yes : {"t", "tr", "TRUE", "y", "yes", "on", "1", " True "}) {
    EXPECT_EQ(text_to_bool(yes), true) << yes;
  }
  for (const char* no : {"f", "fal", "FALSE", "n", "no", "of", "off", "0"}) {
    EXPECT_EQ(text_to_bool(no), false) << no;
  }
  for (const char* bad : {"", "o", "truee", "2", "yess", "01"}) {
    EXPECT_EQ(text_to_bool(bad), std::nullopt) << bad;
  }
}

TEST(CellParse, TextToTimestamptzMayLeaveOutTimeAndOffset) {
  EXPECT_EQ(text_to_timestamptz("1970-01-02"), 86'400 * kSecondUs);
  EXPECT_EQ(text_to_timestamptz("1970-01-01 00:01"), 60 * kSecondUs);
  EXPECT_EQ(text_to_timestamptz("1970-01-01T00:00:01"), kSecondUs);
  EXPECT_EQ(text_to_timestamptz("1970-01-01 00:00:01.25"), 1'250'000);
  EXPECT_EQ(text_to_timestamptz(" 1970-01-01T01:00:00+01 "), 0);
  for (const char* bad : {"", "1970", "1970-01", "01/02/1970", "1970-01-01 25:00", "now"}) {
    EXPECT_EQ(text_to_timestamptz(bad), std::nullopt) << bad;
  }
}

TEST(CellParse, TrimsBlanksOnly) {
  EXPECT_EQ(trim_blanks(" \t\v\f\r\na b\n "), "a b");
  EXPECT_EQ(trim_blanks("   "), "");
  EXPECT_EQ(trim_blanks(""), "");
}

}  // namespace
}  // namespace millrace
