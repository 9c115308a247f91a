#include "json/value.h"

#include <gtest/gtest.h>

#include "json/document.h"
#include "json/rapid.h"
#include "json/write.h"

namespace millrace {
namespace {

JsonValue parse(std::string_view text) { return std::move(parse_json(text, "t").value().root); }

TEST(JsonValue, FindsByPointer) {
  // The example of RFC 6901, section 5.
  const JsonValue root = parse(
      R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8})");
  EXPECT_EQ(root.at(""), &root);
  EXPECT_EQ(root.at("/foo/0")->as_string(), "bar");
  EXPECT_EQ(root.at("/")->as_int(), 0);
  EXPECT_EQ(root.at("/a~1b")->as_int(), 1);
  EXPECT_EQ(root.at("/i\\j")->as_int(), 5);
  EXPECT_EQ(root.at("/ ")->as_int(), 7);
  EXPECT_EQ(root.at("/m~0n")->as_int(), 8);
  for (const char* absent :
       {"foo", "/foo/2", "/foo/00", "/foo/-", "/foo/x", "/m~n", "/x", "/foo/0/a"}) {
    EXPECT_EQ(root.at(absent), nullptr) << absent;
  }
}

TEST(JsonValue, PointerOfFindsTheWayBack) {
  const JsonValue root = parse(R"({"a/b":[{},{"m~n":[1]}]})");
  EXPECT_EQ(pointer_of(root, *root.at("/a~1b/1/m~0n/0")), "/a~1b/1/m~0n/0");
  EXPECT_EQ(pointer_of(root, root), "");
  EXPECT_EQ(pointer_of(root, JsonValue()), std::nullopt);
}

TEST(JsonValue, SetKeepsOrderAndReplaces) {
  JsonValue object = JsonValue::object();
  object.set("b", JsonValue::integer(1));
  object.set("a", JsonValue::array({JsonValue::boolean(true), JsonValue()}));
  object.set("b", JsonValue::string("x")).set_position({3, 4});
  EXPECT_EQ(to_json(object), R"({"b":"x","a":[true,null]})");
  EXPECT_EQ(object.find("b")->position().column, 4u);
  EXPECT_TRUE(object.remove("b"));
  EXPECT_FALSE(object.remove("b"));
  EXPECT_EQ(to_json(object), R"({"a":[true,null]})");
}

TEST(JsonValue, EqualityIgnoresOrderPlaceAndSpelling) {
  EXPECT_EQ(parse(R"({"a":1,"b":[2.0]})"), parse(R"({ "b": [2], "a": 1.0 })"));
  EXPECT_FALSE(parse("[1]") == parse("[1,2]"));
  EXPECT_FALSE(parse(R"({"a":1})") == parse(R"({"b":1})"));
  EXPECT_FALSE(parse("1") == parse("true"));
  EXPECT_FALSE(parse("0") == parse("null"));
}

TEST(JsonValue, RapidCopyIsTheSameTree) {
  const JsonValue root = parse(R"({"a":[null,true,1,1.5,"x\u0000y",18446744073709551615],"b":{}})");
  const rapidjson::Document document = to_rapidjson(root);
  ASSERT_TRUE(document.IsObject());
  const auto& a = document["a"];
  EXPECT_TRUE(a[0].IsNull());
  EXPECT_TRUE(a[1].GetBool());
  EXPECT_EQ(a[2].GetInt64(), 1);
  EXPECT_EQ(a[3].GetDouble(), 1.5);
  EXPECT_EQ(std::string(a[4].GetString(), a[4].GetStringLength()), std::string("x\0y", 3));
  EXPECT_EQ(a[5].GetDouble(), 18446744073709551615.0);
  EXPECT_TRUE(document["b"].ObjectEmpty());
}

}  // namespace
}  // namespace millrace
