#include "json/document.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace millrace {
namespace {

JsonValue parse(std::string_view text, const JsonReadOptions& options = {}) {
  auto document = parse_json(text, "t.json", options);
  EXPECT_TRUE(document) << text << ": " << document.error().message;
  return document ? std::move(document->root) : JsonValue();
}

std::string fault(std::string_view text, const JsonReadOptions& options = {}) {
  auto document = parse_json(text, "t.json", options);
  return document ? "accepted" : document.error().message;
}

std::string place(const JsonValue& root, std::string_view pointer) {
  const JsonPosition at = root.at(pointer)->position();
  return std::to_string(at.line) + ":" + std::to_string(at.column);
}

// Pins where RapidJSON's stream stands in each event; another version may move it.
TEST(JsonDocument, KnowsWhereEachTokenStarts) {
  const JsonValue root = parse(
      "{ \"a\" : [ null, true,false ,\n"
      "  -1.5e3, \"x\\u0041y\" , {} ],\n"
      "  \"b\\n\": { \"c\": [ ] ,\"d\":12 } }");
  EXPECT_EQ(place(root, ""), "1:1");
  EXPECT_EQ(place(root, "/a"), "1:9");
  EXPECT_EQ(place(root, "/a/0"), "1:11");
  EXPECT_EQ(place(root, "/a/1"), "1:17");
  EXPECT_EQ(place(root, "/a/2"), "1:22");
  EXPECT_EQ(place(root, "/a/3"), "2:3");
  EXPECT_EQ(place(root, "/a/4"), "2:11");
  EXPECT_EQ(place(root, "/a/5"), "2:24");
  EXPECT_EQ(place(root, "/b\n"), "3:10");
  EXPECT_EQ(place(root, "/b\n/c"), "3:17");
  EXPECT_EQ(place(root, "/b\n/d"), "3:26");
  EXPECT_EQ(root.find_member("b\n")->key_position.line, 3u);
  EXPECT_EQ(root.find_member("b\n")->key_position.column, 3u);
  EXPECT_EQ(root.find("b\n")->find_member("d")->key_position.column, 22u);
}

TEST(JsonDocument, FaultNamesFilePlaceAndPointer) {
  auto document = parse_json("{\"a\":\n [1, 2]}", "f.json");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->fault(*document->root.at("/a/1"), "too big"), "f.json:2:6: /a/1: too big");
  EXPECT_EQ(document->fault(JsonValue(), "missing"), "f.json: missing");
}

TEST(JsonDocument, RefusesDuplicateKeys) {
  EXPECT_EQ(fault("{\"a\":1,\n\"b\":{\"a\":2,\"a\":3}}"), "t.json:2:12: duplicate key \"a\"");
  EXPECT_EQ(fault("{\"a\":1,\"\\u0061\":1}"), "t.json:1:8: duplicate key \"a\"");
  EXPECT_EQ(fault("{\"a\":{\"a\":{}},\"b\":[{\"a\":1},{\"a\":1}]}"), "accepted");
}

TEST(JsonDocument, CommentsAndTrailingCommasOnlyWhenAllowed) {
  const std::string text = "// head\n{ /* a */ \"a\": [1, 2,], // b\n \"b\": 3, } // end";
  EXPECT_NE(fault(text), "accepted");
  EXPECT_NE(fault("{\"a\":[1,]}"), "accepted");
  const JsonValue root = parse(text, JsonReadOptions::config());
  EXPECT_EQ(root.find("a")->items().size(), 2u);
  EXPECT_EQ(place(root, "/b"), "3:7");
  EXPECT_NE(fault("{,}", JsonReadOptions::config()), "accepted");
  EXPECT_NE(fault("[1,,2]", JsonReadOptions::config()), "accepted");
  EXPECT_EQ(fault("[1] /* open", JsonReadOptions::config()),
            "t.json:1:12: a comment that does not end, or a '/' that begins none");
}

TEST(JsonDocument, DeepNestingIsAnErrorNotACrash) {
  EXPECT_EQ(fault(std::string(100000, '[')), "t.json:1:201: nested deeper than 200 levels");
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  EXPECT_EQ(fault(objects), "t.json:1:1001: nested deeper than 200 levels");
  EXPECT_EQ(fault(std::string(200, '[') + std::string(200, ']')), "accepted");
}

TEST(JsonDocument, RefusesWhatIsNotJson) {
  for (const char* text :
       {"",    "  ",     "{",       "[1",        "nul", "tru",      "01",    "+1",
        ".5",  "1.",     "1e",      "-",         "'a'", "{a:1}",    "[1] 2", "{\"a\" 1}",
        "\"a", "\"\t\"", "\"\\x\"", "\"\\u12\"", "NaN", "Infinity", "[1 2]"}) {
    EXPECT_NE(fault(text), "accepted") << text;
  }
  EXPECT_EQ(fault("{\"a\":\n  tru}").substr(0, 11), "t.json:2:6:");
}

TEST(JsonDocument, RefusesNulAndInvalidUtf8) {
  EXPECT_EQ(fault(std::string_view("[1]\0[2]", 7)), "t.json:1:4: a NUL byte");
  EXPECT_EQ(fault("[\"a\xff\"]"), "t.json:1:4: invalid UTF-8");
  EXPECT_EQ(fault("\"\xed\xa0\x80\""), "t.json:1:2: invalid UTF-8");
  EXPECT_EQ(fault("\"\xc0\xaf\""), "t.json:1:2: invalid UTF-8");
  EXPECT_NE(fault("\"\\ud800\""), "accepted");
  EXPECT_NE(fault("\"\\udc00\""), "accepted");
  EXPECT_EQ(parse("\"\\ud83d\\ude00\"").as_string(), "\xF0\x9F\x98\x80");
  EXPECT_EQ(parse("\"a\\u0000b\"").as_string(), std::string("a\0b", 3));
}

TEST(JsonDocument, SkipsAByteOrderMark) { EXPECT_TRUE(parse("\xEF\xBB\xBF{}").is_object()); }

TEST(JsonDocument, KeepsNumbersExact) {
  EXPECT_EQ(parse("9223372036854775807").as_int(), INT64_MAX);
  EXPECT_EQ(parse("-9223372036854775808").as_int(), INT64_MIN);
  const JsonValue beyond = parse("18446744073709551615");
  EXPECT_TRUE(beyond.is_number());
  EXPECT_FALSE(beyond.is_int());
  EXPECT_EQ(beyond.as_double(), 18446744073709551615.0);
  std::string text;
  beyond.append_number(text);
  EXPECT_EQ(text, "18446744073709551615");
  EXPECT_TRUE(parse("1e3").is_int());
  EXPECT_EQ(parse("1e3").as_int(), 1000);
  EXPECT_FALSE(parse("1.5").is_int());
  EXPECT_FALSE(parse("9223372036854775808.0").is_int());
  EXPECT_EQ(parse("-0.0").as_double(), 0.0);
  EXPECT_TRUE(std::signbit(parse("-0.0").as_double()));
  EXPECT_EQ(parse("1.7976931348623157e308").as_double(), 1.7976931348623157e308);
  EXPECT_EQ(parse("1e-400").as_double(), 0.0);
  EXPECT_NE(fault("1e400"), "accepted");
  EXPECT_EQ(parse("0.1").as_double(), 0.1);
}

}  // namespace
}  // namespace millrace
