#include "expr/packed_values.h"

#include <cmath>
#include <cstring>

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

int compare_values(const Column& column, size_t a, size_t b) {
  switch (storage_of(column.type)) {
    case Storage::kBool: return order(column.bools[a], column.bools[b]);
    case Storage::kInt: return order(column.ints[a], column.ints[b]);
    case Storage::kFloat: {
      const double x = column.floats[a], y = column.floats[b];
      if (std::isnan(x) || std::isnan(y)) return order(std::isnan(x), std::isnan(y));
      return order(x, y);
    }
    case Storage::kBytes:
      if (column.type == Type::kNumeric) return compare_numeric(column.texts[a], column.texts[b]);
      if (column.type == Type::kInterval) {
        return order(interval_of(column.texts[a]).span(), interval_of(column.texts[b]).span());
      }
      return column.texts[a].compare(column.texts[b]);
  }
  return 0;
}

}  // namespace millrace
