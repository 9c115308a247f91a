#include "window/table_groups.h"

#include <algorithm>
#include <new>

namespace millrace {

TableGroups::TableGroups(AggregateLayout layout, bool ordered)
    : layout_(std::move(layout)), ordered_(ordered), empty_(new_state()) {}

TableGroups::~TableGroups() {
  layout_.destroy(empty_.get());
  for (auto& [key, group] : groups_) {
    layout_.destroy(group.state);
    FreeState{}(group.state);
  }
}

std::byte* TableGroups::new_state() const {
  const size_t bytes = std::max<size_t>(layout_.slot_bytes(), 1);
  auto* state = static_cast<std::byte*>(::operator new (bytes, std::align_val_t{16}));
  layout_.init(state);
  return state;
}

TableGroups::Group* TableGroups::find_group(std::string_view key) {
  const auto found = groups_.find(std::string(key));
  return found == groups_.end() ? nullptr : &found->second;
}

TableGroups::Group& TableGroups::group(std::string_view key, uint64_t hash) {
  const auto [place, fresh] = groups_.try_emplace(std::string(key));
  Group& group = place->second;
  if (!fresh) return group;
  group.key = &place->first;
  group.hash = hash;
  group.state = new_state();
  group_key_bytes_ += key.size();
  return group;
}

void TableGroups::enter(Member& member, Group& group) {
  member.group = &group;
  ++group.members;
  if (ordered_) group.by_change.emplace(member.sequence, &member);
}

void TableGroups::leave(Member& member) {
  Group& group = *member.group;
  --group.members;
  if (ordered_) group.by_change.erase(member.sequence);
  member.group = nullptr;
}

void TableGroups::join(Member& member, Group& group, std::string row) {
  row_bytes_ += row.size() - member.row.size();
  member.row = std::move(row);
  member.sequence = sequence_++;
  enter(member, group);
  members_.touch(member);
}

TableGroups::Member& TableGroups::make_member(std::string_view key) {
  bool made = false;
  return members_.find_or_add(key, made);
}

void TableGroups::erase(Member& member) {
  row_bytes_ -= member.row.size();
  members_.erase(member);
}

void TableGroups::erase(Group& group) {
  layout_.destroy(group.state);
  FreeState{}(group.state);
  group_key_bytes_ -= group.key->size();
  groups_.erase(groups_.find(*group.key));
}

void TableGroups::reset_states(Group& group) const {
  layout_.destroy(group.state);
  layout_.init(group.state);
}

TableGroups::Member& TableGroups::restore(std::string_view key, uint32_t ordinal,
                                          std::string_view group, uint64_t sequence,
                                          std::string_view row) {
  Member& member = members_.restore(key, ordinal);
  member.sequence = sequence;
  member.row = row;
  row_bytes_ += row.size();
  sequence_ = std::max(sequence_, sequence + 1);
  enter(member, this->group(group, hash_bytes(group)));
  return member;
}

size_t TableGroups::bytes() const {
  const size_t states = groups_.size() * (layout_.slot_bytes() + sizeof(Group) + kGroupBytes);
  const size_t order = ordered_ ? members_.size() * kOrderBytes : 0;
  return members_.bytes() + row_bytes_ + group_key_bytes_ + states + order;
}

}  // namespace millrace
