#pragma once

/// A batch is how records travel: spans over byte arenas, in exactly the layout that crosses
/// the plugin border (`mr_batch`), so nothing is copied there. Sealed batches are immutable
/// and shared by reference count; a filter shares the arenas and brings new spans.
/// Threads: a sealed batch may be read and released from any thread.

#include <millrace/abi.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace {

/// Shared handle of a sealed batch. Default-constructed: no batch. Costs one pointer.
class BatchRef {
 public:
  BatchRef() = default;
  /// Takes a further reference through `batch->retain`.
  static BatchRef share(const mr_batch* batch);
  /// Takes over the one reference that the caller holds.
  static BatchRef adopt(const mr_batch* batch);
  BatchRef(const BatchRef&);
  BatchRef(BatchRef&& other) noexcept : batch_(other.batch_) { other.batch_ = nullptr; }
  BatchRef& operator=(BatchRef other) noexcept {
    std::swap(batch_, other.batch_);
    return *this;
  }
  ~BatchRef();

  explicit operator bool() const { return batch_ != nullptr; }
  const mr_batch& abi() const { return *batch_; }
  uint32_t size() const { return batch_->count; }
  /// The bytes of the value; data() == nullptr means null (a tombstone).
  std::string_view value(uint32_t i) const { return view(batch_->value, i); }
  std::string_view key(uint32_t i) const { return view(batch_->key, i); }
  int64_t time_us(uint32_t i) const { return batch_->time_us ? batch_->time_us[i] : MR_TIME_NONE; }
  uint32_t partition(uint32_t i) const { return batch_->partition ? batch_->partition[i] : 0; }
  uint64_t position(uint32_t i) const { return batch_->position ? batch_->position[i] : 0; }
  std::span<const mr_header> headers(uint32_t i) const;
  std::string_view header_text(mr_span span) const;
  /// Records first … first + count - 1 as a batch of their own; nothing is copied.
  BatchRef slice(uint32_t first, uint32_t count) const;
  /// The same records with an outbox tag (E33b). `pipeline` is lent: it outlives the batch.
  BatchRef tagged(std::string_view pipeline, uint64_t epoch, uint64_t first_row) const;

 private:
  static std::string_view view(const mr_bytes_col& column, uint32_t i) {
    if (!column.spans || column.spans[i].len == MR_NULL_LEN) return {};
    return {reinterpret_cast<const char*>(column.base) + column.spans[i].off, column.spans[i].len};
  }
  const mr_batch* batch_ = nullptr;
};

/// Duplicate-filter columns that a source may fill beside its records (sources.md P4).
/// They stay inside the host: `mr_batch` has no such columns.
struct DedupeColumns {
  std::vector<uint64_t> hash;  ///< 0 = do not ask.
  std::vector<int64_t> time_us;
  std::vector<uint32_t> group;
};

/// One batch with what only sources add to it.
struct SourceBatch {
  BatchRef batch;
  std::unique_ptr<DedupeColumns> dedupe;  ///< Null when the source never asked.
};

/// A record that never became one (source), or was refused (processor, sink).
struct Reject {
  uint32_t partition = 0;
  uint64_t position = 0;
  int64_t time_us = MR_TIME_NONE;
  int64_t after_record = 0;  ///< How many records of the same poll came before it: keeps the order.
  uint32_t index = UINT32_MAX;  ///< Index in the input batch; UINT32_MAX for raw bytes.
  std::string bytes{};
  mr_rc rc = 0;
  std::string reason{};
};

/// A known loss (sources.md P3).
struct Gap {
  uint32_t partition = 0;
  int64_t from_us = MR_TIME_NONE, to_us = MR_TIME_NONE;
  uint64_t from_position = 0, to_position = 0;
  bool estimated = false;
  std::string reason{};
};

/// Collects what one call of a source or processor puts out and seals it into batches.
/// Memory: key, value and header arenas come from a pool, are 64-byte aligned, have 64 readable
/// bytes behind the end, and are never zero-filled.
/// Threads: one at a time.
class BatchBuilder {
 public:
  BatchBuilder();
  ~BatchBuilder();
  BatchBuilder(BatchBuilder&&) noexcept;

  /// Room for `need`; what was not committed of the last room is taken back first. Columns that
  /// the caller did not ask for (`need.columns`) are NULL except value_spans. Small rooms share one
  /// batch. Refused (MR_E_CONTRACT) beyond 4 GiB; MR_E_NO_MEMORY.
  mr_rc reserve(const mr_need& need, mr_room& room);
  /// Room for new values only; key, headers, time, partition and position are those of `in`.
  mr_rc reserve_value(const mr_batch& in, uint64_t value_bytes, mr_room& room);
  /// The first `count` records of the room are filled. Spans out of the room, decreasing
  /// header_first and similar garbage: MR_E_CONTRACT, nothing is taken.
  mr_rc commit(uint32_t count);
  mr_rc pass(const mr_batch& in);
  mr_rc select(const mr_batch& in, std::span<const uint32_t> indices);
  /// Takes over a plugin's own batch. Its spans are checked; garbage is refused and released.
  mr_rc donate(mr_batch* batch);
  /// Added to every `origin` and rejected index: for calls that see the rest of a larger batch.
  void origin_base(uint32_t base);

  void reject(Reject reject);
  void gap(Gap gap);

  /// Records since the last take(), and the bytes of those written into rooms: what is passed on,
  /// selected or donated adds none, so that it costs nothing per record.
  uint32_t records() const;
  uint64_t bytes() const;
  /// What the last refused call did wrong, as a sentence; for errors that name the plugin.
  const char* fault() const;

  /// Seals and hands over everything in the order of the calls.
  struct Taken {
    std::vector<SourceBatch> batches;
    std::vector<Reject> rejects;
    std::vector<Gap> gaps;
  };
  Taken take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace
