// Which value goes to which column: paths, keys, duplicates.
#include "decoding.h"

namespace millrace {
namespace {

TEST(SplitPath, CutsAtDots) {
  using Steps = std::vector<std::string>;
  EXPECT_EQ(split_path("a"), (Steps{"a"}));
  EXPECT_EQ(split_path("meta.id"), (Steps{"meta", "id"}));
  EXPECT_EQ(split_path("a..b."), (Steps{"a", "", "b", ""}));
  EXPECT_EQ(split_path(""), (Steps{""}));
}

TEST(JsonDecoder, FindsNestedFields) {
  const std::vector<WantedField> wanted = {want("a", Type::kInt8), want("o.b", Type::kText),
                                           want("o.p.c", Type::kBool), want("o.p.d", Type::kInt8)};
  const std::string record =
      R"( { "z" : [1,{"a":9}], "o" : {"x":{"b":"no"}, "b":"yes", "p":{"c":true, "q":{}, "d":4}} , "a" : 1 } )";
  EXPECT_EQ(decode_one(wanted, record), (Cells{"1", "'yes'", "true", "4"}));
}

TEST(JsonDecoder, MissingAndNullAreNull) {
  const std::vector<WantedField> wanted = {want("a", Type::kInt8), want("o.b", Type::kText),
                                           want("j", Type::kJsonb)};
  EXPECT_EQ(decode_one(wanted, "{}"), (Cells{"NULL", "NULL", "NULL"}));
  EXPECT_EQ(decode_one(wanted, R"({"a":null,"o":null,"j":null})"), (Cells{"NULL", "NULL", "NULL"}));
  EXPECT_EQ(decode_one(wanted, R"({"o":{"b":null}})"), (Cells{"NULL", "NULL", "NULL"}));
  EXPECT_EQ(decode_one(wanted, R"({"o":{}})"), (Cells{"NULL", "NULL", "NULL"}));
  EXPECT_EQ(decode_one(wanted, R"({"o":5})"), (Cells{"NULL", "NULL", "NULL"}));
  EXPECT_EQ(decode_one(wanted, R"({"o":[{"b":"x"}]})"), (Cells{"NULL", "NULL", "NULL"}));
}

TEST(JsonDecoder, NoFieldWantedStillJudgesTheRecord) {
  const Decoded out = decode({}, {R"({"a":1})", "[]", "{}"});
  EXPECT_EQ(out.rows, (std::vector<Cells>{{}, {"BROKEN"}, {}}));
}

TEST(JsonDecoder, TellsKeysOfLikeBeginningApart) {
  const std::vector<std::string> keys = {"",         "a",         "abcdef",     "abcdefg",
                                         "abcdefgh", "abcdefghi", "abcdefghij", "abcdefghijklmnop",
                                         "grüße",    "überlänge"};
  std::vector<WantedField> wanted;
  for (const std::string& key : keys) wanted.push_back({{key}, Type::kInt8});
  for (size_t i = 0; i < keys.size(); ++i) {
    Cells expected(keys.size(), "NULL");
    expected[i] = "7";
    EXPECT_EQ(decode_one(wanted, "{\"" + keys[i] + "\":7}"), expected) << keys[i];
    // One byte more or another byte at the end is another key.
    EXPECT_EQ(decode_one(wanted, "{\"" + keys[i] + "_\":7}"), Cells(keys.size(), "NULL"));
  }
  EXPECT_EQ(decode_one(wanted, R"({"abcdefgX":1,"abcdefghX":2,"bcdefgh":3})"),
            Cells(keys.size(), "NULL"));
}

TEST(JsonDecoder, ReadsEscapedKeys) {
  const std::vector<WantedField> wanted = {want("a", Type::kInt8),
                                           want("abcdefgh", Type::kInt8),
                                           want("abcdefghij", Type::kInt8),
                                           {{"q\"u"}, Type::kInt8},
                                           {{"ten\tbytes\\"}, Type::kInt8}};
  const std::string record =
      R"({"\u0061":1,"abcdefg\u0068":2,"abcdefgh\u0069j":3,"q\"u":4,"ten\tbytes\\":5})";
  EXPECT_EQ(decode_one(wanted, record), (Cells{"1", "2", "3", "4", "5"}));
  EXPECT_EQ(decode_one(wanted, R"({"\u0061b":1,"abcdefgh\u0069":2,"abcdefgh\\":3,"q\\\"u":4})"),
            Cells(5, "NULL"));
}

