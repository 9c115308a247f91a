#pragma once

/// A typed column: one value per row of a batch. Values of rows that are not valid are
/// unspecified. Buffers are never zero-filled and are reused from batch to batch.
/// Text and jsonb cells are views; their bytes belong to the batch's arena, to the column's own
/// `bytes` arena, or to the program (constants): a column is never used after its batch.
/// Threads: none; a column belongs to one lane at a time.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string_view>

#include "columns/schema.h"

namespace millrace {

/// An uninitialised, growing array of trivially copyable T. resize() keeps no old contents'
/// promise beyond min(old, new) elements and never shrinks memory.
template <class T>
class Buffer {
 public:
  void resize(size_t size) {
    if (size > capacity_) grow(size);
    size_ = size;
  }
  void push_back(T value) {
    if (size_ == capacity_) grow(size_ + 1);
    data_[size_++] = value;
  }
  void clear() { size_ = 0; }
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }

 private:
  void grow(size_t size) {
    size_t capacity = capacity_ < 32 ? 64 : capacity_ * 2;
    if (capacity < size) capacity = size;
    std::unique_ptr<T[]> bigger(new T[capacity]);
    for (size_t i = 0; i < size_; ++i) bigger[i] = data_[i];
    data_ = std::move(bigger);
    capacity_ = capacity;
  }
  std::unique_ptr<T[]> data_;
  size_t size_ = 0, capacity_ = 0;
};

/// State of one cell. Bytes, not bits: kernels under a selection would pay for the shifts.
enum Cell : uint8_t {
  kValid = 0,
  kNull = 1,
  kMismatch = 2,  ///< The JSON value does not fit the declared type (semantics R46).
};

/// Append-only bytes with stable addresses, reused after clear().
class ByteArena {
 public:
  /// `size` writable bytes that stay where they are until clear().
  char* allocate(size_t size);
  /// Gives back the last `size` bytes of the latest allocation.
  void give_back(size_t size) { used_ -= size; }
  std::string_view store(std::string_view bytes);
  void clear();
  size_t capacity() const;

 private:
  struct Slab {
    std::unique_ptr<char[]> data;
    size_t size;
  };
  std::deque<Slab> slabs_;
  size_t current_ = 0, used_ = 0;
};

struct Column {
  Type type = Type::kInt8;
  /// True: one value (row 0) stands for every row. Kernels must not materialise it.
  bool constant = false;
  /// False: every cell is kValid and `cells` may be empty.
  bool has_invalid = false;

  Buffer<uint8_t> cells;  ///< Cell per row; only meaningful while has_invalid.
  // Exactly one of these is used, by storage_of(type).
  Buffer<uint8_t> bools;           ///< kBool: 0 or 1.
  Buffer<int64_t> ints;            ///< kInt.
  Buffer<double> floats;           ///< kFloat.
  Buffer<std::string_view> texts;  ///< kBytes: text, jsonb, numeric, interval, arrays.
  ByteArena bytes;                 ///< For texts this column had to make.

  /// Empty column of `type` with room for `rows` rows, all cells valid.
  void reset(Type new_type, size_t rows);
  /// Marks a cell; the first one makes room for `rows` cells.
  void set_cell(size_t row, Cell cell, size_t rows) {
    if (!has_invalid) start_cells(rows);
    cells[row] = cell;
  }
  /// After a value was pushed behind the last row: its cell is valid.
  void pushed_valid() {
    if (!has_invalid) return;
    cells.resize(size());
    cells[size() - 1] = kValid;
  }
  /// Adds a row without a value.
  void push_null();
  /// The value of row `from_row` of a column of the same storage, cell aside, into `row`.
  void set_value(size_t row, const Column& from, size_t from_row);
  /// The same, behind the last row.
  void push_value(const Column& from, size_t from_row);
  uint8_t cell(size_t row) const {
    if (!has_invalid) return kValid;
    return cells[constant ? 0 : row];
  }
  bool valid(size_t row) const { return cell(row) == kValid; }
  /// Rows held (1 for constants).
  size_t size() const;

 private:
  void start_cells(size_t rows);
};

/// Which rows of a batch are live: strictly increasing indices, or all of 0..count-1.
struct Selection {
  const uint32_t* rows = nullptr;  ///< Null: the identity.
  uint32_t count = 0;
  uint32_t operator[](uint32_t i) const { return rows ? rows[i] : i; }
  static Selection all(uint32_t count) { return {nullptr, count}; }
};

}  // namespace millrace
