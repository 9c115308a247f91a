#include "columns/json_encode.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "decoding.h"

namespace millrace {
namespace {

template <class Write>
std::string written(Write write) {
  ByteBuffer out;
  write(out);
  return std::string(out.view());
}
std::string json_string(std::string_view text) {
  return written([&](ByteBuffer& out) { write_json_string(text, out); });
}
std::string float8(double value) {
  return written([&](ByteBuffer& out) { write_float8(value, out); });
}
std::string base64(std::string_view bytes) {
  return written([&](ByteBuffer& out) { write_base64(bytes, out); });
}
std::string raw_json(std::string_view text) {
  return written([&](ByteBuffer& out) { write_raw_json(text, out); });
}

TEST(WriteJsonString, EscapesWhatJsonForbids) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("a\"b\\c/"), R"("a\"b\\c/")");
  EXPECT_EQ(json_string("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(json_string(std::string_view("\0\x01\x1f\x7f", 4)), "\"\\u0000\\u0001\\u001f\x7f\"");
}

TEST(WriteJsonString, KeepsUtf8) {
  EXPECT_EQ(json_string("grüße 𝄞 \xef\xbf\xbf"), "\"grüße 𝄞 \xef\xbf\xbf\"");
}

TEST(WriteJsonString, BytesThatAreNotUtf8BecomeReplacementCharacters) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(json_string("a\xff z"), "\"a" + r + " z\"");
  EXPECT_EQ(json_string("\xc0\x80"), "\"" + r + r + "\"");
  EXPECT_EQ(json_string("\xed\xa0\x80"), "\"" + r + r + r + "\"");
  EXPECT_EQ(json_string("\xe0\x80\x80"), "\"" + r + r + r + "\"");
  EXPECT_EQ(json_string("\xf0\x8f\x80\x80"), "\"" + r + r + r + r + "\"");
  EXPECT_EQ(json_string("\xf4\x90\x80\x80"), "\"" + r + r + r + r + "\"");
  EXPECT_EQ(json_string("\xf5"), "\"" + r + "\"");
  EXPECT_EQ(json_string("\xe2\x82"), "\"" + r + r + "\"");
  EXPECT_EQ(json_string("\xc3"), "\"" + r + "\"");
  EXPECT_EQ(json_string("\xc3\"x"), "\"" + r + "\\\"x\"");
}

TEST(WriteJsonString, IsAlwaysUtf8AndReadsBack) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes;
    for (size_t n = random() % 40; n > 0; --n) {
      bytes += random() % 3 ? static_cast<char>(random() % 128) : static_cast<char>(random());
    }
    if (random() % 2) bytes += "ü𝄞";
    const std::string json = json_string(bytes);
    ASSERT_TRUE(is_utf8(json));
    const std::string back = cell_of(Type::kText, json);
    ASSERT_NE(back, "BROKEN") << json;
    if (is_utf8(bytes)) {
      ASSERT_EQ(back, "'" + bytes + "'");
    }
  }
}

TEST(WriteFloat8, IsTheShortestTextThatReadsBack) {
  EXPECT_EQ(float8(0), "0");
  EXPECT_EQ(float8(-0.0), "-0");
  EXPECT_EQ(float8(1), "1");
  EXPECT_EQ(float8(0.1), "0.1");
  EXPECT_EQ(float8(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(float8(1e22), "1e+22");
  EXPECT_EQ(float8(5e-324), "5e-324");
  EXPECT_EQ(float8(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
}

TEST(WriteFloat8, NaNAndInfinitiesAreStrings) {
  EXPECT_EQ(float8(std::nan("")), R"("NaN")");
  EXPECT_EQ(float8(-std::nan("")), R"("NaN")");
  EXPECT_EQ(float8(std::numeric_limits<double>::infinity()), R"("Infinity")");
  EXPECT_EQ(float8(-std::numeric_limits<double>::infinity()), R"("-Infinity")");
}

TEST(WriteFloat8, AnyDoubleReadsBackEqual) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 5000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    const auto text = float8(value);
    const double back = std::strtod(text.c_str(), nullptr);
    ASSERT_EQ(std::bit_cast<uint64_t>(back), std::bit_cast<uint64_t>(value)) << text;
    ASSERT_NE(cell_of(Type::kFloat8, text), "BROKEN") << text;
  }
}

TEST(WriteInt, HoldsBothEnds) {
  const auto int8 = [](int64_t value) {
    return written([&](ByteBuffer& out) { write_int(value, out); });
  };
  EXPECT_EQ(int8(std::numeric_limits<int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(int8(std::numeric_limits<int64_t>::max()), "9223372036854775807");
  EXPECT_EQ(int8(0), "0");
}

TEST(WriteBase64, PadsAsRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe\xfb"), "//77");
}

TEST(WriteRawJson, LeavesOutLineEndsBetweenTokens) {
  EXPECT_EQ(raw_json("{\"a\": [1]}"), "{\"a\": [1]}");
  EXPECT_EQ(raw_json("{\r\n  \"a\": 1,\n  \"b\": \"x\\ny\"\n}"), R"({  "a": 1,  "b": "x\ny"})");
}

Column column_of(Type type) {
  Column column;
  column.reset(type, 3);
  column.set_cell(1, kNull, 3);
  column.set_cell(2, kMismatch, 3);
  return column;
}

std::string cell(const Column& column, size_t row) {
  return written([&](ByteBuffer& out) { write_json_cell(column, row, out); });
}

TEST(WriteJsonCell, WritesEachType) {
  Column ints = column_of(Type::kInt8), bools = column_of(Type::kBool),
         texts = column_of(Type::kText);
  Column times = column_of(Type::kTimestamptz), raw = column_of(Type::kJsonb);
  ints.ints[0] = -5;
  bools.bools[0] = 1;
  texts.texts[0] = "a\n";
  times.ints[0] = 1'500'000;
  raw.texts[0] = "[1,\n2]";
  EXPECT_EQ(cell(ints, 0), "-5");
  EXPECT_EQ(cell(bools, 0), "true");
  EXPECT_EQ(cell(texts, 0), R"("a\n")");
  EXPECT_EQ(cell(times, 0), R"("1970-01-01T00:00:01.5Z")");
  EXPECT_EQ(cell(raw, 0), "[1,2]");
  for (size_t row : {1u, 2u}) EXPECT_EQ(cell(ints, row), "null");
}

TEST(WriteJsonCell, AConstantStandsForEveryRow) {
  Column one;
  one.reset(Type::kInt8, 1);
  one.ints[0] = 9;
  one.constant = true;
  EXPECT_EQ(cell(one, 500), "9");
}

TEST(ByteBuffer, GrowsAndKeepsWhatItHolds) {
  ByteBuffer out;
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    out.append(std::to_string(i));
    out.append(';');
    expected += std::to_string(i) + ";";
  }
  out.append(std::string(50'000, 'z'));
  EXPECT_EQ(out.view(), expected + std::string(50'000, 'z'));
  out.clear();
  EXPECT_EQ(out.view(), "");
}

}  // namespace
}  // namespace millrace
