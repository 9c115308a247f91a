#pragma once

/// What kernels over arrays share. Private to this room.

#include <string>

#include "columns/array.h"
#include "columns/packed_values.h"
#include "functions/kernel.h"

namespace millrace {

/// One array of a batch unpacked at a time, in a column that is used again for every row.
class ArrayCell {
 public:
  const Column& read(const KernelCall& call, size_t argument, uint32_t row) {
    const Column& arrays = *call.args[argument];
    elements_.reset(element_of(arrays.type), 0);
    unpack_array(arrays.texts[arrays.constant ? 0 : row], elements_);
    return elements_;
  }

 private:
  Column elements_;
};

/// Arrays that a kernel makes: elements are added one by one, then stored in the result's arena.
class ArrayMaker {
 public:
  explicit ArrayMaker(Column& out) : out_(out) {}
  void start() {
    count_ = 0;
    packed_.clear();
    start_array(0, packed_);
  }
  void add(const Column& elements, size_t row) {
    append_element(elements, row, false, packed_);
    ++count_;
  }
  void add_all(const Column& elements) {
    for (size_t i = 0; i < elements.size(); ++i) add(elements, i);
  }
  void done(uint32_t row) {
    packed_.replace(0, sizeof(count_), reinterpret_cast<const char*>(&count_), sizeof(count_));
    out_.texts[row] = out_.bytes.store(packed_);
  }

 private:
  Column& out_;
  std::string packed_;
  uint32_t count_ = 0;
};

/// Whether an element equals the cell of another column; NULL equals NULL.
inline bool same_element(const Column& a, size_t a_row, const Column& b, size_t b_row) {
  const bool a_valid = a.valid(a_row), b_valid = b.valid(b_row);
  if (!a_valid || !b_valid) return a_valid == b_valid;
  return compare_values(a, a.constant ? 0 : a_row, b, b.constant ? 0 : b_row) == 0;
}

}  // namespace millrace
