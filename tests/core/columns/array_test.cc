// Arrays in records, in rows and in memory.

#include "columns/array.h"

#include "columns/json_infer.h"
#include "decoding.h"

namespace millrace {
namespace {

constexpr Type kInts = array_of(Type::kInt8), kTexts = array_of(Type::kText);

TEST(ArrayType, IsNamedAndStoredByItsElement) {
  EXPECT_EQ(type_name(kInts), "int8[]");
  EXPECT_EQ(type_from_name("bigint[]"), kInts);
  EXPECT_EQ(type_from_name("text[]"), kTexts);
  EXPECT_EQ(type_from_name("text[][]"), std::nullopt);
  EXPECT_EQ(type_from_name("[]"), std::nullopt);
  EXPECT_EQ(element_of(kTexts), Type::kText);
  EXPECT_EQ(storage_of(kInts), Storage::kBytes);
  EXPECT_FALSE(is_array(Type::kInterval));
}

TEST(JsonDecoder, ReadsArraysElementByElement) {
  EXPECT_EQ(cell_of(kInts, "[1, 2.0,null ,-3]"), "{1,2,NULL,-3}");
  EXPECT_EQ(cell_of(kInts, "[]"), "{}");
  EXPECT_EQ(cell_of(kInts, " [ ] "), "{}");
  EXPECT_EQ(cell_of(kTexts, R"(["a","b c","\"q\"","NULL",""])"), R"({a,"b c","\"q\"","NULL",""})");
  EXPECT_EQ(cell_of(array_of(Type::kNumeric), "[1.50,12345678901234567890]"),
            "{1.50,12345678901234567890}");
  EXPECT_EQ(cell_of(array_of(Type::kBool), "[true,false]"), "{true,false}");
  EXPECT_EQ(cell_of(array_of(Type::kTimestamptz), R"(["2026-11-23T10:00:00+01:00"])"),
            "{2026-11-23T09:00:00Z}");
  EXPECT_EQ(cell_of(array_of(Type::kJsonb), R"([{"a":[1]},[2],"x",3])"),
            R"({"{\"a\":[1]}",[2],"\"x\"",3})");
  EXPECT_EQ(cell_of(kInts, "null"), "NULL");
}

TEST(JsonDecoder, R46_AnArrayOfSomethingElseIsAMismatch) {
  for (const char* value : {"1", "\"a\"", "true", "{}", "[1,\"2\"]", "[1.5]", "[[1]]", "[{}]",
                            "[9223372036854775808]"}) {
    EXPECT_EQ(cell_of(kInts, value), "MISMATCH") << value;
  }
  EXPECT_EQ(cell_of(kTexts, "[1]"), "MISMATCH");
}

TEST(JsonDecoder, R46_ABrokenElementBreaksTheRecord) {
  for (const char* value :
       {"[1,]", "[,1]", "[1 2]", "[1:2]", "[01]", "[tru]", "[\"\\x\"]", "[\"a\",1.e5]"}) {
    EXPECT_EQ(cell_of(kInts, value), "BROKEN") << value;
    EXPECT_EQ(cell_of(kTexts, value), "BROKEN") << value;
  }
}

TEST(ArrayText, IsReadAsPostgresReadsIt) {
  const auto read = [](std::string_view text) -> std::string {
    Column out;
    out.reset(Type::kText, 0);
    const ArrayFault fault = parse_array_text(text, out);
    if (fault != ArrayFault::kNone) return fault == ArrayFault::kSyntax ? "syntax" : "dimensions";
    std::string all;
    for (size_t i = 0; i < out.size(); ++i)
      all += out.valid(i) ? "<" + std::string(out.texts[i]) + ">" : "NULL";
    return all;
  };
  EXPECT_EQ(read("{}"), "");
  EXPECT_EQ(read(" { } "), "");
  EXPECT_EQ(read("{1, 2 ,nUlL}"), "<1><2>NULL");
  EXPECT_EQ(read("{\"NULL\",\"\",\" a \"}"), "<NULL><>< a >");
  EXPECT_EQ(read("{a b,\\ c\\ ,n\\ull}"), "<a b>< c ><null>");
  EXPECT_EQ(read("{\"a\\\"b\\\\\"}"), "<a\"b\\>");
  for (const char* bad :
       {"", "1", "{", "{1", "{1,}", "{,1}", "{1}x", "{\"a}", "{a\"b\"}", "{\"a\"b}", "{\\"}) {
    EXPECT_EQ(read(bad), "syntax") << bad;
  }
  EXPECT_EQ(read("{{1}}"), "dimensions");
  EXPECT_EQ(read("[0:1]={1,2}"), "dimensions");
}

Column column_of(Type type, const std::vector<std::string>& records) {
  Column out;
  std::vector<Column> columns(1);
  std::vector<BrokenValue> broken;
  Padded padded;
  std::vector<std::string_view> values;
  for (const std::string& record : records) values.push_back(padded.add("{\"v\":" + record + "}"));
  make_json_decoder({want("v", type)})->decode(values, columns, broken);
  EXPECT_TRUE(broken.empty());
  return std::move(columns[0]);
}

TEST(Array, ComparesAsPostgresDoes) {
  // Each is less than all that follow.
  const Column rows = column_of(array_of(Type::kNumeric),
                                {"[]", "[1]", "[1.0,0]", "[1,2]", "[1,null]", "[2]", "[null]"});
  for (size_t a = 0; a < rows.size(); ++a) {
    for (size_t b = 0; b < rows.size(); ++b) {
      const int order = compare_arrays(rows.texts[a], rows.texts[b], Type::kNumeric);
      EXPECT_EQ(order < 0, a < b) << a << " " << b;
      EXPECT_EQ(order == 0, a == b) << a << " " << b;
    }
  }
}

TEST(Array, EqualValuesHaveOneCanonicalForm) {
  const Column rows = column_of(array_of(Type::kNumeric), {"[1.50,null]", "[1.5,null]", "[1.5]"});
  const auto canonical = [&](size_t row) {
    return canonical_array(rows.texts[row], Type::kNumeric);
  };
  EXPECT_EQ(canonical(0), canonical(1));
  EXPECT_NE(canonical(0), canonical(2));
}

TEST(RowEncoder, WritesArraysAsJsonAndInCsvAsPostgresDoes) {
  const Column rows = column_of(kTexts, {R"(["a","b,c",null])", "[]", "null"});
  const Column* columns[] = {&rows};
  std::string json, csv;
  for (size_t row = 0; row < 3; ++row) {
    ByteBuffer out;
    JsonRowEncoder({"v"}).write(columns, row, out);
    json += std::string(out.view()) + "\n";
    out.clear();
    CsvRowEncoder::write(columns, 1, row, out);
    csv += std::string(out.view()) + "\n";
  }
  EXPECT_EQ(json, "{\"v\":[\"a\",\"b,c\",null]}\n{\"v\":[]}\n{\"v\":null}\n");
  EXPECT_EQ(csv, "\"{a,\"\"b,c\"\",NULL}\"\n{}\n\n");
}

}  // namespace
}  // namespace millrace
