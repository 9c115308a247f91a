#include "window/group_key.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "columns/array.h"
#include "columns/decimal.h"
#include "columns/interval.h"

namespace millrace {
namespace {

constexpr char kTagNull = 0, kTagValue = 1;

void append_u64(uint64_t value, std::string& out) {
  char bytes[8];
  std::memcpy(bytes, &value, sizeof bytes);
  out.append(bytes, sizeof bytes);
}

bool take_u64(std::string_view& from, uint64_t& value) {
  if (from.size() < sizeof value) return false;
  std::memcpy(&value, from.data(), sizeof value);
  from.remove_prefix(sizeof value);
  return true;
}

/// PostgreSQL groups -0 with 0 and all NaNs together.
double canonical(double value) {
  if (std::isnan(value)) return std::nan("");
  return value == 0 ? 0.0 : value;
}

bool read_value(std::string_view& from, Column& column) {
  if (storage_of(column.type) == Storage::kBytes) {
    uint64_t size = 0;
    if (!take_u64(from, size) || from.size() < size) return false;
    column.texts.push_back(from.substr(0, size));
    from.remove_prefix(size);
    return true;
  }
  if (column.type == Type::kBool) {
    if (from.empty()) return false;
    column.bools.push_back(static_cast<uint8_t>(from[0]));
    from.remove_prefix(1);
    return true;
  }
  uint64_t bits = 0;
  if (!take_u64(from, bits)) return false;
  if (column.type == Type::kFloat8) {
    column.floats.push_back(std::bit_cast<double>(bits));
  } else {
    column.ints.push_back(static_cast<int64_t>(bits));
  }
  return true;
}

template <class T>
int order(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

int compare_bytes(Type type, std::string_view a, std::string_view b) {
  if (type == Type::kNumeric) return compare_numeric(a, b);
  if (type == Type::kInterval) return order(interval_of(a).span(), interval_of(b).span());
  if (is_array(type)) return compare_arrays(a, b, element_of(type));
  return a.compare(b);
}

/// Values that are equal to PostgreSQL have one key: 1.50 and 1.5, 1 month and 30 days.
void append_bytes(Type type, std::string_view value, std::string& out) {
  char justified[sizeof(IntervalValue)];
  if (type == Type::kNumeric) value = without_trailing_zeros(value);
  if (type == Type::kInterval)
    value = store_interval(justified_interval(interval_of(value)), justified);
  std::string array;
  if (is_array(type)) value = array = canonical_array(value, element_of(type));
  append_u64(value.size(), out);
  out.append(value);
}

int compare_cells(const Column& column, size_t a, size_t b) {
  const bool a_valid = column.valid(a), b_valid = column.valid(b);
  if (!a_valid || !b_valid) return static_cast<int>(b_valid) - static_cast<int>(a_valid);
  switch (storage_of(column.type)) {
    case Storage::kBool: return order(column.bools[a], column.bools[b]);
    case Storage::kBytes: return compare_bytes(column.type, column.texts[a], column.texts[b]);
    case Storage::kFloat: {
      const double x = column.floats[a], y = column.floats[b];
      if (std::isnan(x) || std::isnan(y)) return order(std::isnan(x), std::isnan(y));
      return order(x, y);
    }
    case Storage::kInt: return order(column.ints[a], column.ints[b]);
  }
  return 0;
}

}  // namespace

void write_group_key(std::span<const Column* const> columns, size_t row, std::string& out) {
  for (const Column* column : columns) {
    if (!column->valid(row)) {
      out.push_back(kTagNull);
      continue;
    }
    out.push_back(kTagValue);
    const size_t i = column->constant ? 0 : row;
    switch (storage_of(column->type)) {
      case Storage::kBool: out.push_back(static_cast<char>(column->bools[i])); break;
      case Storage::kBytes: append_bytes(column->type, column->texts[i], out); break;
      case Storage::kFloat:
        append_u64(std::bit_cast<uint64_t>(canonical(column->floats[i])), out);
        break;
      case Storage::kInt: append_u64(static_cast<uint64_t>(column->ints[i]), out); break;
    }
  }
}

bool read_group_key(std::string_view key, std::span<Column> columns) {
  for (Column& column : columns) {
    if (key.empty()) return false;
    const char tag = key[0];
    key.remove_prefix(1);
    if (tag == kTagNull) {
      column.push_null();
    } else if (tag != kTagValue || !read_value(key, column)) {
      return false;
    } else {
      column.pushed_valid();
    }
  }
  return key.empty();
}

int compare_groups(std::span<const Column> columns, size_t a, size_t b) {
  for (const Column& column : columns) {
    if (const int c = compare_cells(column, a, b)) return c;
  }
  return 0;
}

}  // namespace millrace
