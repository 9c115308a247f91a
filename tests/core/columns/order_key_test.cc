#include "columns/order_key.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "columns/array_cell.h"
#include "columns/json_decode.h"
#include "columns/packed_values.h"
#include "decoding.h"

namespace millrace {
namespace {

/// The cells in PostgreSQL's text form; an empty optional is NULL.
Column column_of(Type type, const std::vector<std::string>& cells) {
  Column column;
  column.reset(type, cells.size());
  for (size_t i = 0; i < cells.size(); ++i) {
    const bool read = is_array(type) ? array_cell_from_text(cells[i], column, i)
                                     : cell_from_text(cells[i], column, i);
    EXPECT_TRUE(read) << cells[i];
  }
  return column;
}

std::string key_of(const Column& column, size_t row, OrderDirection direction = {}) {
  std::string key;
  append_order_key(column, row, direction, key);
  return key;
}

int sign(int value) { return value < 0 ? -1 : value > 0 ? 1 : 0; }

const std::pair<Type, std::vector<std::string>> kValues[] = {
    {Type::kBool, {"true", "false"}},
    {Type::kInt8, {"0", "-1", "1", "9223372036854775807", "-9223372036854775808", "255", "256"}},
    {Type::kFloat8, {"0", "-0", "1", "-1", "1e-300", "-1e300", "NaN", "Infinity", "-Infinity"}},
    {Type::kNumeric, {"0",   "0.00",     "1",         "1.0",  "10",
                      "100", "99.9",     "0.1",       "0.01", "0.011",
                      "-1",  "-1.5",     "-0.01",     "-100", "12345678901234567890.5",
                      "NaN", "Infinity", "-Infinity", "101",  "1.01"}},
    {Type::kText, {"", "a", "ab", "b", "A", "é", std::string("a\0b", 3), std::string("a\0", 2)}},
    {Type::kTimestamptz,
     {"1970-01-01 00:00:00Z", "1969-12-31 23:59:59.5Z", "2026-11-26 10:00:00Z"}},
    {Type::kInterval, {"1 mon", "30 days", "-1 day", "00:00:01", "100 years", "1 mon -1 us"}},
    {array_of(Type::kInt8), {"{}", "{1}", "{1,2}", "{NULL}", "{1,NULL}", "{2}", "{-1,5}"}},
    {array_of(Type::kText), {"{}", "{\"\"}", "{a}", "{a,b}", "{ab}", "{NULL,a}"}},
};

TEST(OrderKey, BytesCompareAsTheValuesDo) {
  for (const auto& [type, cells] : kValues) {
    const Column column = column_of(type, cells);
    for (size_t a = 0; a < cells.size(); ++a) {
      for (size_t b = 0; b < cells.size(); ++b) {
        const int expected = sign(compare_values(column, a, b));
        EXPECT_EQ(sign(key_of(column, a).compare(key_of(column, b))), expected)
            << cells[a] << " and " << cells[b];
        const OrderDirection down{true, true};
        EXPECT_EQ(sign(key_of(column, a, down).compare(key_of(column, b, down))), -expected)
            << cells[a] << " and " << cells[b];
      }
    }
  }
}

/// Then a second column of the order cannot change what the first one says.
TEST(OrderKey, NoKeyBeginsAnother) {
  for (const auto& [type, cells] : kValues) {
    const Column column = column_of(type, cells);
    for (size_t a = 0; a < cells.size(); ++a) {
      for (size_t b = 0; b < cells.size(); ++b) {
        for (const bool descending : {false, true}) {
          const OrderDirection direction{descending, false};
          const std::string first = key_of(column, a, direction);
          const std::string second = key_of(column, b, direction);
          EXPECT_TRUE(first == second || !second.starts_with(first)) << cells[a] << " " << cells[b];
        }
      }
    }
  }
}

TEST(OrderKey, NullStandsWhereTheDirectionSays) {
  Column column = column_of(Type::kInt8, {"9223372036854775807", "-9223372036854775808", "0"});
  column.set_cell(2, kNull, 3);
  for (const bool descending : {false, true}) {
    for (const size_t row : {0, 1}) {
      EXPECT_LT(key_of(column, row, {descending, false}), key_of(column, 2, {descending, false}));
      EXPECT_GT(key_of(column, row, {descending, true}), key_of(column, 2, {descending, true}));
    }
  }
}

TEST(OrderKey, JsonHasNone) {
  EXPECT_FALSE(has_order(Type::kJsonb));
  EXPECT_FALSE(has_order(array_of(Type::kJsonb)));
  EXPECT_TRUE(has_order(array_of(Type::kText)));
}

}  // namespace
}  // namespace millrace
