#include "window/stored_row.h"

#include <bit>

namespace millrace {
namespace {

void push_state(uint8_t state, Column& to) {
  to.push_null();
  to.cells[to.size() - 1] = state;
}

}  // namespace

void write_stored_cell(const Column& column, size_t row, std::string& out) {
  append_u8(out, column.cell(row));
  if (!column.valid(row)) return;
  const size_t i = column.constant ? 0 : row;
  switch (storage_of(column.type)) {
    case Storage::kBool: append_u8(out, column.bools[i]); break;
    case Storage::kFloat: append_u64(out, std::bit_cast<uint64_t>(column.floats[i])); break;
    case Storage::kBytes: append_sized(out, column.texts[i]); break;
    case Storage::kInt: append_signed_varint(out, column.ints[i]); break;
  }
}

bool read_stored_cell(ByteReader& from, Column& to) {
  const uint8_t state = from.u8();
  if (!from.ok() || state > kMismatch) return false;
  if (state != kValid) {
    push_state(state, to);
    return true;
  }
  switch (storage_of(to.type)) {
    case Storage::kBytes: to.texts.push_back(from.sized()); break;
    case Storage::kBool: to.bools.push_back(from.u8()); break;
    case Storage::kFloat: to.floats.push_back(std::bit_cast<double>(from.u64())); break;
    case Storage::kInt: to.ints.push_back(from.signed_varint()); break;
  }
  to.pushed_valid();
  return from.ok();
}

bool skip_stored_cell(ByteReader& from, Type type) {
  const uint8_t state = from.u8();
  if (!from.ok() || state > kMismatch) return false;
  if (state != kValid) return true;
  switch (storage_of(type)) {
    case Storage::kBytes: from.sized(); break;
    case Storage::kBool: from.u8(); break;
    case Storage::kFloat: from.u64(); break;
    case Storage::kInt: from.signed_varint(); break;
  }
  return from.ok();
}

void push_cell(const Column& from, size_t row, Column& to) {
  if (!from.valid(row)) return push_state(from.cell(row), to);
  to.push_value(from, row);
  to.pushed_valid();
}

}  // namespace millrace
