// Versions of a table and the rows that wait for them: R31.
#include "window/table_versions.h"

#include <gtest/gtest.h>

#include "window/waiting_rows.h"

namespace millrace {
namespace {

std::string at(const TableVersions& table, EventTime t) {
  const auto row = table.find("k", t);
  return row ? *row : "none";
}

TEST(TableVersions, R31_TheNewestVersionAtOrBeforeT) {
  TableVersions table(true);
  table.put("k", 10, false, "ten", kTimeNone);
  table.put("k", 20, false, "twenty", kTimeNone);
  EXPECT_EQ(at(table, 9), "none");
  EXPECT_EQ(at(table, 10), "ten");
  EXPECT_EQ(at(table, 19), "ten");
  EXPECT_EQ(at(table, 20), "twenty");
}

TEST(TableVersions, R31_OfEqualTimesTheLaterPositionWins) {
  TableVersions table(true);
  table.put("k", 10, false, "one", kTimeNone);
  table.put("k", 10, false, "two", kTimeNone);
  EXPECT_EQ(at(table, 10), "two");
}

TEST(TableVersions, R31_AVersionOutOfOrderIsValidInItsTime) {
  TableVersions table(true);
  table.put("k", 20, false, "twenty", kTimeNone);
  table.put("k", 10, true, "", kTimeNone);
  table.put("k", 5, false, "five", kTimeNone);
  EXPECT_EQ(at(table, 9), "five");
  EXPECT_EQ(at(table, 10), "none") << "deleted";
  EXPECT_EQ(at(table, 20), "twenty");
}

TEST(TableVersions, R31_KeptAreVersionsNewerThanTheBoundAndTheNewestAtOrBefore) {
  TableVersions table(true);
  for (EventTime t = 0; t <= 50; t += 10) table.put("k", t, false, std::to_string(t), 25);
  EXPECT_EQ(at(table, 25), "20");
  EXPECT_EQ(at(table, 19), "none") << "history";
  EXPECT_EQ(at(table, 30), "30");
}

TEST(TableVersions, LatestIsWhatCameLast) {
  TableVersions table(false);
  table.put("k", 20, false, "twenty", kTimeNone);
  table.put("k", 10, false, "ten", kTimeNone);
  EXPECT_EQ(at(table, 5), "ten");
  table.put("k", 11, true, "", kTimeNone);
  EXPECT_EQ(at(table, 99), "none");
}

TEST(TableVersions, R31_ADeletedKeyIsForgottenOnceNobodyCanAskForWhatWasBefore) {
  TableVersions table(true);
  table.put("k", 10, false, "ten", kTimeNone);
  table.put("k", 20, true, "", kTimeNone);
  table.put("other", 5, false, "five", kTimeNone);
  table.forget_deleted(19);
  EXPECT_EQ(at(table, 15), "ten");
  table.forget_deleted(20);
  EXPECT_EQ(at(table, 15), "none");
  EXPECT_EQ(table.keys().size(), 1u) << "the other one lives";
  EXPECT_EQ(*table.find("other", 99), "five");
}

TEST(TableVersions, R31_AKeyThatLivesAgainIsNotForgotten) {
  TableVersions table(true);
  table.put("k", 20, true, "", kTimeNone);
  table.put("k", 30, false, "thirty", kTimeNone);
  table.forget_deleted(99);
  EXPECT_EQ(at(table, 30), "thirty");
  table.put("k", 40, true, "", kTimeNone);
  table.put("k", 35, false, "before", kTimeNone);
  table.forget_deleted(39);
  EXPECT_EQ(at(table, 36), "before") << "deleted at 40";
  table.forget_deleted(40);
  EXPECT_EQ(table.keys().size(), 0u);
}

TEST(TableVersions, R52_DeletedKeysTakeNoMemory) {
  TableVersions history(true), latest(false);
  for (EventTime t = 0; t < 1000; ++t) {
    const std::string key = "key" + std::to_string(t);
    for (TableVersions* table : {&history, &latest}) {
      table->put(key, t, false, "x", kTimeNone);
      table->put(key, t, true, "", kTimeNone);
    }
    history.forget_deleted(t - 3);
  }
  EXPECT_EQ(history.keys().size(), 3u);
  EXPECT_EQ(latest.keys().size(), 0u);
  EXPECT_EQ(latest.bytes(), 0u);
}

TEST(TableVersions, R35_ARestoredKeyIsForgottenToo) {
  TableVersions table(true);
  const auto nothing = std::make_shared<const std::string>();
  table.restore("k", 0, {{20, true, nothing}});
  table.forget_deleted(20);
  EXPECT_EQ(table.keys().size(), 0u);
  EXPECT_EQ(table.keys().shards()[group_shard(hash_bytes("k"))].erased.size(), 1u);
}

TEST(TableVersions, BytesGoWithTheVersions) {
  TableVersions table(true);
  for (EventTime t = 0; t < 1000; ++t) table.put("k", t, false, std::string(100, 'x'), t - 3);
  EXPECT_LT(table.bytes(), 2000u);
}

TEST(WaitingRows, R31_RowsGoOncePassedByTimeThenLog) {
  WaitingRows rows(100);
  rows.add(20, true, "k", "c");
  rows.add(10, true, "k", "a");
  rows.add(10, true, "k", "b");
  EXPECT_EQ(rows.oldest(), 10);
  EXPECT_EQ(rows.take(10), nullptr) << "the table may still change at 10";
  EXPECT_EQ(rows.take(11)->bytes, "a");
  EXPECT_EQ(rows.take(11)->bytes, "b");
  EXPECT_EQ(rows.take(11), nullptr);
  EXPECT_EQ(rows.oldest(), 20);
  EXPECT_EQ(rows.take(kTimeMax)->bytes, "c");
  EXPECT_EQ(rows.oldest(), kTimeMax);
}

TEST(WaitingRows, R35_RestoredRowsThatWentDoNotGoAgain) {
  WaitingRows rows(100);
  WaitingRows::Row gone, open;
  gone.time = 9;
  open.time = 10;
  rows.restore(0, gone, 10);
  rows.restore(0, open, 10);
  EXPECT_EQ(rows.take(kTimeMax)->time, 10);
  EXPECT_EQ(rows.take(kTimeMax), nullptr);
}

}  // namespace
}  // namespace millrace
