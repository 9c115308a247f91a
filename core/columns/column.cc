#include "columns/column.h"

#include <cstring>

namespace millrace {
namespace {

constexpr size_t kFirstSlabBytes = 512;
constexpr size_t kPadding = 64;  // JSON that lies here may be decoded again.

}  // namespace

char* ByteArena::allocate(size_t size) {
  while (current_ < slabs_.size()) {
    if (used_ + size <= slabs_[current_].size) {
      char* at = slabs_[current_].data.get() + used_;
      used_ += size;
      return at;
    }
    ++current_;
    used_ = 0;
  }
  size_t slab_bytes = slabs_.empty() ? kFirstSlabBytes : slabs_.back().size * 2;
  if (slab_bytes < size) slab_bytes = size;
  slabs_.push_back({std::unique_ptr<char[]>(new char[slab_bytes + kPadding]), slab_bytes});
  used_ = size;
  return slabs_.back().data.get();
}

std::string_view ByteArena::store(std::string_view bytes) {
  char* at = allocate(bytes.size());
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return {at, bytes.size()};
}

void ByteArena::clear() {
  // One slab of the whole size is better next time than many small ones.
  if (slabs_.size() > 1) {
    const size_t total = capacity();
    slabs_.clear();
    slabs_.push_back({std::unique_ptr<char[]>(new char[total + kPadding]), total});
  }
  current_ = 0;
  used_ = 0;
}

size_t ByteArena::capacity() const {
  size_t total = 0;
  for (const Slab& slab : slabs_) total += slab.size;
  return total;
}

void Column::reset(Type new_type, size_t rows) {
  type = new_type;
  constant = false;
  has_invalid = false;
  cells.clear();
  bytes.clear();
  switch (storage_of(type)) {
    case Storage::kBool: bools.resize(rows); break;
    case Storage::kInt: ints.resize(rows); break;
    case Storage::kFloat: floats.resize(rows); break;
    case Storage::kBytes: texts.resize(rows); break;
  }
}

size_t Column::size() const {
  switch (storage_of(type)) {
    case Storage::kBool: return bools.size();
    case Storage::kInt: return ints.size();
    case Storage::kFloat: return floats.size();
    case Storage::kBytes: return texts.size();
  }
  return 0;
}

void Column::push_null() {
  const size_t row = size();
  switch (storage_of(type)) {
    case Storage::kBool: bools.push_back(0); break;
    case Storage::kInt: ints.push_back(0); break;
    case Storage::kFloat: floats.push_back(0); break;
    case Storage::kBytes: texts.push_back({}); break;
  }
  if (!has_invalid) start_cells(row + 1);
  cells.resize(row + 1);
  cells[row] = kNull;
}

void Column::set_value(size_t row, const Column& from, size_t from_row) {
  if (from.constant) from_row = 0;
  switch (storage_of(type)) {
    case Storage::kBool: bools[row] = from.bools[from_row]; break;
    case Storage::kInt: ints[row] = from.ints[from_row]; break;
    case Storage::kFloat: floats[row] = from.floats[from_row]; break;
    case Storage::kBytes: texts[row] = from.texts[from_row]; break;
  }
}

void Column::push_value(const Column& from, size_t from_row) {
  if (from.constant) from_row = 0;
  switch (storage_of(type)) {
    case Storage::kBool: bools.push_back(from.bools[from_row]); break;
    case Storage::kInt: ints.push_back(from.ints[from_row]); break;
    case Storage::kFloat: floats.push_back(from.floats[from_row]); break;
    case Storage::kBytes: texts.push_back(from.texts[from_row]); break;
  }
}

void Column::start_cells(size_t rows) {
  const size_t size = rows > this->size() ? rows : this->size();
  cells.resize(size);
  std::memset(cells.data(), kValid, size);
  has_invalid = true;
}

}  // namespace millrace
