#pragma once

/// What goes into a component under test and what comes out, as plain values.

#include <memory>
#include <millrace/cpp/batch.hpp>
#include <optional>
#include <string>
#include <vector>

namespace millrace {
inline namespace sdk_v1 {
namespace test {

using bytes = std::optional<std::string>;  ///< nullopt = null, a tombstone.

struct row {
  bytes value{};
  bytes key{};
  int64_t time_us = MR_TIME_NONE;
  uint32_t partition = 0;
  uint64_t position = 0;
  std::vector<std::pair<std::string, bytes>> headers{};
  uint32_t flags = 0;  ///< MR_BATCH_* of its batch.
  uint64_t dedupe_hash = 0;

  bool operator==(const row&) const = default;
};

struct refused {
  uint32_t index = UINT32_MAX;  ///< Of the input record; UINT32_MAX for raw bytes.
  std::string bytes{};
  uint32_t partition = 0;
  uint64_t position = 0;
  mr_rc rc = 0;
  std::string why{};
  std::size_t after_rows = 0;  ///< How many rows came before it.
};

struct lost {
  uint32_t partition = 0;
  uint64_t from_position = 0, to_position = 0;
  bool estimated = false;
  std::string reason{};
};

struct partition_event {
  enum { assigned, at_end, revoking, watermark } what;
  uint32_t partition = 0;
  int64_t w_us = MR_TIME_NONE;
  std::size_t after_rows = 0;
};

/// A batch made of rows, for process and write. Keeps the promises of mr_batch: alignment and
/// padding. Counts its references; it frees itself.
class made_batch {
 public:
  /// The caller gets the first reference.
  static mr_batch* make(const std::vector<row>& rows) { return &(new made_batch(rows))->abi_; }
  static int alive() { return count(); }

 private:
  static int& count() {
    static int n = 0;
    return n;
  }
  explicit made_batch(const std::vector<row>& rows) {
    ++count();
    for (const row& r : rows) {
      values_.push_back(put(value_, r.value));
      keys_.push_back(put(key_, r.key));
      times_.push_back(r.time_us);
      partitions_.push_back(r.partition);
      positions_.push_back(r.position);
      first_.push_back(static_cast<uint32_t>(headers_.size()));
      for (const auto& [name, value] : r.headers) {
        const mr_span name_span = put(header_, name);
        headers_.push_back({name_span, put(header_, value)});
      }
    }
    first_.push_back(static_cast<uint32_t>(headers_.size()));
    abi_.struct_size = sizeof abi_;
    abi_.count = static_cast<uint32_t>(rows.size());
    abi_.flags = rows.empty() ? 0 : rows[0].flags;
    abi_.value = {arena(value_), value_.size(), values_.data()};
    abi_.key = {arena(key_), key_.size(), keys_.data()};
    abi_.header_bytes = {arena(header_), header_.size(), nullptr};
    abi_.header_first = first_.data();
    abi_.headers = headers_.data();
    abi_.time_us = times_.data();
    abi_.partition = partitions_.data();
    abi_.position = positions_.data();
    abi_.owner = this;
    abi_.retain = [](const mr_batch* b) noexcept { ++of(b).references_; };
    abi_.release = [](const mr_batch* b) noexcept {
      if (--of(b).references_ == 0) delete &of(b);
    };
  }
  ~made_batch() { --count(); }
  static made_batch& of(const mr_batch* b) { return *static_cast<made_batch*>(b->owner); }
  static mr_span put(std::string& arena, const bytes& text) {
    if (!text) return {0, MR_NULL_LEN};
    const mr_span span{static_cast<uint32_t>(arena.size()), static_cast<uint32_t>(text->size())};
    arena += *text;
    return span;
  }
  const uint8_t* arena(const std::string& text) {
    const std::size_t size = (text.size() + 64 + 63) / 64 * 64;
    auto* memory = static_cast<uint8_t*>(::operator new(size, std::align_val_t(64)));
    std::memcpy(memory, text.data(), text.size());
    arenas_.emplace_back(memory);
    return memory;
  }
  struct free_arena {
    void operator()(uint8_t* memory) const { ::operator delete(memory, std::align_val_t(64)); }
  };

  mr_batch abi_{};
  int references_ = 1;
  std::string value_, key_, header_;
  std::vector<std::unique_ptr<uint8_t, free_arena>> arenas_;
  std::vector<mr_span> values_, keys_;
  std::vector<int64_t> times_;
  std::vector<uint32_t> partitions_, first_;
  std::vector<uint64_t> positions_;
  std::vector<mr_header> headers_;
};

/// Copies one record of a batch.
inline row row_of(batch_view batch, uint32_t i) {
  auto copy = [](std::string_view text) {
    return text.data() ? bytes(std::string(text)) : bytes();
  };
  row r{.value = copy(batch.value(i)),
        .key = copy(batch.key(i)),
        .time_us = batch.time_us(i),
        .partition = batch.partition(i),
        .position = batch.position(i),
        .flags = batch.abi().flags};
  for (uint32_t h = 0; h < batch.header_count(i); ++h) {
    const header head = batch.header_at(i, h);
    r.headers.emplace_back(std::string(head.name), copy(head.value));
  }
  return r;
}

}  // namespace test
}  // namespace sdk_v1
}  // namespace millrace
