#include "window/table_groups.h"

#include <gtest/gtest.h>

#include "folding.h"

namespace millrace {
namespace {

using Group = TableGroups::Group;
using Member = TableGroups::Member;

Member& put(TableGroups& table, const std::string& key, const std::string& group,
            const std::string& row = "") {
  Member* member = table.find_member(key);
  if (member) table.leave(*member);
  Group& joined = table.group(group, hash_bytes(group));
  if (!member) member = &table.make_member(key);
  table.join(*member, joined, row);
  return *member;
}

std::string newest(const Group& group) {
  return group.by_change.empty() ? "" : *group.by_change.rbegin()->second->key;
}

TEST(TableGroups, R30_MembersLeaveAndJoinAndTheLastChangeIsTheNewest) {
  TableGroups table(AggregateLayout({}), true);
  put(table, "a", "x", "1");
  put(table, "b", "x", "2");
  EXPECT_EQ(newest(*table.find_group("x")), "b");
  put(table, "a", "x", "3");
  EXPECT_EQ(newest(*table.find_group("x")), "a");
  put(table, "a", "y", "4");
  EXPECT_EQ(table.find_group("x")->members, 1u);
  EXPECT_EQ(newest(*table.find_group("x")), "b");
  EXPECT_EQ(newest(*table.find_group("y")), "a");
  EXPECT_EQ(table.find_member("a")->row, "4");
}

TEST(TableGroups, AGroupWithoutMembersIsErasedWithItsStates) {
  TableGroups table(small_layout(), false);
  const size_t empty = table.bytes();
  Member& member = put(table, "a", "x", "row");
  Group& group = *member.group;
  EXPECT_EQ(reinterpret_cast<uintptr_t>(group.state) % 16, 0u);
  table.leave(member);
  EXPECT_EQ(group.members, 0u);
  table.erase(member);
  table.erase(group);
  EXPECT_EQ(table.find_group("x"), nullptr);
  EXPECT_EQ(table.find_member("a"), nullptr);
  EXPECT_EQ(table.bytes(), empty) << "the state is as large as the table";
}

TEST(TableGroups, R34_RestoredMembersKeepTheirOrder) {
  TableGroups table(AggregateLayout({}), true);
  table.restore("a", 0, "x", 7, "row a");
  table.restore("b", 1, "x", 3, "row b");
  EXPECT_EQ(newest(*table.find_group("x")), "a");
  EXPECT_EQ(put(table, "b", "x", "new").sequence, 8u) << "behind all that were there";
  EXPECT_EQ(newest(*table.find_group("x")), "b");
}

}  // namespace
}  // namespace millrace
