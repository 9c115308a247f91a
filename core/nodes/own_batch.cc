#include "nodes/own_batch.h"

#include <cstring>

namespace millrace {

BatchRef batch_of(BatchBuilder& builder, const std::vector<std::string_view>& records) {
  mr_need need{};
  need.struct_size = sizeof need;
  need.records = static_cast<uint32_t>(records.size());
  for (std::string_view record : records) need.value_bytes += record.size();
  mr_room room{};
  room.struct_size = sizeof room;
  if (builder.reserve(need, room) != MR_OK) return {};
  uint32_t used = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    const auto size = static_cast<uint32_t>(records[i].size());
    if (size) std::memcpy(room.value + used, records[i].data(), size);
    room.value_spans[i] = {used, size};
    used += size;
  }
  if (builder.commit(need.records) != MR_OK) return {};
  auto taken = builder.take();
  return taken.batches.empty() ? BatchRef() : std::move(taken.batches.front().batch);
}

}  // namespace millrace
