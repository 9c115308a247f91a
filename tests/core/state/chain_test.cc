#include "state/chain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "state/block_reader.h"
#include "state/block_writer.h"

namespace millrace {
namespace {

/// Writes `dirty` entries, or all for a base, as `chain` asks, and keeps what is stored, as a log
/// would.
class Store {
 public:
  explicit Store(Chain& chain) : chain_(chain) {}

  BlockSeries commit(unsigned dirty, unsigned value_bytes, uint64_t dirty_bytes = 0) {
    const BlockSeries series = chain_.next(++epoch_, 1, dirty_bytes);
    BlockWriter writer(series);
    live = std::max(live, dirty);
    for (uint32_t i = 0; i < (series.base() ? live : dirty); ++i) {
      writer.put(i, series.base() ? std::optional<std::string_view>("k") : std::nullopt,
                 std::string(value_bytes, 'v'));
    }
    const auto blocks = writer.finish();
    replaced = chain_.wrote(series, blocks);
    for (const StateBlock& block : blocks) written += block.bytes.size();
    for (const BlockId& id : replaced) {
      std::erase_if(stored, [&](const StateBlock& block) { return block.id == id; });
    }
    stored.insert(stored.end(), blocks.begin(), blocks.end());
    return series;
  }

  std::vector<StateBlock> stored;
  std::vector<BlockId> replaced;
  unsigned live = 0;
  uint64_t written = 0;

