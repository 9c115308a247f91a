// Columns in the Arrow C data interface, read back as any reader of Arrow would.
#include "columns/arrow_export.h"

#include <gtest/gtest.h>
#include <millrace/ext/arrow.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {
namespace {

bool is_null(const ArrowArray& array, int64_t row) {
  const auto* bits = static_cast<const uint8_t*>(array.buffers[0]);
  return bits && !(bits[row / 8] >> (row % 8) & 1);
}

template <class T>
T value_at(const ArrowArray& array, int64_t row) {
  T value;
  std::memcpy(&value,
              static_cast<const char*>(array.buffers[1]) + row * static_cast<int64_t>(sizeof value),
              sizeof value);
  return value;
}

std::string_view text_at(const ArrowArray& array, int64_t row) {
  const auto* ends = static_cast<const int32_t*>(array.buffers[1]);
  return {static_cast<const char*>(array.buffers[2]) + ends[row],
          static_cast<size_t>(ends[row + 1] - ends[row])};
}

TEST(ArrowExport, E44_SchemaNamesFormatsAndTypes) {
  ArrowSchema schema;
  export_schema(Schema({{"b", Type::kBool},
                        {"i", Type::kInt4},
                        {"l", Type::kInt8},
                        {"f", Type::kFloat8},
                        {"x", Type::kText},
                        {"w", Type::kTimestamptz},
                        {"j", Type::kJsonb}}),
                schema);
  EXPECT_STREQ(schema.format, "+s");
  ASSERT_EQ(schema.n_children, 7);
  const char* formats[] = {"b", "i", "l", "g", "u", "tsu:UTC", "u"};
  const char* types[] = {"bool", "int4", "int8", "float8", "text", "timestamptz", "jsonb"};
  for (int i = 0; i < 7; ++i) {
    EXPECT_STREQ(schema.children[i]->format, formats[i]);
    EXPECT_EQ(schema.children[i]->flags, ARROW_FLAG_NULLABLE);
    // One pair, each text behind its length.
    const char* at = schema.children[i]->metadata;
    int32_t numbers[2];
    std::memcpy(numbers, at, sizeof numbers);
    EXPECT_EQ(numbers[0], 1);
    EXPECT_EQ(std::string_view(at + 8, static_cast<size_t>(numbers[1])), "millrace.type");
    int32_t size;
    std::memcpy(&size, at + 8 + numbers[1], sizeof size);
    EXPECT_EQ(std::string_view(at + 12 + numbers[1], static_cast<size_t>(size)), types[i]);
  }
  EXPECT_STREQ(schema.children[4]->name, "x");
  schema.release(&schema);
  EXPECT_EQ(schema.release, nullptr);
}

TEST(ArrowExport, E44_ValuesNullsAndTexts) {
  std::vector<Column> columns(4);
  columns[0].reset(Type::kInt4, 0);
  columns[1].reset(Type::kBool, 0);
  columns[2].reset(Type::kText, 0);
  columns[3].reset(Type::kFloat8, 0);
  for (int i = 0; i < 9; ++i) {
    columns[0].ints.push_back(-i);
    columns[1].bools.push_back(i % 2);
    columns[2].texts.push_back(std::string_view("abcdefghi").substr(0, static_cast<size_t>(i)));
    columns[3].floats.push_back(i * 0.5);
  }
  columns[2].set_cell(4, kNull, 9);
  columns[2].set_cell(5, kMismatch, 9);
  ArrowArray array;
  ASSERT_TRUE(export_columns(columns, 9, array));
  EXPECT_EQ(array.length, 9);
  ASSERT_EQ(array.n_children, 4);
  EXPECT_EQ(value_at<int32_t>(*array.children[0], 8), -8);
  EXPECT_EQ(array.children[0]->null_count, 0);
  EXPECT_EQ(static_cast<const uint8_t*>(array.children[1]->buffers[1])[0], 0b10101010);
  EXPECT_EQ(value_at<double>(*array.children[3], 3), 1.5);
  EXPECT_EQ(array.children[2]->null_count, 2);
  EXPECT_TRUE(is_null(*array.children[2], 4) && is_null(*array.children[2], 5));
  EXPECT_FALSE(is_null(*array.children[2], 6));
  EXPECT_EQ(text_at(*array.children[2], 4), "");
  EXPECT_EQ(text_at(*array.children[2], 6), "abcdef");
  array.release(&array);
  EXPECT_EQ(array.release, nullptr);
}

TEST(ArrowExport, AChildMayBeMovedOut) {
  std::vector<Column> columns(1);
  columns[0].reset(Type::kInt8, 0);
  columns[0].ints.push_back(5);
  ArrowArray array;
  ASSERT_TRUE(export_columns(columns, 1, array));
  ArrowArray moved = *array.children[0];
  array.children[0]->release = nullptr;
  array.release(&array);
  EXPECT_EQ(value_at<int64_t>(moved, 0), 5);
  moved.release(&moved);
}

}  // namespace
}  // namespace millrace
