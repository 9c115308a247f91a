#include "record/batch.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>

#include "record/arena.h"
#include "record/keyed_batch.h"

namespace millrace {
namespace {

mr_need need_of(uint32_t records, uint64_t value_bytes, uint32_t columns = 0) {
  mr_need need{};
  need.struct_size = sizeof need;
  need.records = records;
  need.value_bytes = value_bytes;
  need.columns = columns;
  return need;
}

/// Writes `values` as one room, with positions 100, 101, …
mr_rc add(BatchBuilder& builder, std::vector<std::string> values) {
  uint64_t bytes = 0;
  for (const auto& value : values) bytes += value.size();
  const auto count = static_cast<uint32_t>(values.size());
  mr_room room{};
  if (mr_rc rc = builder.reserve(need_of(count, bytes, MR_COL_POSITION), room)) return rc;
  uint32_t used = 0;
  for (uint32_t i = 0; i < count; ++i) {
    std::memcpy(room.value + used, values[i].data(), values[i].size());
    room.value_spans[i] = {used, static_cast<uint32_t>(values[i].size())};
    room.position[i] = 100 + i;
    used += static_cast<uint32_t>(values[i].size());
  }
  return builder.commit(count);
}

BatchRef batch_of(std::vector<std::string> values) {
  BatchBuilder builder;
  EXPECT_EQ(add(builder, std::move(values)), MR_OK);
  return builder.take().batches.at(0).batch;
}

std::vector<std::string> values_of(const BatchRef& batch) {
  std::vector<std::string> values;
  for (uint32_t i = 0; i < batch.size(); ++i) values.emplace_back(batch.value(i));
  return values;
}

using Values = std::vector<std::string>;

TEST(BatchBuilder, SmallRoomsShareOneBatch) {
  BatchBuilder builder;
  ASSERT_EQ(add(builder, {"a", "bb"}), MR_OK);
  ASSERT_EQ(add(builder, {"", "dddd"}), MR_OK);
  EXPECT_EQ(builder.records(), 4u);
  EXPECT_EQ(builder.bytes(), 7u);
  auto taken = builder.take();
  ASSERT_EQ(taken.batches.size(), 1u);
  EXPECT_EQ(values_of(taken.batches[0].batch), (Values{"a", "bb", "", "dddd"}));
  EXPECT_EQ(taken.batches[0].batch.position(3), 101u);
  EXPECT_EQ(taken.batches[0].dedupe, nullptr);
  EXPECT_EQ(builder.records(), 0u);
  EXPECT_TRUE(builder.take().batches.empty());
}

TEST(BatchBuilder, ArenasAreAlignedAndPadded) {
  BatchRef batch = batch_of({std::string(300000, 'x')});
  const mr_batch& abi = batch.abi();
  EXPECT_EQ(reinterpret_cast<uintptr_t>(abi.value.base) % 64, 0u);
  volatile uint8_t last = abi.value.base[abi.value.size + 63];  // ASan would object.
  (void)last;
  EXPECT_EQ(abi.value.size, 300000u);
}

TEST(BatchBuilder, UncommittedRoomIsTakenBack) {
  BatchBuilder builder;
  ASSERT_EQ(add(builder, {"kept"}), MR_OK);
  mr_room room{};
  ASSERT_EQ(builder.reserve(need_of(5, 50, MR_COL_DEDUPE | MR_COL_HEADERS), room), MR_OK);
  room.header_first[0] = 0;
  auto taken = builder.take();
  ASSERT_EQ(taken.batches.size(), 1u);
  EXPECT_EQ(values_of(taken.batches[0].batch), Values{"kept"});
  EXPECT_EQ(taken.batches[0].batch.headers(0).size(), 0u);
  EXPECT_EQ(taken.batches[0].dedupe->hash, std::vector<uint64_t>{0});
  EXPECT_EQ(builder.commit(1), MR_E_CONTRACT);
}

TEST(BatchBuilder, PartlyFilledRoomGivesItsRestBack) {
  BatchBuilder builder;
  mr_room room{};
  ASSERT_EQ(builder.reserve(need_of(100, 60000), room), MR_OK);
  std::memcpy(room.value, "one\ntwo\nthr", 11);
  room.value_spans[0] = {0, 3};
  room.value_spans[1] = {4, 3};
  ASSERT_EQ(builder.commit(2), MR_OK);
  ASSERT_EQ(add(builder, {std::string(50000, 'y')}), MR_OK);
  auto taken = builder.take();
  ASSERT_EQ(taken.batches.size(), 1u);
  EXPECT_EQ(taken.batches[0].batch.value(1), "two");
  EXPECT_EQ(taken.batches[0].batch.value(2).size(), 50000u);
}

TEST(BatchBuilder, LateColumnsGetDefaultsForEarlierRecords) {
  BatchBuilder builder;
  ASSERT_EQ(add(builder, {"first"}), MR_OK);
  mr_need need =
      need_of(1, 6, MR_COL_KEY | MR_COL_TIME | MR_COL_PARTITION | MR_COL_HEADERS | MR_COL_DEDUPE);
  need.key_bytes = 1;
  need.headers = 1;
  need.header_bytes = 2;
  mr_room room{};
  ASSERT_EQ(builder.reserve(need, room), MR_OK);
  std::memcpy(room.value, "second", 6);
  room.value_spans[0] = {0, 6};
  room.key[0] = 'k';
  room.key_spans[0] = {0, 1};
  room.time_us[0] = 5;
  room.partition[0] = 7;
  std::memcpy(room.header_bytes, "nv", 2);
  room.headers[0] = {{0, 1}, {1, 1}};
  room.header_first[0] = 0;
  room.header_first[1] = 1;
  room.dedupe_hash[0] = 99;
  room.dedupe_time_us[0] = 5;
  room.dedupe_group[0] = 2;
  ASSERT_EQ(builder.commit(1), MR_OK);
  ASSERT_EQ(add(builder, {"third"}), MR_OK);

  auto taken = builder.take();
  ASSERT_EQ(taken.batches.size(), 1u);
  const BatchRef& batch = taken.batches[0].batch;
  EXPECT_EQ(batch.key(0).data(), nullptr);
  EXPECT_EQ(batch.key(1), "k");
  EXPECT_EQ(batch.key(2).data(), nullptr);
  EXPECT_EQ(batch.time_us(0), MR_TIME_NONE);
  EXPECT_EQ(batch.time_us(1), 5);
  EXPECT_EQ(batch.time_us(2), MR_TIME_NONE);
  EXPECT_EQ(batch.partition(1), 7u);
  EXPECT_EQ(batch.position(1), 0u);
  EXPECT_EQ(batch.headers(0).size(), 0u);
  ASSERT_EQ(batch.headers(1).size(), 1u);
  EXPECT_EQ(batch.header_text(batch.headers(1)[0].value), "v");
  EXPECT_EQ(batch.headers(2).size(), 0u);
  EXPECT_EQ(taken.batches[0].dedupe->hash, (std::vector<uint64_t>{0, 99, 0}));
  EXPECT_EQ(taken.batches[0].dedupe->group, (std::vector<uint32_t>{0, 2, 0}));
}

TEST(BatchBuilder, FlagsNeverMixInOneBatch) {
  BatchBuilder builder;
  ASSERT_EQ(add(builder, {"{}"}), MR_OK);
  mr_need need = need_of(1, 2);
  need.batch_flags = MR_BATCH_TEXT_CELLS;
  mr_room room{};
  ASSERT_EQ(builder.reserve(need, room), MR_OK);
  std::memcpy(room.value, "{}", 2);
  room.value_spans[0] = {0, 2};
  ASSERT_EQ(builder.commit(1), MR_OK);
  auto taken = builder.take();
  ASSERT_EQ(taken.batches.size(), 2u);
  EXPECT_EQ(taken.batches[1].batch.abi().flags, MR_BATCH_TEXT_CELLS);
}

TEST(BatchBuilder, RefusesGarbageSpans) {
  const mr_span garbage[] = {{0, 11}, {11, 1}, {0xFFFFFFF0u, 0x20}, {5, 0xFFFFFFFEu}};
  for (mr_span span : garbage) {
    BatchBuilder builder;
    mr_room room{};
    ASSERT_EQ(builder.reserve(need_of(2, 10), room), MR_OK);
    room.value_spans[0] = {0, 10};
    room.value_spans[1] = span;
    EXPECT_EQ(builder.commit(2), MR_E_CONTRACT) << span.off << "+" << span.len;
    EXPECT_STREQ(builder.fault(), "commit: value span outside of the room");
    EXPECT_EQ(builder.records(), 0u);
    EXPECT_TRUE(builder.take().batches.empty());
  }
}

TEST(BatchBuilder, RefusesTooManyRecordsAndBadHeaders) {
  BatchBuilder builder;
  mr_room room{};
  mr_need need = need_of(2, 0, MR_COL_HEADERS);
  need.headers = 1;
  ASSERT_EQ(builder.reserve(need, room), MR_OK);
  EXPECT_EQ(builder.commit(3), MR_E_CONTRACT);
  const uint32_t bad[][3] = {{1, 1, 1}, {0, 1, 0}, {0, 0, 2}};
  for (const auto& first : bad) {
    ASSERT_EQ(builder.reserve(need, room), MR_OK);
    room.value_spans[0] = room.value_spans[1] = {0, 0};
    std::copy(first, first + 3, room.header_first);
    EXPECT_EQ(builder.commit(2), MR_E_CONTRACT);
  }
  ASSERT_EQ(builder.reserve(need_of(1, uint64_t{1} << 32), room), MR_E_CONTRACT);
}

TEST(BatchBuilder, NullIsNotEmpty) {
  BatchBuilder builder;
  mr_room room{};
  ASSERT_EQ(builder.reserve(need_of(2, 0), room), MR_OK);
  room.value_spans[0] = {12345, MR_NULL_LEN};
  room.value_spans[1] = {0, 0};
  ASSERT_EQ(builder.commit(2), MR_OK);
  BatchRef batch = builder.take().batches.at(0).batch;
  EXPECT_EQ(batch.value(0).data(), nullptr);
  EXPECT_NE(batch.value(1).data(), nullptr);
}

TEST(BatchBuilder, SelectSharesTheArenaAndKeepsOrder) {
  BatchRef in = batch_of({"a", "b", "c", "d"});
  BatchBuilder builder;
  const uint32_t idx[] = {1, 3};
  ASSERT_EQ(builder.select(in.abi(), idx), MR_OK);
  ASSERT_EQ(add(builder, {"new"}), MR_OK);
  ASSERT_EQ(builder.pass(in.abi()), MR_OK);
  auto taken = builder.take();
  ASSERT_EQ(taken.batches.size(), 3u);
  const BatchRef& some = taken.batches[0].batch;
  EXPECT_EQ(values_of(some), (Values{"b", "d"}));
  EXPECT_EQ(some.position(1), 103u);
  EXPECT_EQ(some.abi().origin[1], 3u);
  EXPECT_EQ(some.abi().value.base, in.abi().value.base);
  EXPECT_EQ(values_of(taken.batches[1].batch), Values{"new"});
  EXPECT_EQ(&taken.batches[2].batch.abi(), &in.abi());
}

TEST(BatchBuilder, SelectingEverythingIsTheSameBatch) {
  BatchRef in = batch_of({"a", "b"});
  BatchBuilder builder;
  const uint32_t idx[] = {0, 1};
  ASSERT_EQ(builder.select(in.abi(), idx), MR_OK);
  EXPECT_EQ(&builder.take().batches.at(0).batch.abi(), &in.abi());
}

TEST(BatchBuilder, RefusesDecreasingOrForeignIndices) {
  BatchRef in = batch_of({"a", "b", "c"});
  BatchBuilder builder;
  for (auto idx : {std::vector<uint32_t>{2, 1}, {1, 1}, {0, 3}}) {
    EXPECT_EQ(builder.select(in.abi(), idx), MR_E_CONTRACT);
  }
  EXPECT_TRUE(builder.take().batches.empty());
}

TEST(BatchBuilder, SelectionOutlivesEverythingBetween) {
  BatchRef last;
  const uint64_t before = arena_use().lent_bytes;
  {
    BatchBuilder builder;
    BatchRef in = batch_of({"a", "b", "c"});
    const uint32_t two[] = {1, 2}, one[] = {1};
    ASSERT_EQ(builder.select(in.abi(), two), MR_OK);
    BatchRef middle = builder.take().batches.at(0).batch;
    ASSERT_EQ(builder.select(middle.abi(), one), MR_OK);
    last = builder.take().batches.at(0).batch;
  }
  EXPECT_EQ(values_of(last), Values{"c"});
  last = {};
  EXPECT_EQ(arena_use().lent_bytes, before);
}

TEST(BatchBuilder, NewValuesShareTheOtherColumns) {
  BatchRef in = batch_of({"a", "b"});
  BatchBuilder builder;
  mr_room room{};
  ASSERT_EQ(builder.reserve_value(in.abi(), 4, room), MR_OK);
  EXPECT_EQ(room.records, 2u);
  std::memcpy(room.value, "AABB", 4);
  room.value_spans[0] = {0, 2};
  room.value_spans[1] = {2, 2};
  ASSERT_EQ(builder.commit(2), MR_OK);
  BatchRef out = builder.take().batches.at(0).batch;
  EXPECT_EQ(values_of(out), (Values{"AA", "BB"}));
  EXPECT_EQ(out.abi().position, in.abi().position);

  ASSERT_EQ(builder.reserve_value(in.abi(), 4, room), MR_OK);
  room.value_spans[0] = {3, 2};
  EXPECT_EQ(builder.commit(1), MR_E_CONTRACT);
}

TEST(BatchRef, SliceIsAWindowOnTheSameBytes) {
  BatchRef in = batch_of({"a", "b", "c", "d"});
  BatchRef part = in.slice(1, 2);
  in = {};
  EXPECT_EQ(values_of(part), (Values{"b", "c"}));
  EXPECT_EQ(part.position(0), 101u);
}

struct Foreign {
  mr_batch abi{};
  mr_span spans[2] = {{0, 1}, {1, 1}};
  alignas(64) uint8_t bytes[128] = {'x', 'y'};
  int references = 1;
  Foreign() {
    abi.struct_size = sizeof abi;
    abi.count = 2;
    abi.value = {bytes, 2, spans};
    abi.owner = this;
    abi.retain = [](const mr_batch* b) noexcept { ++static_cast<Foreign*>(b->owner)->references; };
    abi.release = [](const mr_batch* b) noexcept { --static_cast<Foreign*>(b->owner)->references; };
  }
};

TEST(BatchBuilder, DonatedBatchIsReleasedWhenNobodyNeedsIt) {
  Foreign foreign;
  BatchBuilder builder;
  ASSERT_EQ(builder.donate(&foreign.abi), MR_OK);
  {
    auto taken = builder.take();
    EXPECT_EQ(values_of(taken.batches.at(0).batch), (Values{"x", "y"}));
    EXPECT_EQ(foreign.references, 1);
  }
  EXPECT_EQ(foreign.references, 0);
}

TEST(BatchBuilder, DonatedGarbageIsRefusedAndReleased) {
  Foreign outside, decreasing, small;
  outside.spans[1] = {1, 2};
  const uint32_t first[] = {0, 1, 0};
  decreasing.abi.header_first = first;
  small.abi.struct_size = 16;
  BatchBuilder builder;
  EXPECT_EQ(builder.donate(&outside.abi), MR_E_CONTRACT);
  EXPECT_EQ(outside.references, 0);
  EXPECT_EQ(builder.donate(&decreasing.abi), MR_E_CONTRACT);
  EXPECT_EQ(decreasing.references, 0);
  EXPECT_EQ(builder.donate(&small.abi), MR_E_CONTRACT);
  EXPECT_EQ(small.references, 1);  // Too small to have a release slot: leaked on purpose.
  EXPECT_TRUE(builder.take().batches.empty());
}

TEST(BatchBuilder, RejectsRememberTheirPlace) {
  BatchBuilder builder;
  builder.reject({.reason = "first"});
  ASSERT_EQ(add(builder, {"a", "b"}), MR_OK);
  builder.origin_base(10);
  builder.reject({.index = 1, .reason = "second"});
  auto taken = builder.take();
  EXPECT_EQ(taken.rejects.at(0).after_record, 0);
  EXPECT_EQ(taken.rejects.at(1).after_record, 2);
  EXPECT_EQ(taken.rejects.at(1).index, 11u);
}

TEST(KeyedBatch, HasTheKeysAndKeepsAllElse) {
  BatchRef batch = batch_of({"a", "b", "c"});
  const std::vector<mr_span> spans = {{0, 2}, {0, MR_NULL_LEN}, {2, 0}};
  BatchRef keyed = with_keys(batch, std::string("k1"), spans);
  batch = {};
  EXPECT_EQ(keyed.key(0), "k1");
  EXPECT_EQ(keyed.key(1).data(), nullptr);
  EXPECT_NE(keyed.key(2).data(), nullptr);
  EXPECT_EQ(keyed.key(2), "");
  EXPECT_EQ(keyed.value(2), "c");
  const BatchRef rest = keyed.slice(1, 2);
  keyed = {};
  EXPECT_EQ(rest.value(0), "b");
  EXPECT_EQ(rest.key(0).data(), nullptr);
}

TEST(BatchRef, ReleasedFromManyThreads) {
  BatchRef batch = batch_of({"a", "b"});
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([batch] {
      for (int i = 0; i < 1000; ++i) {
        BatchRef mine = batch;
        BatchRef part = mine.slice(1, 1);
        EXPECT_EQ(part.value(0), "b");
      }
    });
  }
}

TEST(Arena, KeepsSmallBlocksAndReturnsHugeOnes) {
  const uint64_t lent = arena_use().lent_bytes;
  { Block block = Block::take(100 << 20); }
  EXPECT_EQ(arena_use().lent_bytes, lent);
  EXPECT_LE(arena_use().pooled_bytes, uint64_t{16} << 20);
  EXPECT_FALSE(Block::take((uint64_t{1} << 32) + 1));
}

}  // namespace
}  // namespace millrace
