// What the state says, whatever blocks it lies in.
#include "cache/content_sums.h"

#include "core/state/state_fixture.h"
#include "state/chain.h"

namespace millrace {
namespace {

/// A chain of one shard, written as operators do.
struct Written {
  explicit Written(int64_t slice = 0) : chain("op", slice, 0) {}
  void write(bool base, const std::function<void(BlockWriter&, bool)>& entries) {
    BlockSeries series = chain.next(++commit, 7, base ? 1 << 20 : 0);
    BlockWriter writer(series);
    entries(writer, series.base());
    std::vector<StateBlock> blocks = writer.finish();
    for (const StateBlock& block : blocks) ASSERT_TRUE(sums.put(block.id, block.bytes));
    chain.wrote(series, blocks);
  }
  Chain chain;
  ContentSums sums;
  uint64_t commit = 0;
};

TEST(ContentSums, R39_TheSameStateInOtherBlocksHasTheSameSums) {
  Written deltas, base;
  deltas.write(true, [](BlockWriter& w, bool) {
    w.put(0, "a", "1");
    w.put(1, "b", "2");
    w.put(2, "gone", "3");
  });
  deltas.write(false, [](BlockWriter& w, bool) {
    w.put(1, std::nullopt, "5");
    w.erase(2);
    w.put(3, "c", "4");
  });
  base.write(true, [](BlockWriter& w, bool) {
    w.put(0, "c", "4");
    w.put(1, "b", "5");
    w.put(2, "a", "1");
  });
  EXPECT_EQ(deltas.sums.sums(), base.sums.sums());
  EXPECT_EQ(base.sums.sums().at("op").entries, 3u);
}

TEST(ContentSums, R39_AnotherKeyValueOrSliceIsAnotherState) {
  const auto of = [](int64_t slice, const char* key, const char* value) {
    Written one(slice);
    one.write(true, [&](BlockWriter& w, bool) { w.put(0, key, value); });
    return one.sums.sums();
  };
  EXPECT_EQ(of(1, "a", "1"), of(1, "a", "1"));
  EXPECT_NE(of(1, "a", "1"), of(2, "a", "1"));
  EXPECT_NE(of(1, "a", "1"), of(1, "b", "1"));
  EXPECT_NE(of(1, "a", "1"), of(1, "a", "2"));
}

TEST(ContentSums, R39_ADroppedChainLeavesNothing) {
  Written one;
  one.write(true, [](BlockWriter& w, bool) { w.put(0, "a", "1"); });
  one.sums.drop_chain({"op", 0, 0, 0});
  EXPECT_TRUE(one.sums.sums().empty());
  one.sums.drop_chain({"op", 0, 0, 0});
}

TEST(ContentSums, WhatIsNoBlockIsRefused) {
  ContentSums sums;
  EXPECT_FALSE(sums.put({"op", 0, 0, 0}, "lies"));
}

}  // namespace
}  // namespace millrace
