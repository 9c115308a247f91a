#include <gtest/gtest.h>

#include <cmath>

#include "columns/json_encode.h"

namespace millrace {
namespace {

Column texts(std::vector<std::string_view> values) {
  Column column;
  column.reset(Type::kText, values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    column.texts[i] = values[i];
    // No bytes at all: NULL.
    if (values[i].data() == nullptr) column.set_cell(i, kNull, values.size());
  }
  return column;
}

std::string json_row(const JsonRowEncoder& encoder, const std::vector<const Column*>& columns) {
  ByteBuffer out;
  encoder.write(columns.data(), 0, out);
  return std::string(out.view());
}

std::string csv_row(const std::vector<const Column*>& columns, size_t row = 0) {
  ByteBuffer out;
  CsvRowEncoder::write(columns.data(), columns.size(), row, out);
  return std::string(out.view());
}

TEST(JsonRowEncoder, KeepsTheOrderOfItsNames) {
  const Column b = texts({"x"}), a = texts({std::string_view()});
  EXPECT_EQ(json_row(JsonRowEncoder({"b", "a"}), {&b, &a}), R"({"b":"x","a":null})");
  EXPECT_EQ(json_row(JsonRowEncoder({}), {}), "{}");
}

TEST(JsonRowEncoder, EscapesNames) {
  const Column one = texts({"x"});
  EXPECT_EQ(json_row(JsonRowEncoder({"a\"b\n"}), {&one}), R"({"a\"b\n":"x"})");
}

TEST(JsonRowEncoder, OmitsNamedMembersWhereTheyAreNull) {
  const Column there = texts({"x"}), null = texts({std::string_view()});
  const JsonRowEncoder encoder({"a", "b", "c"}, {"b", "c"});
  EXPECT_EQ(json_row(encoder, {&there, &null, &there}), R"({"a":"x","c":"x"})");
  EXPECT_EQ(json_row(encoder, {&null, &there, &null}), R"({"a":null,"b":"x"})");
  EXPECT_EQ(json_row(encoder, {&there, &null, &null}), R"({"a":"x"})");
}

TEST(JsonRowEncoder, TheFirstMemberMayBeOmittedToo) {
  const Column there = texts({"x"}), null = texts({std::string_view()});
  const JsonRowEncoder encoder({"a", "b"}, {"a", "b"});
  EXPECT_EQ(json_row(encoder, {&null, &there}), R"({"b":"x"})");
  EXPECT_EQ(json_row(encoder, {&null, &null}), "{}");
}

TEST(CsvRowEncoder, QuotesOnlyWhereItMust) {
  const Column plain = texts({"plain"}), comma = texts({"a,b"}), quote = texts({"say \"hi\""});
  const Column line = texts({"a\nb"}), ret = texts({"a\rb"}), lead = texts({" a"}),
               trail = texts({"a "});
  EXPECT_EQ(csv_row({&plain, &comma, &quote}), R"(plain,"a,b","say ""hi""")");
  EXPECT_EQ(csv_row({&line, &ret, &lead, &trail}), "\"a\nb\",\"a\rb\",\" a\",\"a \"");
}

TEST(CsvRowEncoder, NullIsNothingAndEmptyIsQuoted) {
  const Column null = texts({std::string_view()}), empty = texts({""});
  EXPECT_EQ(csv_row({&null, &empty, &null}), ",\"\",");
  EXPECT_EQ(csv_row({&null}), "");
  Column wrong = texts({"x"});
  wrong.set_cell(0, kMismatch, 1);
  EXPECT_EQ(csv_row({&wrong}), "");
}

TEST(CsvRowEncoder, WritesOtherTypesBare) {
  Column ints, times, floats, bools, raw;
  ints.reset(Type::kInt8, 1);
  ints.ints[0] = -7;
  times.reset(Type::kTimestamptz, 1);
  times.ints[0] = 0;
  floats.reset(Type::kFloat8, 1);
  floats.floats[0] = std::nan("");
  bools.reset(Type::kBool, 1);
  bools.bools[0] = 0;
  raw.reset(Type::kJsonb, 1);
  raw.texts[0] = R"({"a":[1,2]})";
  EXPECT_EQ(csv_row({&ints, &times, &floats, &bools, &raw}),
            R"(-7,1970-01-01T00:00:00Z,NaN,false,"{""a"":[1,2]}")");
}

TEST(CsvRowEncoder, ConstantsStandForEveryRow) {
  Column one = texts({"k"});
  one.constant = true;
  EXPECT_EQ(csv_row({&one}, 12), "k");
}

TEST(CsvRowEncoder, HeaderQuotesNamesToo) {
  EXPECT_EQ(CsvRowEncoder::header({"a", "b,c", "d"}), "a,\"b,c\",d");
  EXPECT_EQ(CsvRowEncoder::header({}), "");
}

}  // namespace
}  // namespace millrace
