#include "record/building.h"

#include <algorithm>

namespace millrace {
namespace {

/// Small outputs share a batch of this size; it is the lower end of what fits L2 well.
constexpr uint64_t kValueBytesMin = 64 << 10;
constexpr uint64_t kSideBytesMin = 8 << 10;
constexpr uint32_t kRecordsMin = 512;

uint64_t room_in(uint64_t used, const Block& block) {
  return block ? block.capacity() - used : UINT64_MAX;  // Not taken yet: taken as large as needed.
}

}  // namespace

std::unique_ptr<Building> Building::make(const mr_need& need) {
  auto building = std::make_unique<Building>();
  const uint64_t records = std::max(need.records, kRecordsMin);
  building->columns_block_ = Block::take(RecordColumns::bytes_for(records));
  building->value_.block = Block::take(std::max(need.value_bytes, kValueBytesMin));
  if (!building->columns_block_ || !building->value_.block) return nullptr;
  building->columns_ = RecordColumns(building->columns_block_.data(), records);
  building->capacity_ = static_cast<uint32_t>(records);
  building->flags_ = need.batch_flags;
  return building;
}

bool Building::fits(const mr_need& need) const {
  if (need.batch_flags != flags_ || need.records > capacity_ - count_) return false;
  if (need.value_bytes > room_in(value_.used, value_.block)) return false;
  if ((need.columns & MR_COL_KEY) && need.key_bytes > room_in(key_.used, key_.block)) return false;
  if (!(need.columns & MR_COL_HEADERS)) return true;
  return need.header_bytes <= room_in(header_bytes_.used, header_bytes_.block) &&
         need.headers * sizeof(mr_header) <=
             room_in(headers_.used * sizeof(mr_header), headers_.block);
}

mr_rc Building::lend(const mr_need& need, mr_room& room) {
  const uint32_t struct_size = room.struct_size;
  room = mr_room{};
  room.struct_size = struct_size;
  room.records = need.records;
  ask(need.columns);
  room.value = value_.block.data() + value_.used;
  room.value_spans = columns_.value_spans + count_;
  if (need.columns & MR_COL_KEY) {
    if (!key_.block) key_.block = Block::take(std::max(need.key_bytes, kSideBytesMin));
    if (!key_.block) return MR_E_NO_MEMORY;
    room.key = key_.block.data() + key_.used;
    room.key_spans = columns_.key_spans + count_;
  }
  if (need.columns & MR_COL_TIME) room.time_us = columns_.time_us + count_;
  if (need.columns & MR_COL_PARTITION) room.partition = columns_.partition + count_;
  if (need.columns & MR_COL_POSITION) room.position = columns_.position + count_;
  if (need.columns & MR_COL_ORIGIN) room.origin = columns_.origin + count_;
  if (!lend_headers(need, room) || !lend_dedupe(need, room)) return MR_E_NO_MEMORY;
  lent_ = need;
  return MR_OK;
}

bool Building::lend_headers(const mr_need& need, mr_room& room) {
  if (!(need.columns & MR_COL_HEADERS)) return true;
  if (!header_bytes_.block) {
    header_bytes_.block = Block::take(std::max(need.header_bytes, kSideBytesMin));
    headers_.block = Block::take(std::max(need.headers * sizeof(mr_header), kSideBytesMin));
    if (!header_bytes_.block || !headers_.block) return false;
  }
  room.header_bytes = header_bytes_.block.data() + header_bytes_.used;
  room.headers = reinterpret_cast<mr_header*>(headers_.block.data()) + headers_.used;
  room.header_first = columns_.header_first + count_;
  return true;
}

bool Building::lend_dedupe(const mr_need& need, mr_room& room) {
  if (!(need.columns & MR_COL_DEDUPE)) return true;
  const std::size_t size = std::size_t{count_} + need.records;
  dedupe_->hash.resize(size, 0);
  dedupe_->time_us.resize(size, MR_TIME_NONE);
  dedupe_->group.resize(size, 0);
  room.dedupe_hash = dedupe_->hash.data() + count_;
  room.dedupe_time_us = dedupe_->time_us.data() + count_;
  room.dedupe_group = dedupe_->group.data() + count_;
  return true;
}

/// Columns asked for the first time get their defaults for the records that are already here.
void Building::ask(uint32_t columns) {
  const uint32_t fresh = columns & ~have_;
  if (fresh & MR_COL_DEDUPE) dedupe_ = std::make_unique<DedupeColumns>();
  fill_defaults(fresh, 0, count_);
  have_ |= columns;
}

void Building::fill_defaults(uint32_t columns, uint32_t first, uint32_t end) {
  auto fill = [first, end](auto* column, auto value) {
    std::fill(column + first, column + end, value);
  };
  if (columns & MR_COL_KEY) fill(columns_.key_spans, mr_span{0, MR_NULL_LEN});
  if (columns & MR_COL_TIME) fill(columns_.time_us, MR_TIME_NONE);
  if (columns & MR_COL_PARTITION) fill(columns_.partition, uint32_t{0});
  if (columns & MR_COL_POSITION) fill(columns_.position, uint64_t{0});
  if (columns & MR_COL_ORIGIN) fill(columns_.origin, MR_NO_ORIGIN);
  if (columns & MR_COL_HEADERS) {
    std::fill(columns_.header_first + first, columns_.header_first + end + 1,
              static_cast<uint32_t>(headers_.used));
  }
  if (columns & MR_COL_DEDUPE) {
    dedupe_->hash.resize(end, 0);
    dedupe_->time_us.resize(end, MR_TIME_NONE);
    dedupe_->group.resize(end, 0);
  }
}

const char* Building::check(uint32_t count) const {
  if (count > lent_.records) return "commit: more records than the room has";
  if (!spans_inside(columns_.value_spans + count_, count, lent_.value_bytes)) {
    return "commit: value span outside of the room";
  }
  if ((lent_.columns & MR_COL_KEY) &&
      !spans_inside(columns_.key_spans + count_, count, lent_.key_bytes)) {
    return "commit: key span outside of the room";
  }
  if (!(lent_.columns & MR_COL_HEADERS)) return nullptr;
  const uint32_t* first = columns_.header_first + count_;
  if (first[0] != 0) return "commit: header_first does not begin at 0";
  for (uint32_t i = 0; i < count; ++i) {
    if (first[i] > first[i + 1]) return "commit: header_first decreases";
  }
  if (first[count] > lent_.headers) return "commit: more headers than the room has";
  const auto* headers = reinterpret_cast<const mr_header*>(headers_.block.data()) + headers_.used;
  for (uint32_t h = 0; h < first[count]; ++h) {
    if (headers[h].name.len == MR_NULL_LEN) return "commit: header without a name";
    const mr_span pair[] = {headers[h].name, headers[h].value};
    if (!spans_inside(pair, 2, lent_.header_bytes)) return "commit: header outside of the room";
  }
  return nullptr;
}

/// From "counted from the room" to "counted from the arena"; what lies behind the last span is
/// free again.
void Building::take_spans(mr_span* spans, uint32_t count, Arena& arena) {
  const auto base = static_cast<uint32_t>(arena.used);
  uint64_t end = 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (spans[i].len == MR_NULL_LEN) {
      spans[i].off = 0;
      continue;
    }
    end = std::max(end, uint64_t{spans[i].off} + spans[i].len);
    last_bytes_ += spans[i].len;
    spans[i].off += base;
  }
  arena.used += end;
}

