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
