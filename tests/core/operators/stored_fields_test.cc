#include "operators/stored_fields.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "window/stored_row.h"

namespace millrace {
namespace {

const Field kA{"a", Type::kInt8}, kB{"b", Type::kText}, kC{"c", Type::kBool};

Column ints(int64_t value) {
  Column column;
  column.reset(Type::kInt8, 1);
  column.ints[0] = value;
  return column;
}

Column texts(std::string_view value) {
  Column column;
  column.reset(Type::kText, 1);
  column.texts[0] = value;
  return column;
}

std::string row_of(std::initializer_list<Column> columns) {
  std::string out;
  for (const Column& column : columns) write_stored_cell(column, 0, out);
  return out;
}

StoredFields::Conversion conversion(const StoredFields& before, const StoredFields& now) {
  const JsonValue stored = before.json();
  auto found = now.from(&stored, "op");
  EXPECT_TRUE(found) << found.error().message;
  return found ? *found : StoredFields::Conversion();
}

TEST(StoredFields, E5_TheSameFieldsChangeNothing) {
  const auto same = conversion({false, {kA, kB}}, {false, {kA, kB}});
  EXPECT_FALSE(same.changes());
  std::string row = row_of({ints(7), texts("x")});
  EXPECT_TRUE(same.apply(row));
  EXPECT_EQ(row, row_of({ints(7), texts("x")}));
}

TEST(StoredFields, E5_FieldsMoveGoAndAreNull) {
  const auto moved = conversion({false, {kA, kB}}, {false, {kC, kB}});
  EXPECT_TRUE(moved.changes());
  std::string row = row_of({ints(7), texts("x")});
  ASSERT_TRUE(moved.apply(row));
  Column flag, text;
  flag.reset(Type::kBool, 0);
  text.reset(Type::kText, 0);
  ByteReader reader(row);
  ASSERT_TRUE(read_stored_cell(reader, flag) && read_stored_cell(reader, text) && reader.at_end());
  EXPECT_FALSE(flag.valid(0));
  EXPECT_EQ(text.texts[0], "x");
}

TEST(StoredFields, E5_BytesThatAreNotPassedOnAnyMoreGo) {
  const auto without = conversion({true, {kA}}, {false, {kA}});
  std::string row;
  append_sized(row, "{\"a\":7}");
  row += row_of({ints(7)});
  ASSERT_TRUE(without.apply(row));
  EXPECT_EQ(row, row_of({ints(7)}));
  const StoredFields before(false, {kA}), now(true, {kA});
  const JsonValue stored = before.json();
  const auto refused = now.from(&stored, "op");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalidConfig);
}

TEST(StoredFields, R37_AnotherTypeIsRefusedWithWhatToDo) {
  const StoredFields before(false, {kA}), now(false, {{"a", Type::kText}});
  const JsonValue stored = before.json();
  const auto refused = now.from(&stored, "sold");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalidConfig);
  EXPECT_NE(refused.error().message.find("--forget sold"), std::string::npos);
}

TEST(StoredFields, WhatIsNoRowIsNotRead) {
  const auto moved = conversion({false, {kA, kB}}, {false, {kB}});
  std::string row = row_of({ints(7)});
  EXPECT_FALSE(moved.apply(row));
  std::string longer = row_of({ints(7), texts("x"), texts("y")});
  EXPECT_FALSE(moved.apply(longer));
  const JsonValue damaged = JsonValue::string("x");
  EXPECT_FALSE(StoredFields(false, {kA}).from(&damaged, "op"));
  EXPECT_FALSE(StoredFields(false, {kA}).from(nullptr, "op"));
}

}  // namespace
}  // namespace millrace