 private:
  Chain& chain_;
  uint64_t epoch_ = 0;
};

Chain new_chain() { return Chain("op", 60, 5); }

BlockHeader header_of(const StateBlock& block) {
  auto header = read_block_header(block.bytes);
  EXPECT_TRUE(header) << header.error().message;
  return *header;
}

/// Empty when `blocks` restore, else the sentence.
std::string restore(Chain& chain, const std::vector<StateBlock>& blocks) {
  for (const StateBlock& block : blocks) {
    const auto taken = chain.restore(header_of(block), block.bytes.size());
    if (!taken) return taken.error().message;
  }
  const auto whole = chain.restored();
  return whole ? "" : whole.error().message;
}

std::string restore(const std::vector<StateBlock>& blocks) {
  Chain chain = new_chain();
  return restore(chain, blocks);
}

/// A base of three blocks, a delta of one, a delta of two.
std::vector<StateBlock> sample() {
  Chain chain = new_chain();
  Store store(chain);
  store.commit(3, 50'000);
  store.commit(1, 100);
  store.commit(2, 40'000);
  EXPECT_EQ(store.stored.size(), 6u);
  return store.stored;
}

TEST(Chain, BeginsWithABase) {
  Chain chain = new_chain();
  EXPECT_TRUE(chain.empty());
  Store store(chain);
  const BlockSeries series = store.commit(1, 10);
  EXPECT_TRUE(series.base());
  EXPECT_EQ(series.first_number, 0u);
  EXPECT_EQ(series.op, "op");
  EXPECT_EQ(series.slice, 60);
  EXPECT_EQ(series.shard, 5);
  EXPECT_EQ(series.commit, 1u);
  EXPECT_FALSE(chain.empty());
}

TEST(Chain, DeltasFollowUntilTheyOutweighTheBase) {
  Chain chain = new_chain();
  Store store(chain);
  store.commit(100, 100);
  const uint64_t base = chain.base_bytes();
  uint32_t number = 1;
  while (chain.delta_bytes() <= base) {
    const BlockSeries series = store.commit(30, 100);
    ASSERT_FALSE(series.base());
    EXPECT_EQ(series.base_number, 0u);
    EXPECT_EQ(series.first_number, number);
    EXPECT_EQ(series.previous_number, number - 1);
    EXPECT_TRUE(store.replaced.empty());
    ++number;
  }
  const BlockSeries series = store.commit(100, 100);
  EXPECT_TRUE(series.base());
  EXPECT_EQ(series.first_number, number) << "numbers go on";
  ASSERT_EQ(store.replaced.size(), number);
  EXPECT_EQ(store.replaced.front(), (BlockId{"op", 60, 5, 0}));
  EXPECT_EQ(store.replaced.back().number, number - 1);
  EXPECT_EQ(store.stored.size(), 1u);
  EXPECT_EQ(chain.deltas(), 0u);
  EXPECT_EQ(chain.delta_bytes(), 0u);
}

TEST(Chain, ADeltaKnownToOutweighTheBaseIsWrittenAsOne) {
  Chain chain = new_chain();
  Store store(chain);
  store.commit(10, 100);
  EXPECT_FALSE(chain.next(2, 1, chain.base_bytes()).base());
  EXPECT_TRUE(chain.next(2, 1, chain.base_bytes() + 1).base());
}

TEST(Chain, SixteenDeltasOfASmallBaseAreEnough) {
  Chain chain = new_chain();
  Store store(chain);
  store.commit(600, 100);
  for (unsigned i = 0; i < Chain::kDeltasFew; ++i) EXPECT_FALSE(store.commit(1, 10).base()) << i;
  EXPECT_EQ(chain.deltas(), 16u);
  EXPECT_TRUE(store.commit(1, 10).base());
}

TEST(Chain, ALargeBaseTakesAsManyDeltasAsItHasPages) {
  Chain chain = new_chain();
  Store store(chain);
  store.commit(20'000, 100);
  const uint64_t pages = chain.base_bytes() / Chain::kPageBytes;
  ASSERT_GT(pages, 500u);
  unsigned deltas = 0;
  while (!store.commit(1, 10).base()) ++deltas;
  EXPECT_EQ(deltas, pages + 1);
}

TEST(Chain, CostsAtMostTwiceItsDeltas) {
  for (const unsigned live : {10u, 300u, 5000u}) {
    Chain chain = new_chain();
    Store store(chain);
    store.commit(live, 100);
    const uint64_t start = store.written;
    uint64_t deltas = 0;
    for (int i = 0; i < 1000; ++i) {
      store.commit(40, 100, 4200);  // About a page.
      deltas += 4200;
    }
    EXPECT_LE(store.written - start, 2 * deltas + start) << live;
  }
}

TEST(Chain, NothingWrittenChangesNothing) {
  Chain chain = new_chain();
  Store store(chain);
  store.commit(1, 100);
  store.commit(0, 0);
  EXPECT_EQ(chain.deltas(), 0u);
  EXPECT_EQ(chain.blocks().size(), 1u);
}

TEST(Chain, AnEmptyBaseLeavesNothing) {
  Chain chain = new_chain();
  Store store(chain);
  store.commit(1, 100);
  store.live = 0;
  const BlockSeries series = store.commit(0, 0, 1'000'000);
  EXPECT_TRUE(series.base());
  EXPECT_EQ(store.replaced.size(), 1u);
  EXPECT_TRUE(store.stored.empty());
  EXPECT_TRUE(chain.empty());
  EXPECT_TRUE(chain.next(3, 1, 0).base());
}

TEST(Chain, RestoresWhatItWrote) {
  Chain before = new_chain();
  Store store(before);
  for (int i = 0; i < 40; ++i) {
    store.commit(i % 7 == 0 ? 1000 : 3, 200);
    Chain after = new_chain();
    ASSERT_EQ(restore(after, store.stored), "") << i;
    EXPECT_EQ(after.blocks(), before.blocks());
    EXPECT_EQ(after.base_bytes(), before.base_bytes());
    EXPECT_EQ(after.delta_bytes(), before.delta_bytes());
    EXPECT_EQ(after.deltas(), before.deltas());
    const BlockSeries a = after.next(99, 1, 7), b = before.next(99, 1, 7);
    EXPECT_EQ(a.first_number, b.first_number);
    EXPECT_EQ(a.base_number, b.base_number);
    EXPECT_EQ(a.previous_number, b.previous_number);
  }
}

TEST(Chain, NoticesEveryMissingBlockThatHasOneAfterIt) {
  const auto blocks = sample();
  for (std::size_t missing = 0; missing + 1 < blocks.size(); ++missing) {
    auto rest = blocks;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(missing));
    EXPECT_NE(restore(rest), "") << missing;
  }
  EXPECT_EQ(restore(blocks), "");
}

TEST(Chain, NoticesAnEndThatIsMissing) {
  const auto blocks = sample();
  const auto first = [&](std::size_t count) {
    return restore({blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(count)});
  };
  EXPECT_NE(first(1), "");
  EXPECT_NE(first(2), "");
  EXPECT_EQ(first(3), "") << "a base alone is whole; only the manifest knows of the deltas";
  EXPECT_EQ(first(4), "");
  EXPECT_EQ(first(5),
            "stored state of op slice 60 shard 5 is incomplete: blocks after 4 are missing");
}

TEST(Chain, NoticesForeignAndDoubledBlocks) {
  const auto blocks = sample();
  auto doubled = blocks;
  doubled.insert(doubled.begin() + 3, blocks[3]);
  EXPECT_NE(restore(doubled), "");
  EXPECT_NE(restore({blocks[0], blocks[1], blocks[2], blocks[0]}), "");
  Chain other("op", 60, 6);
  EXPECT_EQ(restore(other, blocks),
            "stored state of op slice 60 shard 6 does not fit together at block 0: it belongs to "
            "another chain");
}

}  // namespace
}  // namespace millrace
