#include "window/merged_groups.h"

namespace millrace {

MergedGroups::~MergedGroups() {
  for (size_t i = 0; i < groups_.size(); ++i) layout_.destroy(groups_[i].state);
}

std::byte* MergedGroups::state(uint64_t hash, std::string_view key) {
  bool made = false;
  GroupMap::Group& group = groups_.find_or_add(hash, key, made);
  if (made) layout_.init(group.state);
  return group.state;
}

void MergedGroups::merge(const GroupSlice& later) {
  for (unsigned shard = 0; shard < kGroupShards; ++shard) {
    const GroupMap* map = later.find_shard(static_cast<uint8_t>(shard));
    if (map) merge(*map);
  }
}

void MergedGroups::merge(const GroupMap& later) {
  for (size_t i = 0; i < later.size(); ++i) {
    const GroupMap::Group& group = later[i];
    layout_.merge(state(group.hash, group.key), group.state);
  }
}

std::vector<GroupView> MergedGroups::all_groups() const {
  std::vector<GroupView> out;
  out.reserve(groups_.size());
  for (size_t i = 0; i < groups_.size(); ++i)
    out.push_back({groups_[i].key, groups_[i].state, groups_[i].hash});
  return out;
}

}  // namespace millrace
