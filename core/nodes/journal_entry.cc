#include "nodes/journal_entry.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"

namespace millrace {
namespace {

using Told = SourceInstance::PartitionEvent;

constexpr uint8_t kFormat = 1;

/// Null is 0, else the length and one.
void append_nullable(std::string& out, std::string_view bytes) {
  append_varint(out, bytes.data() == nullptr ? 0 : bytes.size() + 1);
  out.append(bytes);
}

/// data() null: null.
std::string_view read_nullable(ByteReader& in) {
  const uint64_t size = in.varint();
  if (size == 0) return {};
  const std::string_view bytes = in.bytes(size - 1);
  return bytes.data() ? bytes : std::string_view("", 0);
}

uint32_t columns_of(const mr_batch& batch, const DedupeColumns* dedupe) {
  uint32_t columns = 0;
  if (batch.key.spans) columns |= MR_COL_KEY;
  if (batch.header_first) columns |= MR_COL_HEADERS;
  if (batch.time_us) columns |= MR_COL_TIME;
  if (batch.partition) columns |= MR_COL_PARTITION;
  if (batch.position) columns |= MR_COL_POSITION;
  if (dedupe) columns |= MR_COL_DEDUPE;
  return columns;
}

void append_headers(std::string& out, const BatchRef& batch, uint32_t record) {
  const auto headers = batch.headers(record);
  append_varint(out, headers.size());
  for (const mr_header& header : headers) {
    append_sized(out, batch.header_text(header.name));
    append_nullable(out, batch.header_text(header.value));
  }
}

void append_batch(std::string& out, const SourceBatch& one) {
  const BatchRef& batch = one.batch;
  const uint32_t columns = columns_of(batch.abi(), one.dedupe.get());
  append_varint(out, batch.size());
  append_varint(out, batch.abi().flags);
  append_varint(out, columns);
  for (uint32_t i = 0; i < batch.size(); ++i) {
    append_nullable(out, batch.value(i));
    if (columns & MR_COL_KEY) append_nullable(out, batch.key(i));
    if (columns & MR_COL_HEADERS) append_headers(out, batch, i);
    if (columns & MR_COL_TIME) append_i64(out, batch.time_us(i));
    if (columns & MR_COL_PARTITION) append_varint(out, batch.partition(i));
    if (columns & MR_COL_POSITION) append_varint(out, batch.position(i));
    if (columns & MR_COL_DEDUPE) {
      append_u64(out, one.dedupe->hash[i]);
      append_i64(out, one.dedupe->time_us[i]);
      append_varint(out, one.dedupe->group[i]);
    }
  }
}

/// A batch as it was read: views into the entry.
struct ReadBatch {
  struct Header {
    std::string_view name, value;
  };
  uint32_t flags = 0, columns = 0;
  std::vector<std::string_view> values, keys;
  std::vector<uint32_t> headers_end;
  std::vector<Header> headers;
  std::vector<int64_t> time_us, dedupe_time_us;
  std::vector<uint32_t> partition, dedupe_group;
  std::vector<uint64_t> position, dedupe_hash;
};

ReadBatch read_batch(ByteReader& in) {
  ReadBatch out;
  const uint64_t count = in.varint();
  out.flags = static_cast<uint32_t>(in.varint());
  out.columns = static_cast<uint32_t>(in.varint());
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    out.values.push_back(read_nullable(in));
    if (out.columns & MR_COL_KEY) out.keys.push_back(read_nullable(in));
    if (out.columns & MR_COL_HEADERS) {
      for (uint64_t h = in.varint(); h > 0 && in.ok(); --h) {
        const std::string_view name = in.sized();
        out.headers.push_back({name, read_nullable(in)});
      }
      out.headers_end.push_back(static_cast<uint32_t>(out.headers.size()));
    }
    if (out.columns & MR_COL_TIME) out.time_us.push_back(in.i64());
    if (out.columns & MR_COL_PARTITION) out.partition.push_back(static_cast<uint32_t>(in.varint()));
    if (out.columns & MR_COL_POSITION) out.position.push_back(in.varint());
    if (out.columns & MR_COL_DEDUPE) {
      out.dedupe_hash.push_back(in.u64());
      out.dedupe_time_us.push_back(in.i64());
      out.dedupe_group.push_back(static_cast<uint32_t>(in.varint()));
    }
  }
  return out;
}

uint64_t total_of(const std::vector<std::string_view>& texts) {
  uint64_t total = 0;
  for (const std::string_view text : texts) total += text.size();
  return total;
}

mr_span put(uint8_t* base, uint32_t& used, std::string_view text) {
  if (text.data() == nullptr) return {0, MR_NULL_LEN};
  const mr_span span{used, static_cast<uint32_t>(text.size())};
  if (!text.empty()) std::memcpy(base + used, text.data(), text.size());
  used += span.len;
  return span;
}

void put_headers(const ReadBatch& from, mr_room& room) {
  uint32_t used = 0;
  for (size_t h = 0; h < from.headers.size(); ++h) {
    room.headers[h].name = put(room.header_bytes, used, from.headers[h].name);
    room.headers[h].value = put(room.header_bytes, used, from.headers[h].value);
  }
  room.header_first[0] = 0;
  for (size_t i = 0; i < from.headers_end.size(); ++i)
    room.header_first[i + 1] = from.headers_end[i];
}

template <class T>
void copy_column(const std::vector<T>& from, T* to) {
  if (to) std::copy(from.begin(), from.end(), to);
}

bool build(const ReadBatch& from, BatchBuilder& builder) {
  mr_need need{};
  need.struct_size = sizeof need;
  need.records = static_cast<uint32_t>(from.values.size());
  need.columns = from.columns;
  need.batch_flags = from.flags;
  need.value_bytes = total_of(from.values);
  need.key_bytes = total_of(from.keys);
  need.headers = static_cast<uint32_t>(from.headers.size());
  for (const auto& header : from.headers)
    need.header_bytes += header.name.size() + header.value.size();
  mr_room room{};
  room.struct_size = sizeof room;
  if (builder.reserve(need, room) != MR_OK) return false;
  uint32_t values_used = 0, keys_used = 0;
  for (size_t i = 0; i < from.values.size(); ++i) {
    room.value_spans[i] = put(room.value, values_used, from.values[i]);
    if (room.key_spans) room.key_spans[i] = put(room.key, keys_used, from.keys[i]);
  }
  if (room.header_first) put_headers(from, room);
  copy_column(from.time_us, room.time_us);
  copy_column(from.partition, room.partition);
  copy_column(from.position, room.position);
  copy_column(from.dedupe_hash, room.dedupe_hash);
  copy_column(from.dedupe_time_us, room.dedupe_time_us);
  copy_column(from.dedupe_group, room.dedupe_group);
  return builder.commit(need.records) == MR_OK;
}

void append_reject(std::string& out, const Reject& reject) {
  append_varint(out, reject.partition);
  append_varint(out, reject.position);
  append_i64(out, reject.time_us);
  append_signed_varint(out, reject.after_record);
  append_sized(out, reject.bytes);
  append_signed_varint(out, reject.rc);
  append_sized(out, reject.reason);
}

Reject read_reject(ByteReader& in) {
  Reject out;
  out.partition = static_cast<uint32_t>(in.varint());
  out.position = in.varint();
  out.time_us = in.i64();
  out.after_record = in.signed_varint();
  out.bytes = in.sized();
  out.rc = static_cast<mr_rc>(in.signed_varint());
  out.reason = in.sized();
  return out;
}

void append_gap(std::string& out, const Gap& gap) {
  append_varint(out, gap.partition);
  append_i64(out, gap.from_us);
  append_i64(out, gap.to_us);
  append_varint(out, gap.from_position);
  append_varint(out, gap.to_position);
  append_u8(out, gap.estimated ? 1 : 0);
  append_sized(out, gap.reason);
}

Gap read_gap(ByteReader& in) {
  Gap out;
  out.partition = static_cast<uint32_t>(in.varint());
  out.from_us = in.i64();
  out.to_us = in.i64();
  out.from_position = in.varint();
  out.to_position = in.varint();
  out.estimated = in.u8() != 0;
  out.reason = in.sized();
  return out;
}

}  // namespace