void Building::take_headers(uint32_t count) {
  uint32_t* first = columns_.header_first + count_;
  auto* headers = reinterpret_cast<mr_header*>(headers_.block.data()) + headers_.used;
  const uint32_t added = first[count];
  take_spans(reinterpret_cast<mr_span*>(headers), added * 2, header_bytes_);
  const auto base = static_cast<uint32_t>(headers_.used);
  for (uint32_t i = 0; i <= count; ++i) first[i] += base;
  headers_.used += added;
}

const char* Building::commit(uint32_t count) {
  if (const char* fault = check(count)) return fault;
  last_bytes_ = 0;
  take_spans(columns_.value_spans + count_, count, value_);
  if (lent_.columns & MR_COL_KEY) take_spans(columns_.key_spans + count_, count, key_);
  if (lent_.columns & MR_COL_HEADERS) take_headers(count);
  // Of dedupe the unused end of the room is cut off at the same time.
  fill_defaults(have_ & (~lent_.columns | MR_COL_DEDUPE), count_, count_ + count);
  count_ += count;
  return nullptr;
}

SourceBatch Building::seal() && {
  fill_defaults(have_ & MR_COL_DEDUPE, count_, count_);  // Cuts off a room that was taken back.
  auto* host = new HostBatch({});
  SourceBatch sealed{BatchRef::adopt(&host->abi), std::move(dedupe_)};
  mr_batch& abi = host->abi;
  abi.flags = flags_;
  abi.count = count_;
  abi.value = {value_.block.data(), value_.used, columns_.value_spans};
  if (have_ & MR_COL_KEY) abi.key = {key_.block.data(), key_.used, columns_.key_spans};
  if (have_ & MR_COL_TIME) abi.time_us = columns_.time_us;
  if (have_ & MR_COL_PARTITION) abi.partition = columns_.partition;
  if (have_ & MR_COL_POSITION) abi.position = columns_.position;
  if (have_ & MR_COL_ORIGIN) abi.origin = columns_.origin;
  if (have_ & MR_COL_HEADERS) {
    abi.header_bytes = {header_bytes_.block.data(), header_bytes_.used, nullptr};
    abi.header_first = columns_.header_first;
    // A room that was taken back may have written its own 0 here.
    columns_.header_first[count_] = static_cast<uint32_t>(headers_.used);
    abi.headers = reinterpret_cast<const mr_header*>(headers_.block.data());
  }
  host->columns = std::move(columns_block_);
  host->value = std::move(value_.block);
  host->key = std::move(key_.block);
  host->header_bytes = std::move(header_bytes_.block);
  host->headers = std::move(headers_.block);
  return sealed;
}

}  // namespace millrace
