#include "window/group_map.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "base/hash.h"

namespace millrace {
namespace {

GroupMap::Group& group(GroupMap& map, const std::string& key, bool expect_made) {
  bool made = !expect_made;
  GroupMap::Group& found = map.find_or_add(hash_bytes(key), key, made);
  EXPECT_EQ(made, expect_made) << key;
  return found;
}

TEST(GroupMap, FindsWhatItMade) {
  GroupMap map(8);
  group(map, "a", true);
  group(map, "b", true);
  group(map, "a", false);
  EXPECT_EQ(map.size(), 2u);
  EXPECT_EQ(map[0].key, "a");
  EXPECT_EQ(map[1].key, "b");
}

TEST(GroupMap, KeysAreBytes) {
  GroupMap map(8);
  group(map, "", true);
  group(map, std::string(1, '\0'), true);
  group(map, std::string(2, '\0'), true);
  group(map, std::string(100'000, 'x'), true);
  group(map, std::string(1, '\0'), false);
  group(map, "", false);
}

TEST(GroupMap, EqualHashesAreNotEqualKeys) {
  GroupMap map(8);
  bool made = false;
  for (int i = 0; i < 100; ++i) {
    map.find_or_add(7, "key" + std::to_string(i), made);
    EXPECT_TRUE(made);
  }
  for (int i = 0; i < 100; ++i) {
    const GroupMap::Group& found = map.find_or_add(7, "key" + std::to_string(i), made);
    EXPECT_FALSE(made);
    EXPECT_EQ(found.key, "key" + std::to_string(i));
  }
}

TEST(GroupMap, CopiesItsKeys) {
  GroupMap map(8);
  std::string key = "first";
  bool made = false;
  map.find_or_add(hash_bytes(key), key, made);
  key = "other";
  EXPECT_EQ(map[0].key, "first");
}

TEST(GroupMap, SlotsNeverMoveAndOrdinalsAreStable) {
  constexpr size_t kGroups = 100'000;
  GroupMap map(24);
  std::vector<std::byte*> slots;
  for (size_t i = 0; i < kGroups; ++i) {
    GroupMap::Group& made = group(map, "key" + std::to_string(i), true);
    std::memcpy(made.state, &i, sizeof i);
    slots.push_back(made.state);
  }
  for (size_t i = 0; i < kGroups; ++i) {
    ASSERT_EQ(map[i].state, slots[i]);
    ASSERT_EQ(reinterpret_cast<uintptr_t>(slots[i]) % 16, 0u);
    size_t stored = 0;
    std::memcpy(&stored, slots[i], sizeof stored);
    ASSERT_EQ(stored, i);
    ASSERT_EQ(map[i].key, "key" + std::to_string(i));
  }
  for (size_t i = 0; i < kGroups; i += 97) {
    ASSERT_EQ(&group(map, "key" + std::to_string(i), false) - &map[0], static_cast<long>(i));
  }
  EXPECT_GT(map.bytes(), kGroups * 24);
}

TEST(GroupMap, ListsEachDirtyGroupOnce) {
  GroupMap map(8);
  for (const char* key : {"a", "b", "c"}) group(map, key, true);
  EXPECT_TRUE(map.dirty().empty());
  map.mark_dirty(map[2]);
  map.mark_dirty(map[0]);
  map.mark_dirty(map[2]);
  EXPECT_EQ(map.dirty(), (std::vector<uint32_t>{2, 0}));
  map.clear_dirty();
  EXPECT_TRUE(map.dirty().empty());
  map.mark_dirty(map[2]);
  EXPECT_EQ(map.dirty(), (std::vector<uint32_t>{2}));
}

TEST(GroupMap, RestoredGroupsAreFoundAndClean) {
  GroupMap map(8);
  for (int i = 0; i < 1000; ++i) {
    const std::string key = std::to_string(i);
    GroupMap::Group& added = map.add(hash_bytes(key), key);
    EXPECT_FALSE(added.dirty);
    EXPECT_FALSE(added.key_stored);
  }
  for (int i = 0; i < 1000; ++i) group(map, std::to_string(i), false);
  group(map, "1000", true);
}

TEST(GroupMap, AStateOfNoBytesHasAPlaceOfItsOwn) {
  GroupMap map(0);
  const std::byte* first = group(map, "a", true).state;
  EXPECT_NE(first, group(map, "b", true).state);
}

}  // namespace
}  // namespace millrace
