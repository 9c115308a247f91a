#include "pipeline/merge.h"

#include <random>

#include "core/nodes/chunks.h"

namespace millrace {
namespace {

/// One record in the order of the task: its source and how many of that source came before it.
struct Place {
  size_t source;
  size_t ordinal;
  bool operator==(const Place&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Place& place) {
  return out << place.source << ":" << place.ordinal;
}
using Order = std::vector<Place>;

class Merging {
 public:
  explicit Merging(size_t sources, bool by_arrival = false)
      : merge_(make_nodes(sources), by_arrival) {}

  /// As many records of `source` as there are times, in one chunk.
  Merge::Slot* push(size_t source, const std::vector<EventTime>& times, bool prepared = true) {
    Merge::Slot* slot = merge_.push(source, chunk_of(*nodes_[source], at_times(times)));
    slot->prepared = prepared;
    return slot;
  }
  void end(size_t source) { merge_.end(source); }
  /// Applies all that can be applied now.
  void drain() {
    while (const auto next = merge_.next()) {
      ++pieces;
      EXPECT_EQ(next->range.begin, next->chunk->applied);
      EXPECT_LE(next->range.end, next->chunk->records);
      for (uint32_t i = next->range.begin; i < next->range.end; ++i) {
        order.push_back({next->source, applied_[next->source]++});
      }
      const Chunk* chunk = next->chunk;
      const auto done = merge_.applied(*next);
      EXPECT_EQ(done != nullptr, next->range.last);
      if (done) {
        EXPECT_EQ(done.get(), chunk);
      }
    }
  }
  Merge& merge() { return merge_; }
  Order order;
  int pieces = 0;

