#include "nodes/rows.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

using Numbers = std::vector<uint32_t>;

Numbers live_of(const RowsView& view) {
  Numbers out;
  for (uint32_t i = 0; i < view.live.count; ++i) out.push_back(view.live[i]);
  return out;
}

TEST(Rows, AllLiveRowsAreCutByRecord) {
  Rows rows;
  rows.count = 5;
  EXPECT_EQ(live_of(view_of(rows, 0, 5)), (Numbers{0, 1, 2, 3, 4}));
  EXPECT_EQ(live_of(view_of(rows, 0, UINT32_MAX)), (Numbers{0, 1, 2, 3, 4}));
  EXPECT_EQ(live_of(view_of(rows, 1, 3)), (Numbers{1, 2}));
  EXPECT_EQ(live_of(view_of(rows, 4, 5)), (Numbers{4}));
  EXPECT_EQ(live_of(view_of(rows, 2, 2)), Numbers{});
  EXPECT_EQ(live_of(view_of(rows, 5, 9)), Numbers{});
}

TEST(Rows, DeadRowsAreNotInTheCut) {
  Rows rows;
  rows.count = 6;
  rows.all_live = false;
  for (uint32_t row : {0u, 2u, 5u}) rows.live.push_back(row);
  EXPECT_EQ(live_of(view_of(rows, 0, 6)), (Numbers{0, 2, 5}));
  EXPECT_EQ(live_of(view_of(rows, 1, 5)), (Numbers{2}));
  EXPECT_EQ(live_of(view_of(rows, 3, 5)), Numbers{});
}

TEST(Rows, ManyRowsOfOneRecordStayTogether) {
  // Exploded: record 1 has three rows, record 2 none.
  const uint32_t record[] = {0, 1, 1, 1, 3};
  Rows rows;
  rows.count = 5;
  rows.record = record;
  EXPECT_EQ(live_of(view_of(rows, 0, 1)), (Numbers{0}));
  EXPECT_EQ(live_of(view_of(rows, 1, 2)), (Numbers{1, 2, 3}));
  EXPECT_EQ(live_of(view_of(rows, 2, 3)), Numbers{});
  EXPECT_EQ(live_of(view_of(rows, 2, 4)), (Numbers{4}));
  EXPECT_EQ(count_before(rows, rows.selection(), 2), 4u);
}

TEST(Rows, CutsTileTheChunk) {
  const uint32_t record[] = {0, 0, 2, 3, 3, 3, 7, 9};
  Rows rows;
  rows.count = 8;
  rows.record = record;
  for (uint32_t cut = 0; cut <= 10; ++cut) {
    Numbers both = live_of(view_of(rows, 0, cut));
    const Numbers rest = live_of(view_of(rows, cut, UINT32_MAX));
    both.insert(both.end(), rest.begin(), rest.end());
    EXPECT_EQ(both, (Numbers{0, 1, 2, 3, 4, 5, 6, 7})) << cut;
  }
}

TEST(Rows, ClearKeepsColumnsForReuse) {
  Rows rows;
  Column* made = &rows.own_column(2);
  rows.count = 3;
  rows.all_live = false;
  rows.live.push_back(1);
  rows.clear();
  EXPECT_EQ(rows.count, 0u);
  EXPECT_TRUE(rows.all_live);
  EXPECT_TRUE(rows.live.empty());
  EXPECT_EQ(&rows.own_column(2), made);
}

}  // namespace
}  // namespace millrace
