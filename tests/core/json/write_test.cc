#include "json/write.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "json/document.h"
#include "json/utf8.h"

namespace millrace {
namespace {

TEST(JsonWrite, EveryEscapeSurvivesARoundTrip) {
  std::string all;
  for (int c = 0; c < 128; ++c) all += static_cast<char>(c);
  all += "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
  std::string text;
  append_json_string(text, all);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  auto document = parse_json(text, "t");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->root.as_string(), all);
}

TEST(JsonWrite, EscapesLittle) {
  std::string text;
  append_json_string(text, "a/\"\\\b\f\n\r\t\x01\x1f\x7f\xC3\xA9");
  EXPECT_EQ(text, "\"a/\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xC3\xA9\"");
}

TEST(JsonWrite, NumbersAreShortestAndReadBack) {
  for (const double value : {0.1, 1.0, -0.0, 1e300, 5e-324, 1.7976931348623157e308, 123456.789}) {
    const std::string text = to_json(JsonValue::floating(value));
    EXPECT_EQ(parse_json(text, "t")->root.as_double(), value) << text;
  }
  EXPECT_EQ(to_json(JsonValue::floating(1)), "1.0");
  EXPECT_EQ(to_json(JsonValue::floating(0.1)), "0.1");
  EXPECT_EQ(to_json(JsonValue::integer(INT64_MIN)), "-9223372036854775808");
  EXPECT_EQ(to_json(JsonValue::number("18446744073709551616")), "18446744073709551616");
  EXPECT_EQ(to_json(JsonValue::floating(std::nan(""))), "null");
  EXPECT_EQ(to_json(JsonValue::floating(std::numeric_limits<double>::infinity())), "null");
}

TEST(JsonWrite, PrettyIndentsAndReadsBack) {
  const JsonValue root = parse_json(R"({"a":[1,{"b":null}],"c":{},"d":[]})", "t")->root;
  EXPECT_EQ(
      to_pretty_json(root),
      "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}");
  EXPECT_EQ(parse_json(to_pretty_json(root), "t")->root, root);
}

TEST(Utf8, FindsTheFirstBadByte) {
  EXPECT_TRUE(is_valid_utf8(""));
  EXPECT_TRUE(is_valid_utf8("plain ascii, longer than eight bytes"));
  EXPECT_TRUE(is_valid_utf8("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF\xEE\x80\x80"));
  EXPECT_EQ(first_invalid_utf8("12345678\x80"), 8u);
  EXPECT_EQ(first_invalid_utf8("ab\xC3"), 2u);
  for (const char* bad :
       {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xF0\x9F\x98", "\xFF"}) {
    EXPECT_EQ(first_invalid_utf8(bad), 0u);
  }
}

}  // namespace
}  // namespace millrace
