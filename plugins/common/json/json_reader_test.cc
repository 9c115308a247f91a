#include "common/json/json_reader.h"

#include <gtest/gtest.h>

#include <map>

#include "common/json/json_pick.h"

namespace millrace::json {
namespace {

std::map<std::string, std::string> members_of(std::string_view text, bool& good) {
  JsonReader reader;
  std::map<std::string, std::string> found;
  good = reader.members(
      text, [&](std::string_view key, std::string_view raw) { found[std::string(key)] = raw; });
  return found;
}

TEST(JsonReader, GivesSlicesAsTheyAreWritten) {
  bool good = false;
  const auto found = members_of(
      R"( {"a": 1.50 , "b":"x\ty", "c": {"d": [1, 2]} , "\u0065":null, "f":[ ]} )", good);
  EXPECT_TRUE(good);
  const std::map<std::string, std::string> expected{
      {"a", "1.50"}, {"b", "\"x\\ty\""}, {"c", "{\"d\": [1, 2]}"}, {"e", "null"}, {"f", "[ ]"}};
  EXPECT_EQ(found, expected);
}

TEST(JsonReader, SlicesArePartsOfTheCallersText) {
  const std::string text = R"({"a":{"b":"c"}})";
  JsonReader reader;
  std::string_view slice;
  ASSERT_TRUE(reader.members(text, [&](std::string_view, std::string_view raw) { slice = raw; }));
  EXPECT_EQ(slice.data(), text.data() + 5);
}

TEST(JsonReader, RefusesWhatIsNotOneObject) {
  for (const char* text :
       {"", " ", "[]", "1", "\"x\"", "null", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\" 1}",
        "{\"a\":1} x", "{\"a\":1}{}", "{\"a\":\"\xFF\"}", "<html>"}) {
    bool good = true;
    members_of(text, good);
    EXPECT_FALSE(good) << text;
  }
}

TEST(JsonReader, CanBeUsedAgainAfterAFault) {
  JsonReader reader;
  EXPECT_FALSE(reader.members("{\"a\":", [](std::string_view, std::string_view) {}));
  int count = 0;
  EXPECT_TRUE(reader.elements("[1, {\"a\":[]}, \"x\"]", [&](std::string_view) { ++count; }));
  EXPECT_EQ(count, 3);
}

TEST(JsonReader, UnescapesText) {
  JsonReader reader;
  std::string out = "before";
  EXPECT_FALSE(reader.text("12", out));
  EXPECT_FALSE(reader.text("", out));
  EXPECT_FALSE(reader.text("\"\\x\"", out));
  EXPECT_EQ(out, "before");
  ASSERT_TRUE(reader.text(R"("a\"\\\u00e9\ud83d\ude42")", out));
  EXPECT_EQ(out, "a\"\\\u00E9\U0001F642");
}

TEST(JsonReader, IntegersAreExact) {
  EXPECT_EQ(integer_of("-12"), -12);
  EXPECT_EQ(integer_of("9223372036854775807"), INT64_MAX);
  for (const char* raw : {"", "1.0", "1e3", "9223372036854775808", "x", "\"1\""}) {
    EXPECT_EQ(integer_of(raw), std::nullopt) << raw;
  }
}

TEST(JsonReader, QuotesWhatMustBeQuoted) {
  EXPECT_EQ(quoted("a\"b\\c\n\u00E9"), "\"a\\\"b\\\\c\\u000a\u00E9\"");
}

TEST(JsonPick, FindsNestedPathsAndTheLastOfDuplicates) {
  const JsonPick pick({"meta.id", "wiki", "meta", "length.new.x", "absent"});
  JsonReader reader;
  std::vector<std::string_view> found;
  const std::string text =
      R"({"wiki":"a","meta":{"id":"1","id":"2"},"length":{"new":7},"wiki":"b"})";
  ASSERT_TRUE(pick.pick(reader, text, found));
  EXPECT_EQ(found[0], "\"2\"");
  EXPECT_EQ(found[1], "\"b\"");
  EXPECT_EQ(found[2], R"({"id":"1","id":"2"})");
  EXPECT_EQ(found[3].data(), nullptr);
  EXPECT_EQ(found[4].data(), nullptr);
  EXPECT_FALSE(pick.pick(reader, "[]", found));
}

}  // namespace
}  // namespace millrace::json