std::string write_journal_entry(const JournalEntry& entry) {
  std::string out;
  append_u8(out, kFormat);
  append_i64(out, entry.arrival_us);
  append_sized(out, entry.plugin_state);
  append_varint(out, entry.taken.batches.size());
  for (const SourceBatch& one : entry.taken.batches) append_batch(out, one);
  append_varint(out, entry.taken.rejects.size());
  for (const Reject& reject : entry.taken.rejects) append_reject(out, reject);
  append_varint(out, entry.taken.gaps.size());
  for (const Gap& gap : entry.taken.gaps) append_gap(out, gap);
  append_varint(out, entry.events.size());
  for (const Told& event : entry.events) {
    append_u8(out, static_cast<uint8_t>(event.what));
    append_varint(out, event.partition);
    append_i64(out, event.watermark_us);
    append_varint(out, event.after_record);
  }
  return out;
}

std::optional<JournalEntry> read_journal_entry(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kFormat) return std::nullopt;
  JournalEntry out;
  out.arrival_us = in.i64();
  out.plugin_state = in.sized();
  BatchBuilder builder;
  for (uint64_t n = in.varint(); n > 0 && in.ok(); --n) {
    const ReadBatch batch = read_batch(in);
    if (!in.ok() || !build(batch, builder)) return std::nullopt;
  }
  out.taken = builder.take();
  for (uint64_t n = in.varint(); n > 0 && in.ok(); --n)
    out.taken.rejects.push_back(read_reject(in));
  for (uint64_t n = in.varint(); n > 0 && in.ok(); --n) out.taken.gaps.push_back(read_gap(in));
  for (uint64_t n = in.varint(); n > 0 && in.ok(); --n) {
    Told event{};
    event.what = static_cast<Told::What>(in.u8());
    event.partition = static_cast<uint32_t>(in.varint());
    event.watermark_us = in.i64();
    event.after_record = static_cast<uint32_t>(in.varint());
    out.events.push_back(event);
  }
  if (!in.at_end()) return std::nullopt;
  return out;
}

}  // namespace millrace