 private:
  std::vector<const SourceNode*> make_nodes(size_t sources) {
    std::vector<const SourceNode*> out;
    for (size_t i = 0; i < sources; ++i) {
      nodes_.push_back(plain_source("s" + std::to_string(i), static_cast<uint32_t>(i)));
      out.push_back(nodes_.back().get());
    }
    applied_.resize(sources);
    return out;
  }
  std::vector<std::unique_ptr<SourceNode>> nodes_;
  std::vector<size_t> applied_;
  Merge merge_;
};

TEST(Merge, OneSourceKeepsItsOwnOrder) {
  Merging merging(1);
  merging.push(0, {5, 1, 9});
  merging.push(0, {2});
  merging.drain();
  EXPECT_EQ(merging.order, (Order{{0, 0}, {0, 1}, {0, 2}, {0, 3}}));
  EXPECT_EQ(merging.pieces, 2);
  EXPECT_TRUE(merging.merge().empty());
}

TEST(Merge, R22_MergesRecordByRecordByTime) {
  Merging merging(2);
  merging.push(0, {1, 4, 6});
  merging.push(1, {2, 3, 5});
  merging.end(0);
  merging.end(1);
  merging.drain();
  EXPECT_EQ(merging.order, (Order{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {1, 2}, {0, 2}}));
}

TEST(Merge, R22_EqualTimesGoInTheOrderOfTheConfiguration) {
  Merging merging(3);
  merging.push(2, {7, 7});
  merging.push(1, {7});
  merging.push(0, {7, 7});
  for (size_t i = 0; i < 3; ++i) merging.end(i);
  merging.drain();
  EXPECT_EQ(merging.order, (Order{{0, 0}, {0, 1}, {1, 0}, {2, 0}, {2, 1}}));
}

TEST(Merge, R22_HeadsAreComparedNotSorted) {
  // A source's own order is kept even where its times step back.
  Merging merging(2);
  merging.push(0, {10, 1});
  merging.push(1, {5, 20});
  merging.end(0);
  merging.end(1);
  merging.drain();
  EXPECT_EQ(merging.order, (Order{{1, 0}, {0, 0}, {0, 1}, {1, 1}}));
}

TEST(Merge, R22_WaitsForEverySourceThatHasNotEnded) {
  Merging merging(2);
  merging.push(0, {1, 2});
  merging.drain();
  EXPECT_EQ(merging.order, Order{});
  merging.push(1, {2});
  merging.drain();
  // The last record of a chunk may still be followed by an earlier one of the other source.
  EXPECT_EQ(merging.order, (Order{{0, 0}, {0, 1}}));
  EXPECT_FALSE(merging.merge().next());
  merging.end(0);
  merging.drain();
  EXPECT_EQ(merging.order, (Order{{0, 0}, {0, 1}, {1, 0}}));
}

TEST(Merge, R22_AnInputAtItsProvenEndIsNotWaitedForWhileItIsEmpty) {
  Merging merging(2);
  merging.push(0, {5, 9});
  merging.drain();
  EXPECT_TRUE(merging.order.empty()) << "source 1 may have something earlier";
  merging.merge().set_at_proven_end(1, true);
  merging.drain();
  EXPECT_EQ(merging.order, (Order{{0, 0}, {0, 1}}));
  merging.push(0, {20});
  merging.push(1, {12});
  merging.drain();
  EXPECT_EQ(merging.order, (Order{{0, 0}, {0, 1}, {1, 0}, {0, 2}}))
      << "what has come is merged by time";
  merging.merge().set_at_proven_end(1, false);
  merging.push(0, {30});
  merging.drain();
  EXPECT_EQ(merging.order.size(), 4u);
}

TEST(Merge, R22_AnInputAtItsProvenEndIsWaitedForAsLongAsAsked) {
  const auto a = plain_source("a", 0), b = plain_source("b", 1);
  Merge merge({a.get(), b.get()}, false, 1000);
  merge.push(0, chunk_of(*a, at_times({5})))->prepared = true;
  EXPECT_FALSE(merge.next(99999)) << "nobody said that b is at its end";
  merge.set_at_proven_end(1, true, 100);
  EXPECT_FALSE(merge.next(1099));
  merge.set_at_proven_end(1, true, 900);  // Still: since 100.
  EXPECT_TRUE(merge.next(1100));
  merge.set_at_proven_end(1, false, 1200);
  EXPECT_FALSE(merge.next(99999));
  merge.set_at_proven_end(1, true, 100000);
  EXPECT_FALSE(merge.next(100999));
  EXPECT_TRUE(merge.next(101000));
}

TEST(Merge, WaitsForPreparation) {
  Merging merging(2);
  merging.push(0, {1});
  Merge::Slot* slot = merging.push(1, {2}, false);
  EXPECT_FALSE(merging.merge().next());
  slot->prepared = true;
  EXPECT_TRUE(merging.merge().next());
}

TEST(Merge, R14_RecordsWithoutATimeHoldNothingBack) {
  Merging merging(2);
  merging.push(0, {5, kTimeNone, 6});
  merging.push(1, {kTimeNone, 1, 9});
  merging.end(0);
  merging.end(1);
  merging.drain();
  EXPECT_EQ(merging.order, (Order{{1, 0}, {1, 1}, {0, 0}, {0, 1}, {0, 2}, {1, 2}}));
}

TEST(Merge, AnEmptyChunkGoesAtOnce) {
  Merging merging(2);
  merging.push(0, {5});
  merging.push(1, {});
  merging.push(1, {4});
  ASSERT_TRUE(merging.merge().next());
  EXPECT_EQ(merging.merge().next()->source, 1u);
  EXPECT_TRUE(merging.merge().next()->range.last);
  merging.end(0);
  merging.end(1);
  merging.drain();
  EXPECT_EQ(merging.order, (Order{{1, 0}, {0, 0}}));
}

TEST(Merge, ByArrivalTakesChunksAsTheyCome) {
  Merging merging(2, true);
  merging.push(1, {9, 1});
  Merge::Slot* slot = merging.push(0, {5}, false);
  merging.push(1, {7});
  merging.drain();
  EXPECT_EQ(merging.order, (Order{{1, 0}, {1, 1}})) << "the second chunk is not prepared";
  slot->prepared = true;
  merging.drain();
  EXPECT_EQ(merging.order, (Order{{1, 0}, {1, 1}, {0, 0}, {1, 2}}));
}

TEST(Merge, CountsWhatIsQueued) {
  Merging merging(2);
  EXPECT_TRUE(merging.merge().empty());
  merging.push(0, {1});
  merging.push(0, {2});
  EXPECT_EQ(merging.merge().queued(0), 2u);
  EXPECT_EQ(merging.merge().queued(1), 0u);
  EXPECT_FALSE(merging.merge().empty());
}

/// R22 by definition: always the smallest head, the first source among equals.
Order merged_by_definition(const std::vector<std::vector<EventTime>>& sources) {
  Order out;
  std::vector<size_t> heads(sources.size());
  while (true) {
    size_t best = sources.size();
    for (size_t i = 0; i < sources.size(); ++i) {
      if (heads[i] == sources[i].size()) continue;
      if (best == sources.size() || sources[i][heads[i]] < sources[best][heads[best]]) best = i;
    }
    if (best == sources.size()) return out;
    out.push_back({best, heads[best]++});
  }
}

TEST(Merge, R43_TheCutIntoChunksCannotShow) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    std::vector<std::vector<EventTime>> sources(2 + random() % 3);
    for (auto& times : sources) {
      EventTime time = 0;
      for (size_t n = random() % 40; n > 0; --n) {
        time += static_cast<EventTime>(random() % 5) - 1;
        times.push_back(random() % 12 == 0 ? kTimeNone : time);
      }
    }
    Merging merging(sources.size());
    std::vector<size_t> sent(sources.size());
    // Chunks of random sizes come from the sources in random turns; some are empty.
    for (size_t open = sources.size(); open > 0;) {
      const size_t i = random() % sources.size();
      if (sent[i] > sources[i].size()) continue;
      if (sent[i] == sources[i].size()) {
        merging.end(i);
        sent[i] = sources[i].size() + 1;
        --open;
      } else {
        const size_t size = std::min<size_t>(random() % 6, sources[i].size() - sent[i]);
        const auto begin = sources[i].begin() + static_cast<long>(sent[i]);
        merging.push(i, {begin, begin + static_cast<long>(size)});
        sent[i] += size;
      }
      if (random() % 2) merging.drain();
    }
    merging.drain();
    ASSERT_EQ(merging.order, merged_by_definition(sources));
    ASSERT_TRUE(merging.merge().empty());
  }
}

}  // namespace
}  // namespace millrace
