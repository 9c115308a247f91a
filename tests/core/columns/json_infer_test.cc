#include "columns/json_infer.h"

#include <gtest/gtest.h>

#include <vector>

namespace millrace {
namespace {

/// `name type` per field.
std::vector<std::string> inferred(const std::vector<std::string>& records,
                                  bool text_cells = false) {
  SchemaSample sample;
  for (const std::string& record : records) EXPECT_TRUE(sample.add(record, text_cells)) << record;
  std::vector<std::string> out;
  const Schema schema = sample.schema();
  for (const Field& field : schema.fields()) {
    out.push_back(field.name + " " + std::string(type_name(field.type)));
  }
  return out;
}

using Fields = std::vector<std::string>;

TEST(SchemaSample, KnowsTheTypesOfScalars) {
  EXPECT_EQ(inferred({R"({"b":true,"i":1,"f":1.5,"t":"x","n":null})"}),
            (Fields{"b bool", "i int8", "f float8", "t text", "n text"}));
}

TEST(SchemaSample, WidensOverRecords) {
  EXPECT_EQ(inferred({R"({"a":1})", R"({"a":null})", R"({"a":2.5})"}), (Fields{"a float8"}));
  EXPECT_EQ(inferred({R"({"a":1})", R"({"a":"x"})"}), (Fields{"a jsonb"}));
  EXPECT_EQ(inferred({R"({"a":null})", R"({"a":true})"}), (Fields{"a bool"}));
  EXPECT_EQ(inferred({R"({"a":true})", R"({"a":1})"}), (Fields{"a jsonb"}));
  EXPECT_EQ(inferred({R"({"a":1})", R"({"a":[1]})"}), (Fields{"a jsonb", "a[] int8"}));
}

TEST(SchemaSample, IntegersBeyondInt8AreFloat8) {
  EXPECT_EQ(inferred({R"({"a":9223372036854775807})"}), (Fields{"a int8"}));
  EXPECT_EQ(inferred({R"({"a":9223372036854775808})"}), (Fields{"a float8"}));
}

TEST(SchemaSample, NamesMembersByPath) {
  EXPECT_EQ(inferred({R"({"meta":{"id":"x","n":{"v":1}},"z":1})"}),
            (Fields{"meta jsonb", "meta.id text", "meta.n jsonb", "meta.n.v int8", "z int8"}));
}

TEST(SchemaSample, NamesMembersOfArrayElements) {
  EXPECT_EQ(inferred({R"({"out":[{"value":5,"addr":"a"},{"value":6}]})"}),
            (Fields{"out jsonb", "out[].value int8", "out[].addr text"}));
  EXPECT_EQ(inferred({R"({"a":[]})"}), (Fields{"a jsonb"}));
}

TEST(SchemaSample, FieldsComeInOrderOfFirstSight) {
  EXPECT_EQ(inferred({R"({"b":1})", R"({"a":1,"b":2})"}), (Fields{"b int8", "a int8"}));
}

TEST(SchemaSample, ReadsTextCells) {
  EXPECT_EQ(inferred({R"({"i":"12","f":"1.5","t":"x","n":null})",
                      R"({"i":"-3","f":"2","t":"","n":null})"},
                     true),
            (Fields{"i int8", "f float8", "t text", "n text"}));
}

TEST(SchemaSample, TextCellsOfSeveralKindsAreText) {
  // In a CSV file everything is text: ids such as 12 and A7 are not jsonb.
  EXPECT_EQ(inferred({R"({"id":"12"})", R"({"id":"A7"})"}, true), (Fields{"id text"}));
}

TEST(SchemaSample, RefusesWhatIsNoObject) {
  SchemaSample sample;
  for (const char* record : {"", "[]", "1", "{", "{\"a\":nul}", "{}x"}) {
    EXPECT_FALSE(sample.add(record, false)) << record;
  }
  EXPECT_EQ(sample.records(), 0u);
  EXPECT_TRUE(sample.add("{}", false));
  EXPECT_EQ(sample.records(), 1u);
  EXPECT_EQ(sample.schema().size(), 0u);
}

}  // namespace
}  // namespace millrace
