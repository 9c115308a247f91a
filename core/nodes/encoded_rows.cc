#include "nodes/encoded_rows.h"

#include <algorithm>
#include <cstring>

namespace millrace {

void EncodedRows::start(uint32_t count, bool times, bool headers) {
  has_times_ = times;
  has_headers_ = headers;
  bytes_.clear();
  ends_.resize(count);
  key_bytes_.clear();
  key_ends_.resize(count);
  key_nulls_.resize(count);
  times_.resize(times ? count : 0);
  headers_.start(headers ? count : 0);
}

void EncodedRows::end_row(uint32_t i, bool has_key, EventTime time) {
  ends_[i] = bytes_.size();
  bytes_.append('\n');
  key_nulls_[i] = !has_key;
  key_ends_[i] = key_bytes_.size();
  if (has_times_) times_[i] = time;
}

mr_need EncodedRows::need_of(uint32_t first, uint32_t behind) const {
  mr_need need{};
  need.struct_size = sizeof need;
  need.records = behind - first;
  need.value_bytes = ends_[behind - 1] + 1 - begin_of(first);
  need.key_bytes = key_ends_[behind - 1] - key_begin_of(first);
  const bool keyed = std::any_of(key_nulls_.data() + first, key_nulls_.data() + behind,
                                 [](uint8_t null) { return !null; });
  if (keyed) need.columns = MR_COL_KEY;
  if (has_times_) need.columns |= MR_COL_TIME;
  if (has_headers_) headers_.ask(first, behind, need);
  return need;
}

bool EncodedRows::copy(uint32_t first, uint32_t behind, BatchBuilder& builder) const {
  const mr_need need = need_of(first, behind);
  const bool keyed = (need.columns & MR_COL_KEY) != 0;
  mr_room room{};
  room.struct_size = sizeof room;
  if (builder.reserve(need, room) != MR_OK) return false;
  std::memcpy(room.value, bytes_.data() + begin_of(first), need.value_bytes);
  if (keyed) std::memcpy(room.key, key_bytes_.data() + key_begin_of(first), need.key_bytes);
  if (has_times_) std::copy_n(times_.data() + first, behind - first, room.time_us);
  if (has_headers_) headers_.write(first, behind, room);
  write_spans(first, behind, keyed, room);
  builder.commit(behind - first);
  return true;
}

void EncodedRows::write_spans(uint32_t first, uint32_t behind, bool keyed,
                              const mr_room& room) const {
  const auto span = [](uint64_t from, uint64_t to, uint64_t base) {
    return mr_span{static_cast<uint32_t>(from - base), static_cast<uint32_t>(to - from)};
  };
  const uint64_t base = begin_of(first), key_base = key_begin_of(first);
  for (uint32_t i = first; i < behind; ++i) {
    room.value_spans[i - first] = span(begin_of(i), ends_[i], base);
    if (!keyed) continue;
    room.key_spans[i - first] =
        key_nulls_[i] ? mr_span{0, MR_NULL_LEN} : span(key_begin_of(i), key_ends_[i], key_base);
  }
}

}  // namespace millrace