TEST(JsonDecoder, AnEscapedZeroInAKeyIsNotItsEnd) {
  EXPECT_EQ(decode_one({want("a", Type::kInt8)}, R"({"a\u0000":1})"), (Cells{"NULL"}));
  EXPECT_EQ(decode_one({{{std::string("a\0", 2)}, Type::kInt8}}, R"({"a\u0000":1,"a":2})"),
            (Cells{"1"}));
}

TEST(JsonDecoder, R46_LastDuplicateKeyWins) {
  const std::vector<WantedField> wanted = {want("a", Type::kInt8)};
  EXPECT_EQ(decode_one(wanted, R"({"a":1,"a":2})"), (Cells{"2"}));
  EXPECT_EQ(decode_one(wanted, R"({"a":1,"\u0061":2,"b":0})"), (Cells{"2"}));
  EXPECT_EQ(decode_one(wanted, R"({"a":1,"a":null})"), (Cells{"NULL"}));
  EXPECT_EQ(decode_one(wanted, R"({"a":1,"a":"x"})"), (Cells{"MISMATCH"}));
  EXPECT_EQ(decode_one(wanted, R"({"a":"x","a":1})"), (Cells{"1"}));
  EXPECT_EQ(decode_one(wanted, R"({"a":"x","a":null})"), (Cells{"NULL"}));
  EXPECT_EQ(decode_one(wanted, R"({"a":1,"a":{"b":2}})"), (Cells{"MISMATCH"}));
  EXPECT_EQ(decode_one(wanted, R"({"a":{"b":2},"a":3})"), (Cells{"3"}));
}

TEST(JsonDecoder, R46_ALaterObjectReplacesTheWholeEarlierOne) {
  const std::vector<WantedField> wanted = {want("o.a", Type::kInt8), want("o.b", Type::kInt8),
                                           want("o.p.c", Type::kInt8), want("o", Type::kJsonb)};
  EXPECT_EQ(decode_one(wanted, R"({"o":{"a":1,"b":2,"p":{"c":3}},"o":{"b":4}})"),
            (Cells{"NULL", "4", "NULL", R"({"b":4})"}));
  EXPECT_EQ(decode_one(wanted, R"({"o":{"a":1},"o":5})"), (Cells{"NULL", "NULL", "NULL", "5"}));
  EXPECT_EQ(decode_one(wanted, R"({"o":{"a":1},"o":null})"), Cells(4, "NULL"));
  EXPECT_EQ(decode_one(wanted, R"({"o":[1],"o":{"a":1}})"),
            (Cells{"1", "NULL", "NULL", R"({"a":1})"}));
  EXPECT_EQ(decode_one(wanted, R"({"o":{"p":{"c":"x"},"p":{}}})"),
            (Cells{"NULL", "NULL", "NULL", R"({"p":{"c":"x"},"p":{}})"}));
}

TEST(JsonDecoder, APathMayBeALeafAndAParentAtOnce) {
  const std::vector<WantedField> wanted = {want("a.x", Type::kInt8),   want("a", Type::kJsonb),
                                           want("a.y.z", Type::kText), want("a.y", Type::kJsonb),
                                           want("b", Type::kInt8),     want("a", Type::kText)};
  EXPECT_EQ(decode_one(wanted, R"({"a": {"x":1, "y":{ "z":"t" } } ,"b":2})"),
            (Cells{"1", R"({"x":1, "y":{ "z":"t" } })", "'t'", R"({ "z":"t" })", "2", "MISMATCH"}));
  EXPECT_EQ(decode_one(wanted, R"({"a":"s","b":2})"),
            (Cells{"NULL", R"("s")", "NULL", "NULL", "2", "'s'"}));
  EXPECT_EQ(decode_one(wanted, R"({"a":{},"b":2})"),
            (Cells{"NULL", "{}", "NULL", "NULL", "2", "MISMATCH"}));
}

