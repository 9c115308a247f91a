#include "functions/row_errors.h"

#include <utility>

namespace millrace {

void RowErrors::start(uint32_t rows) {
  rows_ = rows;
  errors_.clear();
  failed_.clear();
}

void RowErrors::add(uint32_t row, std::string_view sqlstate, const Program* program, uint32_t place,
                    std::string text) {
  if (failed(row)) return;
  if (failed_.size() <= row) failed_.resize(row < rows_ ? rows_ : row + 1, 0);
  failed_[row] = 1;
  errors_.push_back({row, sqlstate, program, place, std::move(text)});
}

Selection RowErrors::drop_failed(Selection from, Buffer<uint32_t>& room) const {
  if (errors_.empty()) return from;
  if (room.size() < from.count) room.resize(from.count);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < from.count; ++i) {
    const uint32_t row = from[i];
    room[kept] = row;
    kept += failed(row) ? 0 : 1;
  }
  return {room.data(), kept};
}

}  // namespace millrace
