#pragma once

/// Reading batches. A batch_view is lent until the call returns; batch_ref keeps it longer.
/// A string_view whose data() is null means null (a tombstone), which is not the same as empty.

#include <millrace/cpp/errors.hpp>
#include <span>
#include <utility>

namespace millrace {
inline namespace sdk_v1 {

struct header {
  std::string_view name, value;
};

/// "This record came from no particular one."
inline constexpr uint32_t no_origin = MR_NO_ORIGIN;

/// One record, for writing (emitter::append) and for record_processor. Unset fields cost nothing.
struct record {
  std::string_view value{};
  std::string_view key{};
  int64_t time_us = MR_TIME_NONE;
  uint32_t partition = 0;
  uint64_t position = 0;
  std::span<const header> headers{};
  uint32_t origin = no_origin;  ///< Processors: index of the input record.
  uint64_t dedupe_hash = 0;     ///< Sources: 0 = do not ask the host's duplicate filter.
  int64_t dedupe_time_us = MR_TIME_NONE;
  uint32_t dedupe_group = 0;
};

class batch_view {
 public:
  explicit batch_view(const mr_batch& batch) : batch_(&batch) {}

  uint32_t size() const { return batch_->count; }
  std::string_view value(uint32_t i) const { return text(batch_->value, i); }
  std::string_view key(uint32_t i) const { return text(batch_->key, i); }
  int64_t time_us(uint32_t i) const { return batch_->time_us ? batch_->time_us[i] : MR_TIME_NONE; }
  uint32_t partition(uint32_t i) const { return batch_->partition ? batch_->partition[i] : 0; }
  uint64_t position(uint32_t i) const { return batch_->position ? batch_->position[i] : 0; }

  uint32_t header_count(uint32_t i) const {
    return batch_->header_first ? batch_->header_first[i + 1] - batch_->header_first[i] : 0;
  }
  /// `n` < header_count(i).
  header header_at(uint32_t i, uint32_t n) const {
    const mr_header& h = batch_->headers[batch_->header_first[i] + n];
    return {text(batch_->header_bytes, h.name), text(batch_->header_bytes, h.value)};
  }

  /// Values are JSON objects of text cells, see MR_BATCH_TEXT_CELLS.
  bool text_cells() const { return batch_->flags & MR_BATCH_TEXT_CELLS; }
  /// Sinks: the outbox tag. epoch() 0 = none.
  std::string_view pipeline() const { return detail::from_abi(batch_->pipeline); }
  uint64_t epoch() const { return batch_->epoch; }
  uint64_t first_row() const { return batch_->first_row; }

  const mr_batch& abi() const { return *batch_; }

 private:
  static std::string_view text(const mr_bytes_col& column, mr_span span) {
    if (span.len == MR_NULL_LEN) return {};
    return {reinterpret_cast<const char*>(column.base) + span.off, span.len};
  }
  static std::string_view text(const mr_bytes_col& column, uint32_t i) {
    return column.spans ? text(column, column.spans[i]) : std::string_view{};
  }
  const mr_batch* batch_;
};

/// Keeps a batch beyond the call that lent it. Threads: any.
class batch_ref {
 public:
  batch_ref() = default;
  explicit batch_ref(batch_view view) : batch_(&view.abi()) { batch_->retain(batch_); }
  batch_ref(const batch_ref& other) : batch_(other.batch_) {
    if (batch_) batch_->retain(batch_);
  }
  batch_ref(batch_ref&& other) noexcept : batch_(std::exchange(other.batch_, nullptr)) {}
  batch_ref& operator=(batch_ref other) noexcept {
    std::swap(batch_, other.batch_);
    return *this;
  }
  ~batch_ref() {
    if (batch_) batch_->release(batch_);
  }
  explicit operator bool() const { return batch_ != nullptr; }
  batch_view view() const { return batch_view(*batch_); }

 private:
  const mr_batch* batch_ = nullptr;
};

}  // namespace sdk_v1
}  // namespace millrace
