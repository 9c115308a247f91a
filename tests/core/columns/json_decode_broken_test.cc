// What is no record, what is skipped unread, and the full check (semantics R46).
#include "decoding.h"

namespace millrace {
namespace {

bool is_broken(const std::string& record, const std::vector<WantedField>& wanted = {}) {
  return decode_one(wanted, record) == Cells{"BROKEN"};
}

TEST(JsonDecoder, R46_OnlyAnObjectIsARecord) {
  for (const char* record : {"[]",
                             "[{}]",
                             "1",
                             "-1.5",
                             "\"x\"",
                             "\"{}\"",
                             "null null",
                             "true",
                             "false",
                             "",
                             " ",
                             "\n\t ",
                             "nul",
                             "x",
                             "{",
                             "}",
                             "[",
                             "]",
                             "\"",
                             ":",
                             ",",
                             "\\",
                             "{]",
                             "[}",
                             "{\"a\"}",
                             "{\"a\":}",
                             "{\"a\":1",
                             "{\"a\" 1}",
                             "{a:1}",
                             "{1:1}",
                             "{'a':1}",
                             "{\"a\":1 \"b\":2}",
                             "{,}",
                             "{\"a\":1,}",
                             "{\"a\":1,,\"b\":2}",
                             "{\"a\":[1}"}) {
    EXPECT_TRUE(is_broken(record)) << record;
    EXPECT_TRUE(is_broken(record, {want("a", Type::kJsonb)})) << record;
  }
  EXPECT_EQ(decode({}, {"[]"}).reasons[0], "the record is not a JSON object");
}

TEST(JsonDecoder, R46_NothingMayFollowTheObject) {
  for (const char* record : {"{}{}", "{} {}", "{}x", "{},", "{}]", "{}}", "{} 1", "{}\"\"",
                             "{}null", "{\"a\":1}{\"a\":2}", "{\"a\":{}}}", "{} //", "{}\n{}"}) {
    EXPECT_TRUE(is_broken(record)) << record;
    EXPECT_TRUE(is_broken(record, {want("a", Type::kInt8)})) << record;
  }
  for (const char* record : {"{} ", "{}\n", "{}\r\n", " \t{} \t\r\n"}) {
    EXPECT_FALSE(is_broken(record)) << record;
  }
}

TEST(JsonDecoder, ReasonsSayWhatIsWrong) {
  const auto reason = [](const char* record) {
    return std::string(decode({}, {record}).reasons[0]);
  };
  EXPECT_EQ(reason("{\"a\":1} junk"), "bytes follow the JSON object");
  EXPECT_EQ(reason("{\"a\":{\"b\":[1]}},"), "bytes follow the JSON object");
  EXPECT_EQ(reason("{\"a\":1"), "the JSON object does not end");
  EXPECT_EQ(reason("{\"a\":[{},1"), "the JSON object does not end");
  EXPECT_EQ(reason("{]"), "the JSON object does not end");
  EXPECT_EQ(reason("{\"a\":\"\xff\"}"), "the record is not valid UTF-8");
  EXPECT_EQ(reason("{\"a\":\"open}"), "a string does not end");
  EXPECT_EQ(reason("{\"a\":\"tab\there\"}"), "a string holds a bare control character");
}

TEST(JsonDecoder, R46_UnreadTokensAreSkippedByStructure) {
  const std::vector<WantedField> wanted = {want("b", Type::kInt8)};
  for (const char* value :
       {"nul", "01", "[1,]", "tru", "1.2.3", "[nul,01]", "{\"x\":nul}", R"("\x")", R"("\ud800")"}) {
    const std::string record = std::string("{\"a\":") + value + ",\"b\":5}";
    EXPECT_EQ(decode_one(wanted, record), (Cells{"5"})) << value;
  }
}

TEST(JsonDecoder, R46_StructureOfUnreadValuesCounts) {
  for (const char* value : {"[1", "{\"x\":1", "\"open", "[\"a]", "1]", "1}", "\"tab\there\"",
                            "\"line\nend\"", "\"nul\\", "{\"x\":[}"}) {
    EXPECT_TRUE(is_broken(std::string("{\"a\":") + value + "}")) << value;
  }
}

TEST(JsonDecoder, R46_BadUtf8BreaksTheRecordWhereverItStands) {
  for (const char* bad : {"\xff", "\x80", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xe2\x82", "\xf8\x88\x80\x80\x80"}) {
    EXPECT_TRUE(is_broken(std::string("{\"a\":\"") + bad + "\"}")) << bad;
    EXPECT_TRUE(is_broken(std::string("{\"a\":\"") + bad + "\"}", {want("a", Type::kText)}));
    EXPECT_TRUE(is_broken(std::string("{\"k") + bad + "\":1}")) << bad;
    EXPECT_TRUE(is_broken(std::string("{\"a\":[[\"") + bad + "\"]]}")) << bad;
  }
  EXPECT_FALSE(is_broken("{\"a\":\"\xf4\x8f\xbf\xbf\xef\xbf\xbf\"}"));
}

TEST(JsonDecoder, R46_BracketsOfReadValuesMustMatch) {
  EXPECT_TRUE(is_broken(R"({"a":{"b":1]})", {want("a", Type::kJsonb)}));
  EXPECT_TRUE(is_broken(R"({"a":{"b":1]})", {want("a.b", Type::kInt8)}));
  EXPECT_TRUE(is_broken(R"({"a":[1},"b":2})", {want("a", Type::kJsonb)}));
  EXPECT_TRUE(is_broken(R"({"a":1])", {want("a", Type::kInt8)}));
}

TEST(JsonDecoder, ABrokenRowLeavesItsNeighboursAlone) {
  const std::vector<WantedField> wanted = {want("a", Type::kInt8), want("b", Type::kText)};
  const Decoded out = decode(wanted, {R"({"a":1,"b":"x"})", R"({"a":"no","b":"y"},)", R"({"a":2})",
                                      R"({"a":3,"b":"\x"})", R"({"a":"no","b":"z"})"});
  EXPECT_EQ(out.rows,
            (std::vector<Cells>{
                {"1", "'x'"}, {"BROKEN"}, {"2", "NULL"}, {"BROKEN"}, {"MISMATCH", "'z'"}}));
}

std::string repeated(std::string_view text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(JsonDecoder, DeepNestingThatNobodyReadsIsSkipped) {
  const std::string arrays = repeated("[", 100'000) + repeated("]", 100'000);
  const std::string objects = repeated("{\"x\":", 100'000) + "1" + repeated("}", 100'000);
  const std::vector<WantedField> wanted = {want("b", Type::kInt8)};
  EXPECT_EQ(decode_one(wanted, "{\"a\":" + arrays + ",\"b\":1}"), (Cells{"1"}));
  EXPECT_EQ(decode_one(wanted, "{\"a\":" + objects + ",\"b\":1}"), (Cells{"1"}));
  EXPECT_TRUE(is_broken("{\"a\":" + repeated("[", 100'000)));
}

TEST(JsonDecoder, DeepNestingCanBeRead) {
  const std::string arrays = repeated("[", 2000) + repeated("]", 2000);
  EXPECT_EQ(cell_of(Type::kJsonb, arrays), arrays);
  const std::string objects = repeated("{\"x\":", 1999) + "7" + repeated("}", 1999);
  EXPECT_EQ(cell_of(Type::kJsonb, objects), objects);
  WantedField deep{std::vector<std::string>(500, "x"), Type::kInt8};
  EXPECT_EQ(decode_one({deep}, repeated("{\"x\":", 500) + "7" + repeated("}", 500)), (Cells{"7"}));
}

class EachKernel {
 public:
  EachKernel() {
    for (Kernel kernel : kernels()) {
      const KernelChoice choice(kernel);
      all_.push_back(make_json_decoder({}));
      split_with(*all_.back(), "[]");  // The first call chooses.
    }
  }
  /// Nothing if the text is no array.
  std::optional<Cells> split(std::string_view array) {
    const std::optional<Cells> out = split_with(*all_[0], array);
    for (const auto& decoder : all_) EXPECT_EQ(split_with(*decoder, array), out) << array;
    return out;
  }
  std::string validate(std::string_view value) { return all_[0]->validate(padded_.add(value)); }

 private:
  std::optional<Cells> split_with(JsonDecoder& decoder, std::string_view array) {
    std::vector<std::string_view> elements;
    if (!decoder.split_array(padded_.add(array), elements)) return std::nullopt;
    return Cells(elements.begin(), elements.end());
  }
  Padded padded_;
  std::vector<std::unique_ptr<JsonDecoder>> all_;
};

TEST(JsonDecoder, SplitsAnArrayIntoRawElements) {
  EachKernel decoders;
  EXPECT_EQ(decoders.split("[]"), Cells{});
  EXPECT_EQ(decoders.split(" [ ] "), Cells{});
  EXPECT_EQ(decoders.split(R"([1, "a\n" ,null,true, [2, 3] , {"x": [4]} ])"),
            (Cells{"1", R"("a\n")", "null", "true", "[2, 3]", R"({"x": [4]})"}));
}

TEST(JsonDecoder, WhatIsNoArrayIsNotSplit) {
  EachKernel decoders;
  for (const char* text : {"{}", "1", "\"[]\"", "null", "", "[1", "[1 2]", "[1,", "]", "[{]",
                           "[1,]", "[,]", "[1] x", "[1][2]", "[1,,2]", "[\"a\xff\"]"}) {
    EXPECT_EQ(decoders.split(text), std::nullopt) << text;
  }
}

TEST(JsonDecoder, R46_FullValidationChecksEveryToken) {
  EachKernel decoders;
  for (const char* good :
       {"{}", R"({"a":[1,2.5e3,"\ud834\udd1e",null,true,false,{}]})", " {} \n"}) {
    EXPECT_EQ(decoders.validate(good), "") << good;
  }
  for (const char* bad : {R"({"a":nul})", R"({"a":01})", R"({"a":[1,]})", R"({"a":"\x"})",
                          R"({"a":"\ud800"})", R"({"a":1,})", "{}x", "{", "", "{\"a\":\"\xff\"}",
                          R"({"a":[[[tru]]]})", R"({"\ud800":1})"}) {
    EXPECT_NE(decoders.validate(bad), "") << bad;
  }
}

}  // namespace
}  // namespace millrace
