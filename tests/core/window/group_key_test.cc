#include "window/group_key.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace millrace {
namespace {

Column text_column(std::vector<std::string> values) {
  Column column;
  column.reset(Type::kText, 0);
  for (const std::string& value : values) {
    if (value == "NULL") {
      column.push_null();
      continue;
    }
    column.texts.push_back(column.bytes.store(value));
    column.pushed_valid();
  }
  return column;
}

Column float_column(std::vector<double> values) {
  Column column;
  column.reset(Type::kFloat8, values.size());
  for (size_t i = 0; i < values.size(); ++i) column.floats[i] = values[i];
  return column;
}

std::string key_of(const std::vector<const Column*>& columns, size_t row) {
  std::string key;
  write_group_key(columns, row, key);
  return key;
}

TEST(GroupKey, EqualBytesExactlyForEqualGroups) {
  const Column a = text_column({"a", "ab", "", "NULL", "a"}),
               b = text_column({"bc", "c", "abc", "abc", "NULL"});
  std::vector<std::string> keys;
  for (size_t row = 0; row < 5; ++row) keys.push_back(key_of({&a, &b}, row));
  for (size_t i = 0; i < 5; ++i) {
    for (size_t k = 0; k < 5; ++k) EXPECT_EQ(keys[i] == keys[k], i == k) << i << " " << k;
  }
}

TEST(GroupKey, R29_NullIsAGroupOfItsOwn) {
  const Column column = text_column({"NULL", "", "NULL"});
  EXPECT_EQ(key_of({&column}, 0), key_of({&column}, 2));
  EXPECT_NE(key_of({&column}, 0), key_of({&column}, 1));
}

TEST(GroupKey, FloatsGroupAsInPostgresql) {
  const Column column = float_column({0.0, -0.0, std::nan("1"), -std::nan("2"), 1.0});
  EXPECT_EQ(key_of({&column}, 0), key_of({&column}, 1));
  EXPECT_EQ(key_of({&column}, 2), key_of({&column}, 3));
  EXPECT_NE(key_of({&column}, 0), key_of({&column}, 4));
}

TEST(GroupKey, ConstantsStandForEveryRow) {
  Column column = text_column({"k"});
  column.constant = true;
  EXPECT_EQ(key_of({&column}, 0), key_of({&column}, 99));
}

TEST(GroupKey, NoColumnsIsTheOneGroup) {
  EXPECT_EQ(key_of({}, 0), "");
  EXPECT_TRUE(read_group_key("", {}));
}

TEST(GroupKey, ComesBackInItsTypes) {
  Column text = text_column({"x\0y", "NULL"}), number, flag, fraction = float_column({-1.5, 2});
  number.reset(Type::kInt8, 2);
  number.ints[0] = std::numeric_limits<int64_t>::min();
  number.ints[1] = 7;
  flag.reset(Type::kBool, 2);
  flag.bools[0] = 1;
  flag.set_cell(1, kNull, 2);
  const std::vector<const Column*> columns = {&text, &number, &flag, &fraction};
  std::vector<Column> back(4);
  const Type types[] = {Type::kText, Type::kInt8, Type::kBool, Type::kFloat8};
  for (size_t i = 0; i < 4; ++i) back[i].reset(types[i], 0);
  const std::string first = key_of(columns, 0), second = key_of(columns, 1);
  ASSERT_TRUE(read_group_key(first, back));
  ASSERT_TRUE(read_group_key(second, back));
  EXPECT_EQ(back[0].texts[0], text.texts[0]);
  EXPECT_FALSE(back[0].valid(1));
  EXPECT_EQ(back[1].ints[0], std::numeric_limits<int64_t>::min());
  EXPECT_EQ(back[1].ints[1], 7);
  EXPECT_EQ(back[2].bools[0], 1);
  EXPECT_FALSE(back[2].valid(1));
  EXPECT_EQ(back[3].floats[0], -1.5);
  EXPECT_EQ(back[3].floats[1], 2);
}

TEST(GroupKey, RefusesBytesThatAreNoKey) {
  const Column text = text_column({"hello"});
  const Column number = float_column({1});
  const std::string key = key_of({&text, &number}, 0);
  const auto reads = [](std::string_view bytes) {
    std::vector<Column> back(2);
    back[0].reset(Type::kText, 0);
    back[1].reset(Type::kFloat8, 0);
    return read_group_key(bytes, back);
  };
  EXPECT_TRUE(reads(key));
  for (size_t size = 0; size < key.size(); ++size) EXPECT_FALSE(reads(key.substr(0, size))) << size;
  EXPECT_FALSE(reads(key + "x"));
  std::string other_tag = key;
  other_tag[0] = 9;
  EXPECT_FALSE(reads(other_tag));
  std::string huge = key;
  for (size_t i = 1; i < 9; ++i) huge[i] = '\xff';
  EXPECT_FALSE(reads(huge));
}

TEST(GroupOrder, R49_LeftToRightNullLast) {
  std::vector<Column> columns;
  columns.push_back(text_column({"a", "a", "b", "NULL"}));
  columns.push_back(text_column({"z", "NULL", "a", "a"}));
  for (size_t i = 0; i < 4; ++i) {
    for (size_t k = 0; k < 4; ++k) {
      const int order = compare_groups(columns, i, k);
      EXPECT_EQ(order < 0, i < k) << i << " " << k;
      EXPECT_EQ(order == 0, i == k) << i << " " << k;
    }
  }
}

TEST(GroupOrder, R49_TextByUtf8Bytes) {
  const std::vector<Column> columns = [] {
    std::vector<Column> one;
    one.push_back(text_column({"", "B", "a", "aa", "z", "é", "日", "𝄞"}));
    return one;
  }();
  for (size_t i = 1; i < 8; ++i) EXPECT_LT(compare_groups(columns, i - 1, i), 0) << i;
}

TEST(GroupOrder, R49_NumbersByValue) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  std::vector<Column> floats;
  floats.push_back(float_column({-kInf, -2, -0.0, 5e-324, 10, kInf, std::nan("")}));
  for (size_t i = 1; i < 7; ++i) EXPECT_LT(compare_groups(floats, i - 1, i), 0) << i;
  EXPECT_EQ(compare_groups(floats, 6, 6), 0);
  std::vector<Column> ints(1);
  ints[0].reset(Type::kInt8, 3);
  ints[0].ints[0] = -10;
  ints[0].ints[1] = 9;
  ints[0].ints[2] = 10;
  EXPECT_LT(compare_groups(ints, 0, 1), 0);
  EXPECT_LT(compare_groups(ints, 1, 2), 0);
}

TEST(GroupOrder, R49_FalseBeforeTrue) {
  std::vector<Column> columns(1);
  columns[0].reset(Type::kBool, 3);
  columns[0].bools[0] = 0;
  columns[0].bools[1] = 1;
  columns[0].set_cell(2, kNull, 3);
  EXPECT_LT(compare_groups(columns, 0, 1), 0);
  EXPECT_LT(compare_groups(columns, 1, 2), 0);
  EXPECT_GT(compare_groups(columns, 2, 0), 0);
}

}  // namespace
}  // namespace millrace
