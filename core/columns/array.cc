#include "columns/array.h"

#include <algorithm>
#include <cstring>

#include "columns/packed_values.h"

namespace millrace {
namespace {

constexpr char kValueTag = 0, kNullTag = 1;

/// A column to unpack into; used again, so that nothing is allocated per array.
Column& emptied(Column& column, Type element) {
  column.reset(element, 0);
  return column;
}

}  // namespace

void start_array(uint32_t count, std::string& out) {
  out.append(reinterpret_cast<const char*>(&count), sizeof(count));
}

void append_element(const Column& column, size_t row, bool canonical, std::string& out) {
  const bool valid = column.valid(row);
  out.push_back(valid ? kValueTag : kNullTag);
  if (valid) pack_value(column, row, canonical, out);
}

void pack_array(const Column& elements, std::string& out) {
  const size_t count = elements.size();
  start_array(static_cast<uint32_t>(count), out);
  for (size_t i = 0; i < count; ++i) append_element(elements, i, false, out);
}

uint32_t array_size(std::string_view array) {
  uint32_t count = 0;
  if (array.size() >= sizeof(count)) std::memcpy(&count, array.data(), sizeof(count));
  return count;
}

bool unpack_array(std::string_view array, Column& out) {
  const uint32_t count = array_size(array);
  array.remove_prefix(std::min(array.size(), sizeof(count)));
  for (uint32_t i = 0; i < count; ++i) {
    if (array.empty()) return false;
    const char tag = array[0];
    array.remove_prefix(1);
    if (tag == kNullTag) {
      out.push_null();
    } else if (!unpack_value(array, out)) {
      return false;
    }
  }
  return true;
}

std::string canonical_array(std::string_view array, Type element) {
  static thread_local Column elements;
  unpack_array(array, emptied(elements, element));
  std::string out;
  start_array(static_cast<uint32_t>(elements.size()), out);
  for (size_t i = 0; i < elements.size(); ++i) append_element(elements, i, true, out);
  return out;
}

int compare_arrays(std::string_view a, std::string_view b, Type element) {
  static thread_local Column left, right;
  unpack_array(a, emptied(left, element));
  unpack_array(b, emptied(right, element));
  const size_t common = std::min(left.size(), right.size());
  for (size_t i = 0; i < common; ++i) {
    const bool left_null = !left.valid(i), right_null = !right.valid(i);
    if (left_null != right_null) return left_null ? 1 : -1;
    const int order = left_null ? 0 : compare_values(left, i, right, i);
    if (order != 0) return order;
  }
  if (left.size() == right.size()) return 0;
  return left.size() < right.size() ? -1 : 1;
}

}  // namespace millrace
