// Event times: numbers in a unit, digit strings, RFC 3339 (semantics R1).
#include "decoding.h"

namespace millrace {
namespace {

std::string seconds(const std::string& value) {
  return cell_of(Type::kTimestamptz, value, CellFormat::kTimeSeconds);
}
std::string millis(const std::string& value) {
  return cell_of(Type::kTimestamptz, value, CellFormat::kTimeMillis);
}
std::string micros(const std::string& value) {
  return cell_of(Type::kTimestamptz, value, CellFormat::kTimeMicros);
}
std::string nanos(const std::string& value) {
  return cell_of(Type::kTimestamptz, value, CellFormat::kTimeNanos);
}
std::string rfc3339(const std::string& value) {
  return cell_of(Type::kTimestamptz, value, CellFormat::kTimeRfc3339);
}

TEST(JsonDecoder, R1_IntegersCountInTheirUnit) {
  EXPECT_EQ(seconds("1700000000"), "1700000000000000");
  EXPECT_EQ(millis("1700000000123"), "1700000000123000");
  EXPECT_EQ(micros("1700000000123456"), "1700000000123456");
  EXPECT_EQ(nanos("1700000000123456789"), "1700000000123456");
  EXPECT_EQ(seconds("0"), "0");
  EXPECT_EQ(seconds("-1"), "-1000000");
  EXPECT_EQ(seconds("1.7e9"), "1700000000000000");
}

TEST(JsonDecoder, R1_FractionsAreFlooredTowardMinusInfinity) {
  EXPECT_EQ(seconds("1.5"), "1500000");
  EXPECT_EQ(seconds("0.0000019"), "1");
  EXPECT_EQ(seconds("-0.0000001"), "-1");
  EXPECT_EQ(seconds("-1.5"), "-1500000");
  EXPECT_EQ(seconds("-1.0000005"), "-1000001");
  EXPECT_EQ(millis("1.0005"), "1000");
  EXPECT_EQ(millis("-1.0005"), "-1001");
  EXPECT_EQ(micros("1.9"), "1");
  EXPECT_EQ(micros("-1.1"), "-2");
  EXPECT_EQ(nanos("999"), "0");
  EXPECT_EQ(nanos("1999"), "1");
  EXPECT_EQ(nanos("-1"), "-1");
  EXPECT_EQ(nanos("-1000"), "-1");
  EXPECT_EQ(nanos("-1001"), "-2");
  // A double would not hold this one.
  EXPECT_EQ(seconds("1700000000.123456"), "1700000000123456");
}

TEST(JsonDecoder, DigitStringsCountAsNumbers) {
  EXPECT_EQ(seconds(R"("1700000000")"), "1700000000000000");
  EXPECT_EQ(seconds(R"("12.5")"), "12500000");
  EXPECT_EQ(millis(R"("-1")"), "-1000");
  EXPECT_EQ(millis(R"("\u0031")"), "1000");
  for (const char* value : {R"("")", R"(" 1")", R"("1 ")", R"("abc")", R"("1s")", R"("01")",
                            R"("1970-01-01T00:00:00Z")", R"("0x1")"}) {
    EXPECT_EQ(seconds(value), "MISMATCH") << value;
  }
}

TEST(JsonDecoder, TimesOfOtherKindsAreMismatches) {
  for (const char* value : {"true", "false", "[1]", "{\"t\":1}"}) {
    EXPECT_EQ(seconds(value), "MISMATCH") << value;
    EXPECT_EQ(rfc3339(value), "MISMATCH") << value;
  }
  EXPECT_EQ(seconds("null"), "NULL");
  EXPECT_EQ(rfc3339("null"), "NULL");
}

TEST(JsonDecoder, TimesThatAreReadMustBeGoodJson) {
  for (const char* value : {"01", "1.", "-", "1e", "nul", R"("\x")", R"("\ud800")"}) {
    EXPECT_EQ(seconds(value), "BROKEN") << value;
    EXPECT_EQ(rfc3339(value), "BROKEN") << value;
  }
}

TEST(JsonDecoder, Rfc3339TimesAreStrings) {
  EXPECT_EQ(rfc3339(R"("1970-01-01T00:00:01Z")"), "1000000");
  EXPECT_EQ(rfc3339(R"("1970-01-01 00:00:01+00:00")"), "1000000");
  EXPECT_EQ(rfc3339(R"("1970\u002d01-01T00:00:01Z")"), "1000000");
  for (const char* value : {"1", "1700000000", R"("1700000000")", R"("1970-01-01")",
                            R"("1970-01-01T00:00:00")", R"("")"}) {
    EXPECT_EQ(rfc3339(value), "MISMATCH") << value;
  }
}

TEST(JsonDecoder, R1_TimesOutsideTimestamptzCannotBeUsed) {
  EXPECT_EQ(micros(std::to_string(kTimestamptzMin)), std::to_string(kTimestamptzMin));
  EXPECT_EQ(micros(std::to_string(kTimestamptzMin - 1)), "MISMATCH");
  EXPECT_EQ(micros(std::to_string(kTimestamptzEnd - 1)), std::to_string(kTimestamptzEnd - 1));
  EXPECT_EQ(micros(std::to_string(kTimestamptzEnd)), "MISMATCH");
  EXPECT_EQ(micros("-9223372036854775808"), "MISMATCH");
  EXPECT_EQ(micros("9223372036854775807"), "MISMATCH");
  EXPECT_EQ(seconds("9223372036855"), "MISMATCH");
  EXPECT_EQ(seconds("9223372036854.775806"), std::to_string(kTimestamptzEnd - 1));
  EXPECT_EQ(seconds("1e300"), "MISMATCH");
  EXPECT_EQ(nanos("1e300"), "MISMATCH");
  EXPECT_EQ(nanos("9223372036854775808"), "9223372036854775");
}

}  // namespace
}  // namespace millrace
