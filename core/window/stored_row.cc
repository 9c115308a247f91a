#include "window/stored_row.h"

#include <bit>

namespace millrace {
namespace {

bool is_text(Type type) { return type == Type::kText || type == Type::kJsonb; }

void push_state(uint8_t state, Column& to) {
  to.push_null();
  to.cells[to.size() - 1] = state;
}

}  // namespace

void write_stored_cell(const Column& column, size_t row, std::string& out) {
  append_u8(out, column.cell(row));
  if (!column.valid(row)) return;
  const size_t i = column.constant ? 0 : row;
  switch (column.type) {
    case Type::kBool: append_u8(out, column.bools[i]); break;
    case Type::kFloat8: append_u64(out, std::bit_cast<uint64_t>(column.floats[i])); break;
    case Type::kText:
    case Type::kJsonb: append_sized(out, column.texts[i]); break;
    default: append_signed_varint(out, column.ints[i]);
  }
}

bool read_stored_cell(ByteReader& from, Column& to) {
  const uint8_t state = from.u8();
  if (!from.ok() || state > kMismatch) return false;
  if (state != kValid) {
    push_state(state, to);
    return true;
  }
  if (is_text(to.type)) {
    to.texts.push_back(from.sized());
  } else if (to.type == Type::kBool) {
    to.bools.push_back(from.u8());
  } else if (to.type == Type::kFloat8) {
    to.floats.push_back(std::bit_cast<double>(from.u64()));
  } else {
    to.ints.push_back(from.signed_varint());
  }
  to.pushed_valid();
  return from.ok();
}

bool skip_stored_cell(ByteReader& from, Type type) {
  const uint8_t state = from.u8();
  if (!from.ok() || state > kMismatch) return false;
  if (state != kValid) return true;
  if (is_text(type)) {
    from.sized();
  } else if (type == Type::kBool) {
    from.u8();
  } else if (type == Type::kFloat8) {
    from.u64();
  } else {
    from.signed_varint();
  }
  return from.ok();
}

void push_cell(const Column& from, size_t row, Column& to) {
  if (!from.valid(row)) return push_state(from.cell(row), to);
  const size_t i = from.constant ? 0 : row;
  switch (from.type) {
    case Type::kBool: to.bools.push_back(from.bools[i]); break;
    case Type::kFloat8: to.floats.push_back(from.floats[i]); break;
    case Type::kText:
    case Type::kJsonb: to.texts.push_back(from.texts[i]); break;
    default: to.ints.push_back(from.ints[i]);
  }
  to.pushed_valid();
}

}  // namespace millrace
