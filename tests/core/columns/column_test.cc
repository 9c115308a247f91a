#include "columns/column.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "columns/schema.h"

namespace millrace {
namespace {

TEST(Buffer, KeepsItsContentsWhenItGrows) {
  Buffer<int64_t> buffer;
  EXPECT_TRUE(buffer.empty());
  for (size_t size : {10u, 1000u, 3000u}) {
    while (buffer.size() < size) buffer.push_back(static_cast<int64_t>(buffer.size()));
  }
  for (size_t i = 0; i < buffer.size(); ++i) ASSERT_EQ(buffer[i], static_cast<int64_t>(i));
  const int64_t* data = buffer.data();
  buffer.clear();
  buffer.resize(3000);
  EXPECT_EQ(buffer.data(), data) << "memory is reused";
}

TEST(ByteArena, AddressesHoldUntilClear) {
  ByteArena arena;
  std::vector<std::string_view> stored;
  for (int i = 0; i < 5000; ++i) stored.push_back(arena.store(std::to_string(i)));
  stored.push_back(arena.store(std::string(100'000, 'x')));
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(stored[static_cast<size_t>(i)], std::to_string(i));
  EXPECT_EQ(stored.back().size(), 100'000u);
  EXPECT_EQ(arena.store("").size(), 0u);
}

TEST(ByteArena, ClearKeepsTheMemoryAsOnePiece) {
  ByteArena arena;
  for (int i = 0; i < 5000; ++i) arena.store("0123456789");
  const size_t capacity = arena.capacity();
  arena.clear();
  EXPECT_EQ(arena.capacity(), capacity);
  for (int i = 0; i < 5000; ++i) arena.store("0123456789");
  EXPECT_EQ(arena.capacity(), capacity);
}

TEST(ByteArena, TakesBackTheEndOfTheLatestAllocation) {
  ByteArena arena;
  char* first = arena.allocate(100);
  std::memset(first, 'a', 100);
  arena.give_back(60);
  EXPECT_EQ(arena.allocate(10), first + 40);
}

TEST(Column, CellsBeginValid) {
  Column column;
  column.reset(Type::kInt8, 3);
  EXPECT_EQ(column.size(), 3u);
  EXPECT_TRUE(column.valid(2));
  column.set_cell(1, kMismatch, 3);
  EXPECT_EQ(column.cell(0), kValid);
  EXPECT_EQ(column.cell(1), kMismatch);
  EXPECT_EQ(column.cell(2), kValid);
}

TEST(Column, GrowsRowByRowWithAndWithoutValues) {
  for (Type type : {Type::kBool, Type::kInt4, Type::kInt8, Type::kFloat8, Type::kText, Type::kJsonb,
                    Type::kTimestamptz}) {
    Column column;
    column.reset(type, 0);
    const auto push_value = [&] {
      if (type == Type::kBool)
        column.bools.push_back(1);
      else if (type == Type::kFloat8)
        column.floats.push_back(1);
      else if (type == Type::kText || type == Type::kJsonb)
        column.texts.push_back("x");
      else
        column.ints.push_back(1);
      column.pushed_valid();
    };
    push_value();
    push_value();
    EXPECT_FALSE(column.has_invalid);
    column.push_null();
    push_value();
    column.push_null();
    ASSERT_EQ(column.size(), 5u) << type_name(type);
    const std::vector<bool> expected = {true, true, false, true, false};
    for (size_t i = 0; i < 5; ++i) EXPECT_EQ(column.valid(i), expected[i]) << type_name(type) << i;
  }
}

TEST(Column, AConstantHasOneCellForAllRows) {
  Column column;
  column.reset(Type::kInt8, 1);
  column.constant = true;
  EXPECT_TRUE(column.valid(1000));
  column.set_cell(0, kNull, 1);
  EXPECT_FALSE(column.valid(1000));
}

TEST(Column, ResetForgetsCellsAndKind) {
  Column column;
  column.reset(Type::kText, 2);
  column.constant = true;
  column.set_cell(0, kNull, 2);
  column.reset(Type::kInt8, 4);
  EXPECT_FALSE(column.constant);
  EXPECT_FALSE(column.has_invalid);
  EXPECT_EQ(column.size(), 4u);
}

TEST(Selection, IsTheIdentityOrAList) {
  const Selection all = Selection::all(3);
  EXPECT_EQ(all[2], 2u);
  const uint32_t rows[] = {4, 7};
  const Selection some{rows, 2};
  EXPECT_EQ(some[1], 7u);
}

TEST(Types, HaveOneNameAndSomeAliases) {
  for (Type type : {Type::kBool, Type::kInt4, Type::kInt8, Type::kFloat8, Type::kText,
                    Type::kTimestamptz, Type::kJsonb}) {
    EXPECT_EQ(type_from_name(type_name(type)), type);
  }
  EXPECT_EQ(type_from_name("bigint"), Type::kInt8);
  EXPECT_EQ(type_from_name("double precision"), Type::kFloat8);
  EXPECT_EQ(type_from_name("json"), Type::kJsonb);
  EXPECT_EQ(type_from_name("INT8"), std::nullopt);
  EXPECT_EQ(type_from_name(""), std::nullopt);
  // Stored in state.
  EXPECT_EQ(static_cast<int>(Type::kBool), 1);
  EXPECT_EQ(static_cast<int>(Type::kJsonb), 7);
}

TEST(Schema, FindsFieldsByName) {
  Schema schema({{"a", Type::kInt8}, {"meta.id", Type::kText}});
  EXPECT_EQ(schema.find("meta.id"), 1u);
  EXPECT_EQ(schema.find("meta"), std::nullopt);
  EXPECT_EQ(schema.add("event_time()", Type::kTimestamptz), 2u);
  EXPECT_EQ(schema[2].name, "event_time()");
}

}  // namespace
}  // namespace millrace
