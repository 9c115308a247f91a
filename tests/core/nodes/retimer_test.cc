// R41: the watermark of a new event time, per partition of each source.
#include "nodes/retimer.h"

#include "core/nodes/chunks.h"
#include "json/value.h"

namespace millrace {
namespace {

using What = PartitionEvent::What;

constexpr int64_t kIdle = 30;

std::unique_ptr<SourceNode> source_of(PartitionWatermarks::Rules rules, uint32_t index = 0) {
  SourcePlan plan;
  plan.time.configured = true;
  plan.watermark = rules;
  auto node = std::make_unique<SourceNode>("in" + std::to_string(index), std::move(plan));
  node->set_index(index);
  node->set_wanted(std::vector<bool>(node->shape().schema.size()));
  return node;
}

struct Row {
  uint32_t record;
  EventTime time;
};

/// A retimer right behind sources: rows of a chunk with the times that the test gives them.
class Retimes {
 public:
  explicit Retimes(std::vector<SourceNode*> sources, int64_t out_of_orderness_us = 0)
      : sources_(std::move(sources)), retimer_(make(out_of_orderness_us)) {}

  /// W in front of each place of the chunk and behind it.
  std::vector<EventTime> apply(Chunk& chunk, const std::vector<Row>& made) {
    return apply(chunk, made, {0, chunk.records, true});
  }
  /// Of a piece of the chunk, with the rows that its records made.
  std::vector<EventTime> apply(Chunk& chunk, const std::vector<Row>& made, Range range) {
    EXPECT_TRUE(sources_[chunk.source]->apply(chunk, range));
    Rows rows;
    for (const Row& row : made) {
      rows.own_record.push_back(row.record);
      rows.own_time.push_back(row.time);
    }
    rows.count = static_cast<uint32_t>(made.size());
    rows.record = rows.own_record.data();
    rows.time = rows.own_time.data();
    EventTimePlan plan;
    Retimer::Work work(plan);
    retimer_.advance(work, {&rows, Selection::all(rows.count)}, chunk, range);
    const uint32_t end = range.last ? chunk.places() : range.end;
    return {work.watermarks.data() + range.begin, work.watermarks.data() + end + 1};
  }
  Retimer& retimer() { return retimer_; }

