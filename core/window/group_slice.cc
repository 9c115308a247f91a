#include "window/group_slice.h"

namespace millrace {

GroupSlice::GroupSlice(const AggregateLayout& layout, Span span) : layout_(layout), span_(span) {}

GroupSlice::~GroupSlice() {
  for (auto& map : shards_) {
    for (size_t i = 0; map && i < map->size(); ++i) layout_.destroy((*map)[i].state);
  }
}

GroupMap& GroupSlice::shard(uint8_t number) {
  auto& map = shards_[number];
  if (!map) map = std::make_unique<GroupMap>(layout_.slot_bytes());
  return *map;
}

size_t GroupSlice::groups() const {
  size_t total = 0;
  for (const auto& map : shards_) total += map ? map->size() : 0;
  return total;
}

std::vector<GroupView> GroupSlice::all_groups() const {
  std::vector<GroupView> out;
  out.reserve(groups());
  for (const auto& map : shards_) {
    for (size_t i = 0; map && i < map->size(); ++i)
      out.push_back({(*map)[i].key, (*map)[i].state, (*map)[i].hash});
  }
  return out;
}

size_t GroupSlice::bytes() const {
  size_t total = sizeof *this;
  for (const auto& map : shards_) total += map ? sizeof *map + map->bytes() : 0;
  return total;
}

}  // namespace millrace
