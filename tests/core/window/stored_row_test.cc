// Rows as bytes: every type, every state, and bytes that are no row.
#include "window/stored_row.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millrace {
namespace {

Column column_of(Type type) {
  Column column;
  column.reset(type, 0);
  return column;
}

TEST(StoredRow, KeepsValuesExactlyUnlikeAGroupKey) {
  Column floats = column_of(Type::kFloat8);
  for (double value : {-0.0, 1.5, std::nan("")}) floats.floats.push_back(value);
  Column read = column_of(Type::kFloat8);
  for (size_t row = 0; row < 3; ++row) {
    std::string bytes;
    write_stored_cell(floats, row, bytes);
    ByteReader reader(bytes);
    ASSERT_TRUE(read_stored_cell(reader, read));
    EXPECT_TRUE(reader.at_end());
  }
  EXPECT_TRUE(std::signbit(read.floats[0]));
  EXPECT_EQ(read.floats[1], 1.5);
  EXPECT_TRUE(std::isnan(read.floats[2]));
}

TEST(StoredRow, R46_AMismatchIsNoNull) {
  Column ints = column_of(Type::kInt8);
  ints.ints.push_back(INT64_MIN);
  ints.push_null();
  ints.push_null();
  ints.cells[2] = kMismatch;
  std::string bytes;
  for (size_t row = 0; row < 3; ++row) write_stored_cell(ints, row, bytes);
  ByteReader reader(bytes);
  Column read = column_of(Type::kInt8);
  for (size_t row = 0; row < 3; ++row) ASSERT_TRUE(read_stored_cell(reader, read));
  EXPECT_EQ(read.ints[0], INT64_MIN);
  EXPECT_EQ(read.cell(0), kValid);
  EXPECT_EQ(read.cell(1), kNull);
  EXPECT_EQ(read.cell(2), kMismatch);
}

TEST(StoredRow, SkipsAndRefuses) {
  Column texts = column_of(Type::kText), flags = column_of(Type::kBool);
  texts.texts.push_back("ü\n");
  flags.bools.push_back(1);
  std::string bytes;
  write_stored_cell(texts, 0, bytes);
  write_stored_cell(flags, 0, bytes);
  ByteReader reader(bytes);
  ASSERT_TRUE(skip_stored_cell(reader, Type::kText));
  Column read = column_of(Type::kBool);
  ASSERT_TRUE(read_stored_cell(reader, read));
  EXPECT_EQ(read.bools[0], 1);
  EXPECT_FALSE(read_stored_cell(reader, read)) << "nothing is left";
  ByteReader damaged("\x07");
  EXPECT_FALSE(read_stored_cell(damaged, read)) << "no such state";
}

}  // namespace
}  // namespace millrace
