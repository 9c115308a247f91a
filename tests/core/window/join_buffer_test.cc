// One side of a stream–stream join: R32.
#include "window/join_buffer.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

constexpr std::string_view kA = "a", kB = "b";
constexpr int64_t kTick = 1;  // Slices as narrow as that.

std::string found(const JoinBuffer& buffer, std::string_view key, EventTime from, EventTime to,
                  EventTime w) {
  std::vector<JoinBuffer::Row*> rows;
  buffer.find(key, from, to, w, rows);
  std::string text;
  for (const auto* row : rows) text += row->bytes;
  return text;
}

TEST(JoinBuffer, R32_BothEndsOfTheRangeAreInclusive) {
  JoinBuffer buffer(100, false, kTick);
  for (EventTime t : {9, 10, 15, 20, 21}) buffer.add(&kA, t, std::to_string(t) + " ", false);
  EXPECT_EQ(found(buffer, kA, 10, 20, kTimeNone), "10 15 20 ");
  EXPECT_EQ(found(buffer, kB, 10, 20, kTimeNone), "");
}

TEST(JoinBuffer, R50_PartnersComeByTimeThenPosition) {
  JoinBuffer buffer(100, false, kTick);
  buffer.add(&kA, 20, "late ", false);
  buffer.add(&kA, 10, "early ", false);
  buffer.add(&kA, 20, "later ", false);
  EXPECT_EQ(found(buffer, kA, 0, 99, kTimeNone), "early late later ");
}

TEST(JoinBuffer, R32_ARecordLivesUntilWReachesTPlusLife) {
  JoinBuffer buffer(6, true, kTick);  // after = 5, L = 0: W >= t + after + 1 + L.
  buffer.add(&kA, 10, "x", false);
  EXPECT_TRUE(buffer.alive(10, 15));
  EXPECT_FALSE(buffer.alive(10, 16));
  EXPECT_EQ(found(buffer, kA, 0, 99, 15), "x");
  EXPECT_EQ(found(buffer, kA, 0, 99, 16), "") << "although its slice may still be there";
  EXPECT_EQ(buffer.take_ended(15), nullptr) << "never earlier";
  ASSERT_NE(buffer.take_ended(16), nullptr);
  EXPECT_EQ(buffer.take_ended(kTimeMax), nullptr) << "once";
}

TEST(JoinBuffer, R32_MatchedRowsHaveNoEnd) {
  JoinBuffer buffer(6, true, kTick);
  JoinBuffer::Row& row = buffer.add(&kA, 10, "x", false);
  buffer.add(&kA, 11, "y", true);
  buffer.mark_matched(row);
  EXPECT_EQ(buffer.take_ended(kTimeMax), nullptr);
}

TEST(JoinBuffer, NullKeysEndButAreNeverFound) {
  JoinBuffer buffer(6, true, kTick);
  buffer.add(nullptr, 10, "x", false);
  EXPECT_EQ(found(buffer, "", 0, 99, kTimeNone), "");
  EXPECT_NE(buffer.take_ended(16), nullptr);
}

TEST(JoinBuffer, WhatEndedLeavesTheMemory) {
  JoinBuffer buffer(16, false, kTick);
  for (int t = 0; t < 1000; ++t) {
    const std::string key = std::to_string(t % 7);
    const std::string_view view = key;
    buffer.add(&view, t, "row", false);
    buffer.drop_ended(t);
  }
  EXPECT_LE(buffer.rows(), 20u);
  const size_t bytes = buffer.bytes();
  buffer.drop_ended(kTimeMax);
  EXPECT_EQ(buffer.rows(), 0u);
  EXPECT_EQ(buffer.bytes(), 0u);
  EXPECT_GT(bytes, 0u);
}

