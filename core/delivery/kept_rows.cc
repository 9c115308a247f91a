#include "delivery/kept_rows.h"

#include <cstring>
#include <utility>

namespace millrace {
namespace {

/// A batch of fewer bytes is mostly empty blocks.
constexpr uint64_t kSmallBytes = 32 << 10;
constexpr size_t kTogether = 64;

mr_need need_for(const std::vector<BatchRef>& batches) {
  mr_need need{};
  need.struct_size = sizeof need;
  for (const BatchRef& batch : batches) {
    need.records += batch.size();
    if (batch.abi().key.spans) need.columns |= MR_COL_KEY;
    if (batch.abi().time_us) need.columns |= MR_COL_TIME;
    for (uint32_t i = 0; i < batch.size(); ++i) {
      need.value_bytes += batch.value(i).size();
      need.key_bytes += batch.key(i).size();
    }
  }
  return need;
}

mr_span copy_to(uint8_t* arena, uint32_t& used, std::string_view text) {
  if (text.data() == nullptr) return {0, MR_NULL_LEN};
  std::memcpy(arena + used, text.data(), text.size());
  const mr_span span{used, static_cast<uint32_t>(text.size())};
  used += span.len;
  return span;
}

void copy_rows(const std::vector<BatchRef>& batches, const mr_room& room) {
  uint32_t row = 0, key_used = 0, value_used = 0;
  for (const BatchRef& batch : batches) {
    for (uint32_t i = 0; i < batch.size(); ++i, ++row) {
      room.value_spans[row] = copy_to(room.value, value_used, batch.value(i));
      if (room.key) room.key_spans[row] = copy_to(room.key, key_used, batch.key(i));
      if (room.time_us) room.time_us[row] = batch.time_us(i);
    }
  }
}

}  // namespace

Result<void> KeptRows::add(BatchRef rows, uint64_t bytes) {
  if (bytes >= kSmallBytes || rows.abi().header_first) {
    MILLRACE_TRY(put_together());
    batches_.push_back(std::move(rows));
    return {};
  }
  small_.push_back(std::move(rows));
  return small_.size() < kTogether ? Result<void>() : put_together();
}

Result<void> KeptRows::put_together() {
  if (small_.size() < 2) {
    for (BatchRef& one : small_) batches_.push_back(std::move(one));
    small_.clear();
    return {};
  }
  const mr_need need = need_for(small_);
  mr_room room{};
  room.struct_size = sizeof room;
  BatchBuilder builder;
  if (builder.reserve(need, room) != MR_OK)
    return Error{Code::kFailed, "out of memory for rows that wait for a commit"};
  copy_rows(small_, room);
  builder.commit(need.records);
  for (SourceBatch& one : builder.take().batches) batches_.push_back(std::move(one.batch));
  small_.clear();
  return {};
}

Result<std::vector<BatchRef>> KeptRows::take() {
  MILLRACE_TRY(put_together());
  return std::exchange(batches_, {});
}

}  // namespace millrace
