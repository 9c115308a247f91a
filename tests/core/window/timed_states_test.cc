#include "window/timed_states.h"

#include <map>
#include <random>

#include "folding.h"

namespace millrace {
namespace {

struct Entry : TimedEntry {};
using States = TimedStates<Entry>;

TEST(TimedStates, EntriesOfAGroupAreLinkedByTime) {
  States states(small_layout());
  Entry& third = states.add(1, "k", nullptr, 30, 30);
  Entry& first = states.add(1, "k", &third, 10, 10);
  Entry& second = states.add(1, "k", &third, 20, 20);
  EXPECT_EQ(states.newest(1, "k"), &third);
  EXPECT_EQ(States::older(third), &second);
  EXPECT_EQ(States::older(second), &first);
  EXPECT_EQ(States::newer(first), &second);
  states.remove(third);
  EXPECT_EQ(states.newest(1, "k"), &second);
  states.remove(first);
  states.remove(second);
  EXPECT_EQ(states.newest(1, "k"), nullptr);
  EXPECT_EQ(states.entries(), 0u);
}

TEST(TimedStates, KeysThatNeedMemoryOfTheirOwnAreCounted) {
  const auto bytes_with = [](const std::string& key) {
    States states(small_layout());
    states.add(1, key, nullptr, 1, 1);
    return states.bytes();
  };
  const std::string lengthy(100, 'k');
  EXPECT_EQ(bytes_with("k"), bytes_with(""));
  EXPECT_EQ(bytes_with(lengthy), bytes_with("k") + lengthy.size() + 1);
}

TEST(TimedStates, EqualHashesOfOtherKeysAreOtherGroups) {
  States states(small_layout());
  Entry& a = states.add(5, "a", nullptr, 1, 1);
  Entry& b = states.add(5, "b", nullptr, 1, 1);
  EXPECT_EQ(states.newest(5, "a"), &a);
  states.remove(a);
  EXPECT_EQ(states.newest(5, "a"), nullptr);
  EXPECT_EQ(states.newest(5, "b"), &b);
}

TEST(TimedStates, R21_WaitingEntriesComeByTimeAndThoseThatWentDoNotCome) {
  States states(small_layout());
  Entry& late = states.add(1, "a", nullptr, 1, 1);
  Entry& gone = states.add(2, "b", nullptr, 1, 1);
  Entry& early = states.add(3, "c", nullptr, 1, 1);
  states.wait(late, 30);
  states.wait(gone, 10);
  states.wait(early, 20);
  states.remove(gone);
  EventTime until = 0;
  EXPECT_TRUE(states.next_wait(until));
  EXPECT_EQ(until, 10);  // It may count still.
  EXPECT_EQ(states.take_waiting(9), nullptr);
  EXPECT_EQ(states.take_waiting(29), &early);
  EXPECT_EQ(states.take_waiting(29), nullptr);
  EXPECT_EQ(states.take_waiting(30), &late);
  EXPECT_FALSE(states.next_wait(until));
}

/// The table against std::map over random keys that collide in their low bits, with deletions.
TEST(TimedStates, FindsWhatIsThereAfterAnyDeletions) {
  std::mt19937 random(3);
  States states(small_layout());
  std::map<std::string, Entry*> known;
  for (int step = 0; step < 20'000; ++step) {
    const unsigned number = random() % 300;
    const std::string key = "k" + std::to_string(number);
    const uint64_t hash = number % 23;
    const auto found = known.find(key);
    ASSERT_EQ(states.newest(hash, key), found == known.end() ? nullptr : found->second)
        << "step " << step;
    if (found == known.end()) {
      known.emplace(key, &states.add(hash, key, nullptr, step, step));
    } else if (random() % 2 == 0) {
      states.remove(*found->second);
      known.erase(found);
    }
  }
}

}  // namespace
}  // namespace millrace
