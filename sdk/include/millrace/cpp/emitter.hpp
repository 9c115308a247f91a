#pragma once

/// Where a call puts its results, in the order of the calls. Records are written straight into the
/// host's memory; append() collects small ones into rooms that grow with use.
/// Lent for one call; one thread at a time. Every function throws `failure` if the host refuses.

#include <millrace/ext/partitions.h>

#include <millrace/cpp/batch.hpp>

namespace millrace {
inline namespace sdk_v1 {

/// A known loss, for the source's `.gaps`.
struct gap {
  uint32_t partition = 0;
  int64_t from_us = MR_TIME_NONE, to_us = MR_TIME_NONE;
  uint64_t from_position = 0, to_position = 0;
  bool estimated = false;
  std::string_view reason{};
};

/// Bytes that never became a record, for the source's `.errors`.
struct broken {
  std::string_view bytes{};
  uint32_t partition = 0;
  uint64_t position = 0;
  int64_t time_us = MR_TIME_NONE;
  mr_rc rc = MR_E_RECORD;
};

/// Raw memory of the host: fill bytes(), then name the records in it with add().
class value_room {
 public:
  char* data() const { return reinterpret_cast<char*>(room_.value); }
  std::span<char> bytes() const { return {data(), static_cast<std::size_t>(size_)}; }
  uint32_t records() const { return count_; }
  uint32_t records_max() const { return room_.records; }

  /// The next record is bytes()[off, off + len). Columns that the room was not asked for are
  /// ignored. False: the room is full.
  bool add(uint64_t off, uint64_t len, uint64_t position = 0, uint32_t partition = 0,
           int64_t time_us = MR_TIME_NONE) {
    if (count_ == room_.records) return false;
    room_.value_spans[count_] = {static_cast<uint32_t>(off), static_cast<uint32_t>(len)};
    if (room_.position) room_.position[count_] = position;
    if (room_.partition) room_.partition[count_] = partition;
    if (room_.time_us) room_.time_us[count_] = time_us;
    ++count_;
    return true;
  }
  /// The next record has a null value.
  bool add_null() { return add(0, MR_NULL_LEN); }
  /// The columns themselves, for those who fill others.
  mr_room& abi() { return room_; }

 private:
  friend class emitter;
  mr_room room_{};
  uint64_t size_ = 0;
  uint32_t count_ = 0;
};

class emitter {
 public:
  emitter(mr_out* out, const mr_partitions_v1* partitions) : out_(out), partitions_(partitions) {}
  emitter(const emitter&) = delete;
  emitter& operator=(const emitter&) = delete;

  /// Copies one record.
  void append(const record& r) {
    const uint32_t wanted = columns_of(r);
    if (room_.count_ == room_.room_.records || wanted & ~columns_ || !fits(r)) grow(r, wanted);
    mr_room& to = room_.room_;
    const uint32_t i = room_.count_++;
    to.value_spans[i] = put(to.value, value_used_, r.value);
    if (to.key_spans) to.key_spans[i] = put(to.key, key_used_, r.key);
    to.time_us[i] = r.time_us;
    to.partition[i] = r.partition;
    to.position[i] = r.position;
    if (to.origin) to.origin[i] = r.origin;
    if (to.header_first) put_headers(to, i, r.headers);
    if (to.dedupe_hash) {
      to.dedupe_hash[i] = r.dedupe_hash;
      to.dedupe_time_us[i] = r.dedupe_time_us;
      to.dedupe_group[i] = r.dedupe_group;
    }
    ++records_;
    bytes_ += r.value.size() + r.key.size();
  }

  /// A hint: so many records with so many bytes will be appended, so that one room, and with it one
  /// batch, takes them all. More or fewer may come.
  void expect(uint32_t records, uint64_t value_bytes, uint64_t key_bytes = 0) {
    flush();
    expected_ = {records, value_bytes, key_bytes};
  }

  /// Raw room, for a source that reads into it and then finds its records. Valid until the next
  /// call on this emitter; commit_room() takes the records that were added. What lies behind the
  /// last of them is given back: copy an unfinished tail first.
  value_room& room(uint32_t records, uint64_t value_bytes, uint32_t columns = MR_COL_POSITION) {
    flush();
    lend({sizeof(mr_need), records, columns, 0, flags_, 0, 0, value_bytes, 0});
    raw_ = true;
    return room_;
  }
  /// Room for new values of `in`; key, time, position and headers stay. Record i of it becomes
  /// record i of `in`.
  value_room& rewrite(batch_view in, uint64_t value_bytes) {
    flush();
    room_ = {};
    room_.room_.struct_size = sizeof(mr_room);
    detail::check(out_->reserve_value(out_, &in.abi(), value_bytes, &room_.room_), "room");
    room_.size_ = value_bytes;
    raw_ = true;
    return room_;
  }
  void commit_room() {
    records_ += room_.count_;
    for (uint32_t i = 0; i < room_.count_; ++i) {
      const uint32_t len = room_.room_.value_spans[i].len;
      bytes_ += len == MR_NULL_LEN ? 0 : len;
    }
    raw_ = false;
    flush();
  }

  /// The batch as it is: costs nothing.
  void pass(batch_view in) {
    flush();
    detail::check(out_->pass(out_, &in.abi()), "a passed batch");
    records_ += in.size();
  }
  /// Some records of it, indices strictly increasing: no payload is copied.
  void select(batch_view in, std::span<const uint32_t> indices) {
    flush();
    const auto count = static_cast<uint32_t>(indices.size());
    detail::check(out_->select(out_, &in.abi(), indices.data(), count), "a selection");
    records_ += count;
  }
  /// A batch of the plugin's own; see mr_out.donate.
  void donate(mr_batch* batch) {
    flush();
    const uint32_t count = batch->count;
    detail::check(out_->donate(out_, batch), "a donated batch");
    records_ += count;
  }

  /// One record of `in` goes to `.errors`.
  void reject(batch_view in, uint32_t index, std::string_view why, mr_rc rc = MR_E_RECORD) {
    flush();
    detail::check(out_->reject(out_, &in.abi(), index, rc, detail::to_abi(why)), "a reject");
  }
  /// Sources.
  void reject_bytes(const broken& b, std::string_view why) {
    flush();
    detail::check(out_->reject_bytes(out_, b.partition, b.position, b.time_us,
                                     detail::to_abi(b.bytes), b.rc, detail::to_abi(why)),
                  "a reject");
  }
  /// Sources.
  void lost(const gap& g) {
    flush();
    const mr_gap abi{sizeof abi,
                     g.partition,
                     g.from_us,
                     g.to_us,
                     g.from_position,
                     g.to_position,
                     g.estimated,
                     0,
                     detail::to_abi(g.reason)};
    detail::check(out_->gap(out_, &abi), "a gap");
  }

  /// Sources: partitions/1, in order with the records. Ignored by a host that does not offer it.
  void assigned(uint32_t partition) { partition_event(&mr_partitions_v1::assigned, partition); }
  void at_end(uint32_t partition) { partition_event(&mr_partitions_v1::at_end, partition); }
  void revoking(uint32_t partition) { partition_event(&mr_partitions_v1::revoking, partition); }
  void watermark(uint32_t partition, int64_t w_us) {
    flush();
    if (partitions_) detail::check(partitions_->watermark(out_, partition, w_us), "a watermark");
  }

  /// MR_BATCH_* of what is appended from now on.
  void batch_flags(uint32_t flags) {
    flush();
    flags_ = flags;
  }
  /// Of this call so far.
  uint32_t records() const { return records_; }
  uint64_t bytes() const { return bytes_; }
  /// Hands over what was appended. Done by every other call and at the end.
  void flush() {
    const uint32_t count = std::exchange(room_.count_, 0);
    room_.room_.records = 0;
    if (std::exchange(raw_, false) || count == 0) return;  // A raw room needs commit_room().
    detail::check(out_->commit(out_, count), "the records");
  }

 private:
  struct expected {
    uint32_t records = 0;
    uint64_t value_bytes = 0, key_bytes = 0;
  };
  static constexpr uint32_t always = MR_COL_TIME | MR_COL_PARTITION | MR_COL_POSITION;

  static uint32_t columns_of(const record& r) {
    return always | (r.key.data() ? MR_COL_KEY : 0) | (r.headers.empty() ? 0 : MR_COL_HEADERS) |
           (r.dedupe_hash ? MR_COL_DEDUPE : 0) | (r.origin != no_origin ? MR_COL_ORIGIN : 0);
  }
  static uint64_t header_bytes_of(const record& r) {
    uint64_t bytes = 0;
    for (const header& h : r.headers) bytes += h.name.size() + h.value.size();
    return bytes;
  }
  bool fits(const record& r) const {
    if (r.value.size() > room_.size_ - value_used_) return false;
    if (r.key.data() && r.key.size() > key_size_ - key_used_) return false;
    if (r.headers.empty()) return true;
    return r.headers.size() <= headers_max_ - headers_used_ &&
           header_bytes_of(r) <= header_size_ - header_used_;
  }
  /// A new room, larger than the last one of this call: a call that emits one record lends little,
  /// one that emits thousands asks the host rarely.
  void grow(const record& r, uint32_t wanted) {
    flush();
    chunk_ = std::min<uint32_t>(chunk_ * 4, 1024);
    columns_ |= wanted;
    const expected hint = std::exchange(expected_, {});
    mr_need need{sizeof(mr_need), std::max(chunk_, hint.records), columns_, 0, flags_, 0, 0, 0, 0};
    need.value_bytes =
        std::max<uint64_t>({r.value.size(), uint64_t{chunk_} * 64, hint.value_bytes});
    if (columns_ & MR_COL_KEY)
      need.key_bytes = std::max<uint64_t>({r.key.size(), uint64_t{chunk_} * 16, hint.key_bytes});
    if (columns_ & MR_COL_HEADERS) {
      need.headers = std::max<uint32_t>(static_cast<uint32_t>(r.headers.size()), chunk_ * 2);
      need.header_bytes = std::max<uint64_t>(header_bytes_of(r), uint64_t{chunk_} * 64);
    }
    lend(need);
    value_used_ = key_used_ = header_used_ = 0;
    headers_used_ = 0;
    key_size_ = need.key_bytes;
    header_size_ = need.header_bytes;
    headers_max_ = need.headers;
    if (room_.room_.header_first) room_.room_.header_first[0] = 0;
  }
  void lend(const mr_need& need) {
    room_ = {};
    room_.room_.struct_size = sizeof(mr_room);
    detail::check(out_->reserve(out_, &need, &room_.room_), "room");
    room_.size_ = need.value_bytes;
  }
  static mr_span put(uint8_t* arena, uint64_t& used, std::string_view bytes) {
    if (!bytes.data()) return {0, MR_NULL_LEN};
    const mr_span span{static_cast<uint32_t>(used), static_cast<uint32_t>(bytes.size())};
    if (!bytes.empty()) std::memcpy(arena + used, bytes.data(), bytes.size());
    used += bytes.size();
    return span;
  }
  void put_headers(mr_room& to, uint32_t i, std::span<const header> headers) {
    for (const header& h : headers) {
      mr_header& slot = to.headers[headers_used_++];
      slot.name = put(to.header_bytes, header_used_, h.name);
      slot.value = put(to.header_bytes, header_used_, h.value);
    }
    to.header_first[i + 1] = headers_used_;
  }
  template <class Slot>
  void partition_event(Slot slot, uint32_t partition) {
    flush();
    if (partitions_) detail::check((partitions_->*slot)(out_, partition), "a partition event");
  }

  mr_out* out_;
  const mr_partitions_v1* partitions_;
  value_room room_;
  bool raw_ = false;
  expected expected_;  ///< Of the next room.
  uint32_t columns_ = always, flags_ = 0, chunk_ = 4;
  uint64_t value_used_ = 0, key_used_ = 0, key_size_ = 0, header_used_ = 0, header_size_ = 0;
  uint32_t headers_used_ = 0, headers_max_ = 0;
  uint32_t records_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace sdk_v1
}  // namespace millrace
