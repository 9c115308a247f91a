#include "delivery/outbox_rows.h"

#include <cstring>

#include "base/bytes.h"
#include "base/hash.h"
#include "state/block_reader.h"

namespace millrace {
namespace {

/// In front of a row: what it has, then its event time.
constexpr uint8_t kHasValue = 1, kHasHeaders = 2;

struct Header {
  std::string_view name, value;  ///< value.data() null: null.
};

/// A row as it is stored; points into the block.
struct StoredRow {
  int64_t time_us = 0;
  std::vector<Header> headers;
  std::string_view value;  ///< data() null: null.
};

/// Headers in front of a value: how many, then names and values, a value as its length + 1, 0:
/// null.
void append_headers(std::string& out, const BatchRef& rows, uint32_t i) {
  const auto headers = rows.headers(i);
  append_varint(out, headers.size());
  for (const mr_header& one : headers) {
    append_sized(out, rows.header_text(one.name));
    const std::string_view value = rows.header_text(one.value);
    append_varint(out, value.data() ? value.size() + 1 : 0);
    out.append(value);
  }
}

bool read_row(std::string_view bytes, StoredRow& out) {
  ByteReader in(bytes);
  const uint8_t has = in.u8();
  out.time_us = in.i64();
  out.headers.clear();
  for (uint64_t h = has & kHasHeaders ? in.varint() : 0; h > 0 && in.ok(); --h) {
    Header& one = out.headers.emplace_back();
    one.name = in.sized();
    if (const uint64_t size = in.varint()) one.value = in.bytes(size - 1);
  }
  out.value = has & kHasValue ? in.left() : std::string_view();
  return in.ok();
}

/// Room in one batch for all rows of a block.
Result<mr_room> room_for(BlockReader rows, BatchBuilder& builder) {
  mr_need need{};
  need.struct_size = sizeof need;
  need.columns = MR_COL_KEY | MR_COL_TIME;
  BlockEntry entry;
  StoredRow row;
  while (rows.next(entry)) {
    ++need.records;
    need.key_bytes += entry.key.size();
    need.value_bytes += entry.value.size();
    if (!read_row(entry.value, row) || row.headers.empty()) continue;
    need.columns |= MR_COL_HEADERS;
    need.headers += static_cast<uint32_t>(row.headers.size());
    for (const Header& one : row.headers) need.header_bytes += one.name.size() + one.value.size();
  }
  mr_room room{};
  room.struct_size = sizeof room;
  if (builder.reserve(need, room) == MR_OK) return room;
  return Error{Code::kFailed, "out of memory for rows of the outbox"};
}

mr_span copy_to(uint8_t* arena, uint32_t& used, std::string_view bytes) {
  if (bytes.data() == nullptr) return {0, MR_NULL_LEN};
  if (!bytes.empty()) std::memcpy(arena + used, bytes.data(), bytes.size());
  const mr_span span{used, static_cast<uint32_t>(bytes.size())};
  used += span.len;
  return span;
}

/// Writes rows into a room, one behind the other.
class RoomWriter {
 public:
  explicit RoomWriter(const mr_room& room) : room_(room) {
    if (room_.header_first) room_.header_first[0] = 0;
  }
  void put(const BlockEntry& entry, const StoredRow& row) {
    room_.key_spans[rows_] =
        copy_to(room_.key, key_used_, entry.has_key ? entry.key : std::string_view());
    room_.value_spans[rows_] = copy_to(room_.value, value_used_, row.value);
    room_.time_us[rows_] = row.time_us;
    for (const Header& one : row.headers) {
      mr_header& to = room_.headers[headers_++];
      to.name = copy_to(room_.header_bytes, header_bytes_used_, one.name);
      to.value = copy_to(room_.header_bytes, header_bytes_used_, one.value);
    }
    ++rows_;
    if (room_.header_first) room_.header_first[rows_] = headers_;
  }
  uint32_t rows() const { return rows_; }

 private:
  mr_room room_;
  uint32_t rows_ = 0, headers_ = 0, key_used_ = 0, value_used_ = 0, header_bytes_used_ = 0;
};

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
    const bool headers = !rows.headers(i).empty();
    value_.assign(1,
                  static_cast<char>((value.data() ? kHasValue : 0) | (headers ? kHasHeaders : 0)));
    append_i64(value_, time_us);
    if (headers) append_headers(value_, rows, i);
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
  RoomWriter writer(*room);
  uint64_t first_row = 0;
  BlockEntry entry;
  StoredRow row;
  while (reader->next(entry)) {
    if (writer.rows() == 0) first_row = entry.ordinal;
    if (entry.kind != EntryKind::kPut || !read_row(entry.value, row) ||
        entry.ordinal != first_row + writer.rows()) {
      return Error{Code::kCorrupt, to_text(reader->header().id) + " holds no rows of an outbox"};
    }
    writer.put(entry, row);
  }
  builder.commit(writer.rows());
  return builder.take().batches.at(0).batch.tagged(owner, epoch, first_row);
}

}  // namespace millrace