TEST(JsonDecoder, OneValueMayFillSeveralColumns) {
  const std::vector<WantedField> wanted = {
      want("t", Type::kText), want("t", Type::kTimestamptz), want("t", Type::kJsonb),
      want("t", Type::kTimestamptz, CellFormat::kTimeRfc3339), want("t", Type::kText)};
  EXPECT_EQ(decode_one(wanted, R"({"t":"1970-01-01T00:00:01\u005a"})"),
            (Cells{"'1970-01-01T00:00:01Z'", "1000000", R"("1970-01-01T00:00:01\u005a")", "1000000",
                   "'1970-01-01T00:00:01Z'"}));
}

TEST(JsonDecoder, TakesMoreThan64Fields) {
  std::vector<WantedField> wanted;
  for (int i = 0; i < 200; ++i) wanted.push_back(want("f" + std::to_string(i), Type::kInt8));
  std::string all = "{", some = "{\"x\":0";
  Cells every, seventh;
  for (int i = 0; i < 200; ++i) {
    const std::string member = "\"f" + std::to_string(i) + "\":" + std::to_string(i * i);
    all += (i ? "," : "") + member;
    every.push_back(std::to_string(i * i));
    if (i % 7 == 0) some += "," + member;
    seventh.push_back(i % 7 == 0 ? std::to_string(i * i) : "NULL");
  }
  const Decoded out = decode(wanted, {all + "}", some + "}", "{}", all + "}"});
  EXPECT_EQ(out.rows, (std::vector<Cells>{every, seventh, Cells(200, "NULL"), every}));
}

TEST(JsonDecoder, ExactlySixtyFourFieldsFillOneWord) {
  std::vector<WantedField> wanted;
  for (int i = 0; i < 64; ++i) wanted.push_back(want("f" + std::to_string(i), Type::kInt8));
  Cells expected(64, "NULL");
  expected[63] = "1";
  EXPECT_EQ(decode_one(wanted, R"({"f63":1})"), expected);
}

TEST(JsonDecoder, RowsDoNotShareTheirUnescapedTexts) {
  std::vector<std::string> records;
  std::vector<Cells> expected;
  for (int i = 0; i < 2000; ++i) {
    const std::string tail(static_cast<size_t>(i % 50), 'x');
    records.push_back("{\"v\":\"n\\u006f " + std::to_string(i) + tail + "\"}");
    expected.push_back({"'no " + std::to_string(i) + tail + "'"});
  }
  EXPECT_EQ(decode({want("v", Type::kText)}, records).rows, expected);
}

TEST(JsonDecoder, ACallForgetsTheOneBefore) {
  const std::vector<WantedField> wanted = {want("a", Type::kInt8), want("b", Type::kText)};
  const auto decoder = make_json_decoder(wanted);
  EXPECT_EQ(decode_with(*decoder, 2, {R"({"a":1,"b":"x"})", R"({"a":"?"})", "nope"}).rows,
            (std::vector<Cells>{{"1", "'x'"}, {"MISMATCH", "NULL"}, {"BROKEN"}}));
  EXPECT_EQ(decode_with(*decoder, 2, {R"({"b":"y"})"}).rows, (std::vector<Cells>{{"NULL", "'y'"}}));
  EXPECT_EQ(decode_with(*decoder, 2, {}).rows, std::vector<Cells>{});
}

/// A record of a thousand fields, of which a query reads some: the counter tells what was decoded.
TEST(JsonDecoder, OfAThousandFieldsOnlyThoseThatAreReadAreDecoded) {
  std::string record = "{";
  for (int i = 0; i < 1000; ++i)
    record += (i ? ",\"f" : "\"f") + std::to_string(i) + "\":{\"x\":" + std::to_string(i) + "}";
  record += "}";
  Padded padded;
  const std::vector<std::string_view> values(8, padded.add(record));
  for (const size_t wanted : {0, 1, 3, 1000}) {
    std::vector<WantedField> fields;
    for (size_t i = 0; i < wanted; ++i)
      fields.push_back(want("f" + std::to_string(i * 333 % 1000) + ".x", Type::kInt8));
    const auto decoder = make_json_decoder(fields);
    std::vector<Column> columns(wanted);
    std::vector<BrokenValue> broken;
    decoder->decode(values, columns, broken);
    EXPECT_TRUE(broken.empty());
    EXPECT_EQ(decoder->cells_read(), wanted * values.size());
    if (wanted == 3) {
      EXPECT_EQ(columns[2].ints[7], 666);
    }
  }
}

}  // namespace
}  // namespace millrace