 private:
  Retimer make(int64_t out_of_orderness_us) {
    RetimePlan plan;
    plan.time.out_of_orderness_us = out_of_orderness_us;
    std::vector<Input> below;
    for (SourceNode* source : sources_) below.push_back({source, Port::kMain});
    return {std::move(plan), below};
  }
  std::vector<SourceNode*> sources_;
  Retimer retimer_;
};

using Times = std::vector<EventTime>;

TEST(Retimer, R41_TheSlowestPartitionHoldsWBack) {
  auto source = source_of({.bounded = true});
  Retimes retimes({source.get()}, 5);
  auto chunk = chunk_of(*source, {{1, "{}", 0}, {2, "{}", 1}, {3, "{}", 0}, {4, "{}", 1}});
  chunk->events = {{What::kAssigned, 0, kTimeNone, 0}, {What::kAssigned, 1, kTimeNone, 0}};
  // Times of the source itself count nowhere.
  EXPECT_EQ(retimes.apply(*chunk, {{0, 100}, {1, 50}, {2, 200}, {3, 120}}),
            (Times{kTimeNone, kTimeNone, 45, 45, 115, 115}));
}

TEST(Retimer, R41_RowsOfOneRecordDoNotMakeEachOtherLate) {
  auto source = source_of({});
  Retimes retimes({source.get()});
  auto chunk = chunk_of(*source, {{1, "{}", 0}, {2, "{}", 0}});
  EXPECT_EQ(retimes.apply(*chunk, {{0, 100}, {0, 7}, {1, 90}}), (Times{kTimeNone, 100, 100, 100}));
}

TEST(Retimer, R41_AFilteredRecordMovesNothing) {
  auto source = source_of({});
  Retimes retimes({source.get()});
  auto chunk = chunk_of(*source, {{1, "{}", 0}, {900, "{}", 0}, {3, "{}", 0}});
  EXPECT_EQ(retimes.apply(*chunk, {{0, 10}, {2, 20}}), (Times{kTimeNone, 10, 10, 20, 20}));
}

TEST(Retimer, R41_TheProvenEndOfABoundedPartitionFreesTheOthers) {
  auto source = source_of({.bounded = true});
  Retimes retimes({source.get()});
  auto chunk = chunk_of(*source, {{1, "{}", 0}, {2, "{}", 1}, {3, "{}", 0}});
  chunk->events = {{What::kAssigned, 0, kTimeNone, 0},
                   {What::kAssigned, 1, kTimeNone, 0},
                   {What::kAtEnd, 1, kTimeNone, 2}};
  EXPECT_EQ(retimes.apply(*chunk, {{0, 100}, {1, 50}, {2, 110}}),
            (Times{kTimeNone, kTimeNone, 100, 110, 110}));
}

TEST(Retimer, R41_APieceOfAChunkStopsInFrontOfTheNext) {
  auto source = source_of({.bounded = true});
  Retimes retimes({source.get()});
  auto chunk = chunk_of(*source, {{1, "{}", 0}, {2, "{}", 1}, {3, "{}", 0}});
  chunk->events = {{What::kAssigned, 0, kTimeNone, 0},
                   {What::kAssigned, 1, kTimeNone, 0},
                   {What::kAtEnd, 1, kTimeNone, 2}};
  EXPECT_EQ(retimes.apply(*chunk, {{0, 100}, {1, 50}}, {0, 2, false}),
            (Times{kTimeNone, kTimeNone, 50}));
  EXPECT_EQ(retimes.apply(*chunk, {{2, 110}}, {2, 3, true}), (Times{100, 110, 110}));
}

TEST(Retimer, R41_IdlenessComesFromUpstreamAndR17AWakingPartitionMustCatchUp) {
  auto source = source_of({.idle_timeout_us = kIdle});
  Retimes retimes({source.get()});
  auto chunk = chunk_of(*source, {{1, "{}", 0}, {2, "{}", 1}});
  chunk->arrival_us = 1000;
  chunk->events = {{What::kAssigned, 0, kTimeNone, 0},
                   {What::kAssigned, 1, kTimeNone, 0},
                   {What::kAtEnd, 1, kTimeNone, 2}};
  EXPECT_EQ(retimes.apply(*chunk, {{0, 100}, {1, 50}}).back(), 50);
  auto tick = chunk_of(*source, {});
  tick->tick = true;
  tick->arrival_us = 1000 + kIdle - 1;
  EXPECT_EQ(retimes.apply(*tick, {}).back(), 50);
  tick->arrival_us = 1000 + kIdle;
  EXPECT_EQ(retimes.apply(*tick, {}).back(), 100);
  auto woken = chunk_of(*source, {{3, "{}", 1}, {4, "{}", 0}, {5, "{}", 1}});
  EXPECT_EQ(retimes.apply(*woken, {{0, 60}, {1, 200}, {2, 150}}), (Times{100, 100, 200, 200, 200}));
}

TEST(Retimer, R41_SourcesAreMergedByTheSlowestAndR20TheEndIsNotStored) {
  auto a = source_of({.bounded = true}, 0), b = source_of({.bounded = true}, 1);
  Retimes retimes({a.get(), b.get()});
  auto first = chunk_of(*a, {{1, "{}", 0}}, true);
  EXPECT_EQ(retimes.apply(*first, {{0, 100}}).back(), kTimeNone) << "nothing of b is known";
  first->work.clear();
  auto second = std::make_unique<Chunk>();
  second->source = 1;
  second->batch = batch_of({{1, "{}", 0}});
  second->arrival_us = kTimestamptzEnd;
  second->work.resize(2);
  second->work[1] = b->make_work();
  b->prepare(*second);
  EXPECT_EQ(retimes.apply(*second, {{0, 70}}).back(), 70) << "a is at its end";
  second->end = true;
  second->batch = BatchRef();
  second->records = 0;
  b->prepare(*second);
  EXPECT_EQ(retimes.apply(*second, {}).back(), kTimeMax);
  JsonValue meta = JsonValue::object();
  retimes.retimer().save(meta);
  Retimes again({a.get(), b.get()});
  ASSERT_TRUE(again.retimer().restore(meta));
  EXPECT_EQ(again.retimer().watermark(), 70);
}

TEST(Retimer, R35_ARestartKeepsPartitionsAndTheirStates) {
  auto source = source_of({.bounded = true});
  Retimes before({source.get()});
  auto chunk = chunk_of(*source, {{1, "{}", 0}, {2, "{}", 1}});
  chunk->events = {{What::kAssigned, 0, kTimeNone, 0},
                   {What::kAssigned, 1, kTimeNone, 0},
                   {What::kAtEnd, 1, kTimeNone, 2}};
  before.apply(*chunk, {{0, 100}, {1, 50}});
  JsonValue meta = JsonValue::object();
  before.retimer().save(meta);
  Retimes behind({source.get()});
  ASSERT_TRUE(behind.retimer().restore(meta));
  EXPECT_EQ(behind.retimer().watermark(), 100);
  auto more = chunk_of(*source, {{3, "{}", 0}});
  EXPECT_EQ(behind.apply(*more, {{0, 130}}), (Times{100, 130, 130}));
}

}  // namespace
}  // namespace millrace
