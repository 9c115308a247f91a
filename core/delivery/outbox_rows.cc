#include "delivery/outbox_rows.h"

#include <cstring>

#include "base/hash.h"
#include "state/block_reader.h"

namespace millrace {
namespace {

/// In front of a row: whether it has a value, and its event time.
constexpr size_t kHeadBytes = 1 + sizeof(int64_t);

/// Room in one batch for all rows of a block.
Result<mr_room> room_for(BlockReader rows, BatchBuilder& builder) {
  mr_need need{};
  need.struct_size = sizeof need;
  need.columns = MR_COL_KEY | MR_COL_TIME;
  BlockEntry entry;
  while (rows.next(entry)) {
    ++need.records;
    need.key_bytes += entry.key.size();
    need.value_bytes += entry.value.size();
  }
  mr_room room{};
  room.struct_size = sizeof room;
  if (builder.reserve(need, room) == MR_OK) return room;
  return Error{Code::kFailed, "out of memory for rows of the outbox"};
}

mr_span copy_to(uint8_t* arena, uint32_t& used, std::string_view bytes) {
  std::memcpy(arena + used, bytes.data(), bytes.size());
  const mr_span span{used, static_cast<uint32_t>(bytes.size())};
  used += span.len;
  return span;
}

}  // namespace

std::string outbox_operator(std::string_view sink) { return "@outbox/" + std::string(sink); }

OutboxRows::OutboxRows(std::string sink, std::string_view layout)
    : op_(outbox_operator(sink)), layout_hash_(hash_bytes("outbox v2 " + std::string(layout))) {}

void OutboxRows::add(const BatchRef& rows, uint64_t epoch) {
  if (!writer_) {
    BlockSeries series;
    series.op = op_;
    series.slice = static_cast<int64_t>(epoch);
    series.schema_hash = layout_hash_;
    series.commit = epoch;
    writer_.emplace(std::move(series));
  }
  for (uint32_t i = 0; i < rows.size(); ++i) {
    const std::string_view key = rows.key(i), value = rows.value(i);
    const int64_t time_us = rows.time_us(i);
    value_.assign(1, value.data() ? '\1' : '\0');
    value_.append(reinterpret_cast<const char*>(&time_us), sizeof time_us);
    value_.append(value);
    writer_->put(rows_++, key.data() ? std::optional(key) : std::nullopt, value_);
    bytes_ += key.size() + value_.size();
  }
}

std::vector<StateBlock> OutboxRows::finish() {
  std::vector<StateBlock> blocks;
  if (writer_) blocks = writer_->finish();
  writer_.reset();
  rows_ = 0;
  bytes_ = 0;
  return blocks;
}

Result<BatchRef> OutboxRows::read(std::string_view block, std::string_view owner) const {
  auto reader = BlockReader::open(block, layout_hash_);
  if (!reader) return reader.error();
  BatchBuilder builder;
  auto room = room_for(*reader, builder);
  if (!room) return room.error();
  const auto epoch = static_cast<uint64_t>(reader->header().id.slice);
  uint32_t count = 0, key_used = 0, value_used = 0;
  uint64_t first_row = 0;
  BlockEntry entry;
  while (reader->next(entry)) {
    if (count == 0) first_row = entry.ordinal;
    if (entry.kind != EntryKind::kPut || entry.value.size() < kHeadBytes ||
        entry.ordinal != first_row + count) {
      return Error{Code::kCorrupt, to_text(reader->header().id) + " holds no rows of an outbox"};
    }
    room->key_spans[count] =
        entry.has_key ? copy_to(room->key, key_used, entry.key) : mr_span{0, MR_NULL_LEN};
    std::memcpy(&room->time_us[count], entry.value.data() + 1, sizeof(int64_t));
    room->value_spans[count] =
        entry.value[0] ? copy_to(room->value, value_used, entry.value.substr(kHeadBytes))
                       : mr_span{0, MR_NULL_LEN};
    ++count;
  }
  builder.commit(count);
  return builder.take().batches.at(0).batch.tagged(owner, epoch, first_row);
}

}  // namespace millrace