TEST(JoinBuffer, R32_WhatIsOverIsNotFoundHoweverWideItsSlice) {
  JoinBuffer buffer(1, false);
  buffer.add(&kA, 10, "x", false);
  EXPECT_EQ(buffer.slices().widest(), JoinBuffer::kNarrowestSliceUs);
  EXPECT_TRUE(buffer.drop_ended(11).empty());
  EXPECT_EQ(found(buffer, kA, 10, 10, 10), "x");
  EXPECT_EQ(found(buffer, kA, 10, 10, 11), "");
  EXPECT_EQ(buffer.drop_ended(JoinBuffer::kNarrowestSliceUs).size(), 1u);
}

TEST(JoinBuffer, R50_ManyRowsOfAKeyInAnyOrderOfTheLog) {
  JoinBuffer buffer(100, false, kTick);
  for (EventTime t : {50, 30, 40, 30, 60, 10}) buffer.add(&kA, t, std::to_string(t) + " ", false);
  EXPECT_EQ(found(buffer, kA, 0, 99, kTimeNone), "10 30 30 40 50 60 ");
  buffer.drop_ended(131);
  EXPECT_EQ(found(buffer, kA, 0, 99, kTimeNone), "40 50 60 ");
  buffer.add(&kA, 45, "45 ", false);
  EXPECT_EQ(found(buffer, kA, 41, 50, kTimeNone), "45 50 ");
  buffer.drop_ended(kTimeMax);
  EXPECT_EQ(found(buffer, kA, 0, 99, kTimeNone), "");
}

TEST(JoinBuffer, RowsOfDroppedSlicesStayReadableWhileTheyAreHeld) {
  JoinBuffer buffer(8, true, kTick);
  for (EventTime t = 0; t < 50; ++t)
    buffer.add(&kA, t, "bytes longer than a small string " + std::to_string(t), false);
  std::vector<const std::string*> held;
  while (const auto* row = buffer.take_ended(40)) held.push_back(&row->bytes);
  const auto gone = buffer.drop_ended(40);
  ASSERT_EQ(held.size(), 33u);
  for (size_t i = 0; i < held.size(); ++i) {
    EXPECT_EQ(*held[i], "bytes longer than a small string " + std::to_string(i));
  }
}

TEST(JoinBuffer, R35_RestoredRowsThatHadEndedDoNotEndAgain) {
  JoinBuffer buffer(6, true, kTick);
  JoinBuffer::Row ended, open;
  ended.time = 10;
  open.time = 11;
  open.sequence = 1;
  buffer.restore(10, &kA, ended, 16);
  buffer.restore(10, &kA, open, 16);
  const JoinBuffer::Row* row = buffer.take_ended(kTimeMax);
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->time, 11);
  EXPECT_EQ(buffer.take_ended(kTimeMax), nullptr);
}

/// A row of a commit that was made while rows lived for about 800.
void restore_at(JoinBuffer& buffer, EventTime t) {
  JoinBuffer::Row row;
  row.time = t;
  row.sequence = static_cast<uint64_t>(t);
  row.bytes = std::to_string(t) + " ";
  buffer.restore(floor_div(t, 64) * 64, &kA, std::move(row), kTimeNone);
}

TEST(JoinBuffer, R37_AShorterLifeOverOldStateDropsNothingEarly) {
  EXPECT_EQ(JoinBuffer(800, false, kTick).slices().widest(), 64)
      << "a power of two, of an eighth at most";
  JoinBuffer buffer(11, false, kTick);
  buffer.slices().restore_widest(64);
  restore_at(buffer, 5);
  restore_at(buffer, 60);
  EXPECT_TRUE(buffer.drop_ended(40).empty());
  EXPECT_EQ(found(buffer, kA, 0, 99, 40), "60 ") << "W < 60 + 11; that of 5 is over";
  buffer.add(&kA, 62, "62 ", false);
  EXPECT_EQ(found(buffer, kA, 0, 99, 70), "60 62 ");
  EXPECT_EQ(buffer.slices().widest(), 64) << "what the next commit says";
  EXPECT_EQ(buffer.drop_ended(75).size(), 2u) << "slices within slices go together";
  EXPECT_EQ(buffer.rows(), 0u);
  EXPECT_EQ(found(buffer, kA, 0, 99, 40), "");
}

}  // namespace
}  // namespace millrace
