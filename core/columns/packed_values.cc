#include "columns/packed_values.h"

#include <cmath>
#include <cstring>

#include "columns/array.h"
#include "columns/decimal.h"
#include "columns/interval.h"

namespace millrace {
namespace {

template <class T>
void put_bytes(const T& value, std::string& out) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

template <class T>
bool take_bytes(std::string_view& packed, T& value) {
  if (packed.size() < sizeof(value)) return false;
  std::memcpy(&value, packed.data(), sizeof(value));
  packed.remove_prefix(sizeof(value));
  return true;
}

template <class T>
int order(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

}  // namespace

void pack_value(const Column& column, size_t row, bool canonical, std::string& out) {
  const size_t at = column.constant ? 0 : row;
  switch (storage_of(column.type)) {
    case Storage::kBool: return out.push_back(static_cast<char>(column.bools[at]));
    case Storage::kInt: return put_bytes(column.ints[at], out);
    case Storage::kFloat: {
      double value = column.floats[at];
      if (canonical) value = std::isnan(value) ? std::nan("") : value == 0 ? 0.0 : value;
      return put_bytes(value, out);
    }
    case Storage::kBytes: {
      std::string_view value = column.texts[at];
      char justified[sizeof(IntervalValue)];
      if (canonical && column.type == Type::kNumeric) value = without_trailing_zeros(value);
      if (canonical && column.type == Type::kInterval) {
        value = store_interval(justified_interval(interval_of(value)), justified);
      }
      std::string array;
      if (canonical && is_array(column.type)) {
        array = canonical_array(value, element_of(column.type));
        value = array;
      }
      put_bytes(static_cast<uint32_t>(value.size()), out);
      out += value;
    }
  }
}

bool unpack_value(std::string_view& packed, Column& out) {
  switch (storage_of(out.type)) {
    case Storage::kBool: {
      uint8_t value = 0;
      if (!take_bytes(packed, value)) return false;
      out.bools.push_back(value != 0);
      break;
    }
    case Storage::kInt: {
      int64_t value = 0;
      if (!take_bytes(packed, value)) return false;
      out.ints.push_back(value);
      break;
    }
    case Storage::kFloat: {
      double value = 0;
      if (!take_bytes(packed, value)) return false;
      out.floats.push_back(value);
      break;
    }
    case Storage::kBytes: {
      uint32_t size = 0;
      if (!take_bytes(packed, size) || size > packed.size()) return false;
      out.texts.push_back(packed.substr(0, size));
      packed.remove_prefix(size);
      break;
    }
  }
  out.pushed_valid();
  return true;
}

bool unpack_values(std::string_view packed, Column& out) {
  while (!packed.empty()) {
    if (!unpack_value(packed, out)) return false;
  }
  return true;
}

int compare_values(const Column& a_column, size_t a, const Column& b_column, size_t b) {
  const Type type = a_column.type;
  switch (storage_of(type)) {
    case Storage::kBool: return order(a_column.bools[a], b_column.bools[b]);
    case Storage::kInt: return order(a_column.ints[a], b_column.ints[b]);
    case Storage::kFloat: {
      const double x = a_column.floats[a], y = b_column.floats[b];
      if (std::isnan(x) || std::isnan(y)) return order(std::isnan(x), std::isnan(y));
      return order(x, y);
    }
    case Storage::kBytes: {
      const std::string_view x = a_column.texts[a], y = b_column.texts[b];
      if (type == Type::kNumeric) return compare_numeric(x, y);
      if (type == Type::kInterval) return order(interval_of(x).span(), interval_of(y).span());
      return is_array(type) ? compare_arrays(x, y, element_of(type)) : x.compare(y);
    }
  }
  return 0;
}

int compare_values(const Column& column, size_t a, size_t b) {
  return compare_values(column, a, column, b);
}

}  // namespace millrace
