#pragma once

/// The rows of a table (members, by key) in groups, for what is computed over a table (semantics
/// R30): a changed row leaves its group and joins its new one as one step. A group holds aggregate
/// states; it exists as long as it has members. Nothing but the members is stored: states are made
/// again from them. Pure. Threads: one.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "window/aggregate_layout.h"
#include "window/keyed_rows.h"

namespace millrace {

class TableGroups {
 public:
  struct Group;
  struct Member : KeyedRow {
    Group* group = nullptr;
    uint64_t sequence = 0;  ///< Of its last change.
    std::string row;        ///< What of it is needed; the owner's business.
  };
  struct Group {
    const std::string* key = nullptr;
    uint64_t hash = 0;
    std::byte* state = nullptr;  ///< Aligned to 16.
    size_t members = 0;
    std::map<uint64_t, Member*> by_change;  ///< Only if `ordered`.
    bool stale = false;  ///< A state could not take a row back: fold the members anew.
  };

  /// `ordered`: groups know their members in the order of their last changes.
  TableGroups(AggregateLayout layout, bool ordered);
  ~TableGroups();
  TableGroups(const TableGroups&) = delete;

  const AggregateLayout& layout() const { return layout_; }

  /// Null: there is none.
  Member* find_member(std::string_view key) { return members_.find(key); }
  Group* find_group(std::string_view key);
  /// Made when it is missing, with initialised states.
  Group& group(std::string_view key, uint64_t hash);
  /// Takes a member out of its group; both stay.
  void leave(Member& member);
  /// The member has no group; it is the one that changed last now.
  void join(Member& member, Group& group, std::string row);
  Member& make_member(std::string_view key);
  void erase(Member& member);
  /// A group without members.
  void erase(Group& group);
  /// Initialises the states of a group again.
  void reset_states(Group& group) const;
  /// Of no group: what a group without members shows.
  const std::byte* empty_state() const { return empty_.get(); }

  /// A member of the last commit.
  Member& restore(std::string_view key, uint32_t ordinal, std::string_view group, uint64_t sequence,
                  std::string_view row);

  KeyedRows<Member>& members() { return members_; }
  std::unordered_map<std::string, Group>& groups() { return groups_; }
  size_t bytes() const;

 private:
  static constexpr size_t kGroupBytes = 96, kOrderBytes = 64;  ///< Nodes of the maps, about.
  struct FreeState {
    void operator()(std::byte* state) const { ::operator delete (state, std::align_val_t{16}); }
  };
  std::byte* new_state() const;
  void enter(Member& member, Group& group);

  AggregateLayout layout_;
  bool ordered_;
  KeyedRows<Member> members_;
  std::unordered_map<std::string, Group> groups_;
  std::unique_ptr<std::byte, FreeState> empty_;
  uint64_t sequence_ = 0;
  size_t row_bytes_ = 0, group_key_bytes_ = 0;
};

}  // namespace millrace
