// What a source's W is in the graph: events of partitions in the order of records, ticks, and the
// commit.

#include "core/nodes/chunks.h"
#include "nodes/partition_json.h"

namespace millrace {
namespace {

using What = PartitionEvent::What;

std::unique_ptr<SourceNode> source_of(PartitionWatermarks::Rules rules) {
  SourcePlan plan;
  plan.time.configured = true;
  plan.watermark = rules;
  auto node = std::make_unique<SourceNode>("edits", std::move(plan));
  node->set_wanted(std::vector<bool>(node->shape().schema.size()));
  return node;
}

/// W in front of each place of the chunk and behind it.
std::vector<EventTime> apply(SourceNode& node, Chunk& chunk, Range range) {
  EXPECT_TRUE(node.apply(chunk, range));
  const uint32_t end = range.last ? chunk.places() : range.end;
  return {node.watermarks(chunk) + range.begin, node.watermarks(chunk) + end + 1};
}
std::vector<EventTime> apply(SourceNode& node, Chunk& chunk) {
  return apply(node, chunk, {0, chunk.records, true});
}

std::unique_ptr<Chunk> two_partitions(SourceNode& node) {
  auto chunk = chunk_of(node, {{100, "{}", 0}, {50, "{}", 1}, {90, "{}", 1}});
  chunk->events = {{What::kAssigned, 0, kTimeNone, 0}, {What::kAssigned, 1, kTimeNone, 0}};
  return chunk;
}

TEST(SourceWatermark, R15_EventsStandInFrontOfTheirRecords) {
  auto node = source_of({.bounded = true});
  auto chunk = two_partitions(*node);
  chunk->events.push_back({What::kAtEnd, 1, kTimeNone, 2});
  EXPECT_EQ(apply(*node, *chunk), (std::vector<EventTime>{kTimeNone, kTimeNone, 100, 100, 100}));
}

TEST(SourceWatermark, R10_PiecesOfAChunkGiveTheSame) {
  auto whole = source_of({.bounded = true}), cut = source_of({.bounded = true});
  auto one = two_partitions(*whole), two = two_partitions(*cut);
  for (Chunk* chunk : {one.get(), two.get()}) {
    chunk->events.push_back({What::kAtEnd, 1, kTimeNone, 2});
    chunk->events.push_back({What::kAssigned, 2, kTimeNone, 3});
  }
  const std::vector<EventTime> expected = apply(*whole, *one);
  for (uint32_t i = 0; i < 3; ++i) {
    const auto w = apply(*cut, *two, {i, i + 1, i == 2});
    EXPECT_EQ(w[0], expected[i]) << "in front of record " << i;
  }
  EXPECT_EQ(cut->watermark(), whole->watermark());
  EXPECT_EQ(cut->tracker().partitions().size(), 3u);
}

TEST(SourceWatermark, R16_ATickMakesIdleAndTheNextOneIsKnown) {
  auto node = source_of({.idle_timeout_us = 1000});
  auto chunk = two_partitions(*node);
  chunk->events.push_back({What::kAtEnd, 1, kTimeNone, 3});
  chunk->arrival_us = 5000;
  apply(*node, *chunk);
  EXPECT_EQ(node->watermark(), 90);
  EXPECT_EQ(node->next_tick(), 6000);
  auto tick = chunk_of(*node, {});
  tick->tick = true;
  tick->arrival_us = node->next_tick();
  EXPECT_EQ(apply(*node, *tick).back(), 100);
  EXPECT_EQ(node->next_tick(), kTimeMax);
  EXPECT_FALSE(node->idle()) << "partition 0 counts";
}

TEST(SourceWatermark, R17_RecordsBehindAnIdlePartitionAreMarked) {
  auto node = source_of({.idle_timeout_us = 0});
  auto chunk = two_partitions(*node);
  chunk->events.push_back({What::kAtEnd, 1, kTimeNone, 3});
  chunk->tick = true;
  apply(*node, *chunk);
  auto late = chunk_of(*node, {{300, "{}", 0}, {120, "{}", 1}, {400, "{}", 1}});
  apply(*node, *late);
  EXPECT_FALSE(late->is_after_idle(0));
  EXPECT_TRUE(late->is_after_idle(1));
  EXPECT_FALSE(late->is_after_idle(2)) << "it has caught up";
  EXPECT_FALSE(late->is_after_idle(9));
}

TEST(SourceWatermark, R34_PartitionsAndTheClockComeBack) {
  const PartitionWatermarks::Rules rules{.idle_timeout_us = 1000, .clock_when_all_idle = true};
  auto node = source_of(rules);
  auto chunk = two_partitions(*node);
  chunk->arrival_us = 50'000;
  chunk->events.push_back({What::kAtEnd, 0, kTimeNone, 3});
  chunk->events.push_back({What::kAtEnd, 1, kTimeNone, 3});
  apply(*node, *chunk);
  auto tick = chunk_of(*node, {});
  tick->tick = true;
  tick->arrival_us = 51'200;
  apply(*node, *tick);
  EXPECT_EQ(node->watermark(), 290);
  JsonValue meta = JsonValue::object();
  meta.set("max_time", JsonValue::integer(node->tracker().max_time()));
  meta.set("watermark", JsonValue::integer(node->tracker().now()));
  save_partitions(node->tracker(), meta);
  PartitionWatermarks again(rules);
  ASSERT_TRUE(restore_partitions(meta, again));
  EXPECT_EQ(again.now(), 290);
  EXPECT_TRUE(again.all_idle());
  EXPECT_EQ(again.clock_since(), 51'000);
  again.take({What::kAtEnd, 0}, 52'000);
  again.take({What::kAtEnd, 1}, 52'000);
  again.tick(52'000);
  EXPECT_EQ(again.now(), 1090) << "as if it had ticked on: the decision was stored";
}

TEST(SourceWatermark, StateOfAnOlderReleaseIsOnePartition) {
  JsonValue meta = JsonValue::object();
  meta.set("max_time", JsonValue::integer(100));
  meta.set("watermark", JsonValue::integer(90));
  PartitionWatermarks w(PartitionWatermarks::Rules{.out_of_orderness_us = 10});
  ASSERT_TRUE(restore_partitions(meta, w));
  EXPECT_EQ(w.now(), 90);
  EXPECT_EQ(w.max_time(), 100);
  w.observe(5, 120);
  EXPECT_EQ(w.now(), 110);
}

TEST(SourceWatermark, DamagedPartitionsAreTold) {
  for (const int64_t state : {-1, 6}) {
    JsonValue meta = JsonValue::object();
    JsonValue one = JsonValue::array();
    for (int64_t value : {int64_t{0}, int64_t{1}, int64_t{1}, state})
      one.push_back(JsonValue::integer(value));
    meta.set("partitions", JsonValue::array()).push_back(std::move(one));
    PartitionWatermarks w({});
    EXPECT_FALSE(restore_partitions(meta, w)) << state;
  }
}

}  // namespace
}  // namespace millrace
