// Rows of the outbox as blocks, and back: the same rows, tags and cuts, whatever happened between.
#include "delivery/outbox_rows.h"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>

namespace millrace {
namespace {

struct Kept {
  std::string value;
  const char* key = nullptr;
};

BatchRef batch_of(const std::vector<Kept>& rows) {
  mr_need need{};
  need.struct_size = sizeof need;
  need.records = static_cast<uint32_t>(rows.size());
  need.columns = MR_COL_KEY;
  for (const Kept& row : rows) {
    need.value_bytes += row.value.size();
    need.key_bytes += row.key ? std::strlen(row.key) : 0;
  }
  mr_room room{};
  room.struct_size = sizeof room;
  BatchBuilder builder;
  EXPECT_EQ(builder.reserve(need, room), MR_OK);
  uint32_t values = 0, keys = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto size = static_cast<uint32_t>(rows[i].value.size());
    std::memcpy(room.value + values, rows[i].value.data(), size);
    room.value_spans[i] = {values, size};
    values += size;
    room.key_spans[i] = {0, MR_NULL_LEN};
    if (!rows[i].key) continue;
    const auto key_size = static_cast<uint32_t>(std::strlen(rows[i].key));
    std::memcpy(room.key + keys, rows[i].key, key_size);
    room.key_spans[i] = {keys, key_size};
    keys += key_size;
  }
  EXPECT_EQ(builder.commit(need.records), MR_OK);
  return builder.take().batches.at(0).batch;
}

TEST(OutboxRows, E33b_RowsComeBackWithTheirKeysAndTags) {
  OutboxRows rows("out", "");
  rows.add(batch_of({{"one", "k"}, {"", nullptr}}), 7);
  rows.add(batch_of({{"three", ""}}), 7);
  const std::vector<StateBlock> blocks = rows.finish();
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].id, (BlockId{"@outbox/out", 7, 0, 0}));
  auto batch = rows.read(blocks[0].bytes, "p/out@1");
  ASSERT_TRUE(batch) << batch.error().message;
  ASSERT_EQ(batch->size(), 3u);
  EXPECT_EQ(batch->value(0), "one");
  EXPECT_EQ(batch->value(1), "");
  EXPECT_NE(batch->value(1).data(), nullptr);
  EXPECT_EQ(batch->key(0), "k");
  EXPECT_EQ(batch->key(1).data(), nullptr);
  EXPECT_EQ(batch->key(2), "");
  EXPECT_NE(batch->key(2).data(), nullptr);
  EXPECT_EQ(batch->abi().epoch, 7u);
  EXPECT_EQ(batch->abi().first_row, 0u);
  EXPECT_EQ(std::string(batch->abi().pipeline.ptr, batch->abi().pipeline.len), "p/out@1");
}

struct KeptHeader {
  uint32_t row;
  std::string name;
  std::optional<std::string> value;
};

/// `rows` values "v", with headers by rising row.
BatchRef batch_with_headers(uint32_t rows, const std::vector<KeptHeader>& headers) {
  mr_need need{};
  need.struct_size = sizeof need;
  need.records = rows;
  need.columns = MR_COL_HEADERS;
  need.value_bytes = rows;
  need.headers = static_cast<uint32_t>(headers.size());
  need.header_bytes = 1000;
  mr_room room{};
  room.struct_size = sizeof room;
  BatchBuilder builder;
  EXPECT_EQ(builder.reserve(need, room), MR_OK);
  uint32_t used = 0, next = 0;
  const auto put = [&](const std::string& text) {
    std::memcpy(room.header_bytes + used, text.data(), text.size());
    used += static_cast<uint32_t>(text.size());
    return mr_span{used - static_cast<uint32_t>(text.size()), static_cast<uint32_t>(text.size())};
  };
  room.header_first[0] = 0;
  for (uint32_t i = 0; i < rows; ++i) {
    room.value[i] = 'v';
    room.value_spans[i] = {i, 1};
    for (; next < headers.size() && headers[next].row == i; ++next) {
      room.headers[next].name = put(headers[next].name);
      room.headers[next].value =
          headers[next].value ? put(*headers[next].value) : mr_span{0, MR_NULL_LEN};
    }
    room.header_first[i + 1] = next;
  }
  EXPECT_EQ(builder.commit(rows), MR_OK);
  return builder.take().batches.at(0).batch;
}

TEST(OutboxRows, E33b_HeadersComeBackWithTheirRows) {
  const std::vector<KeptHeader> headers{
      {0, "a", "1"}, {0, "a", ""}, {2, "none", std::nullopt}, {2, "", std::string("\0x", 2)}};
  OutboxRows rows("out", "");
  rows.add(batch_of({{"bare", "k"}}), 7);
  rows.add(batch_with_headers(3, headers), 7);
  auto batch = rows.read(rows.finish().at(0).bytes, "o");
  ASSERT_TRUE(batch) << batch.error().message;
  ASSERT_EQ(batch->size(), 4u);
  EXPECT_EQ(batch->headers(0).size(), 0u);
  EXPECT_EQ(batch->value(0), "bare");
  uint32_t next = 0;
  for (uint32_t i = 1; i < 4; ++i) {
    EXPECT_EQ(batch->value(i), "v");
    for (const mr_header& one : batch->headers(i)) {
      const KeptHeader& wanted = headers.at(next++);
      EXPECT_EQ(i, wanted.row + 1);
      EXPECT_EQ(batch->header_text(one.name), wanted.name);
      EXPECT_EQ(batch->header_text(one.value).data() != nullptr, wanted.value.has_value());
      EXPECT_EQ(batch->header_text(one.value), wanted.value.value_or(""));
    }
  }
  EXPECT_EQ(next, headers.size());
}

TEST(OutboxRows, E33b_EveryBlockIsABatchAndKnowsItsFirstRow) {
  OutboxRows rows("out", "");
  const std::string large(20'000, 'x');
  for (int i = 0; i < 10; ++i) rows.add(batch_of({{large, nullptr}}), 1);
  EXPECT_GE(rows.bytes(), 200'000u);
  const std::vector<StateBlock> blocks = rows.finish();
  ASSERT_GT(blocks.size(), 1u);
  uint64_t expected = 0;
  for (const StateBlock& block : blocks) {
    auto batch = rows.read(block.bytes, "o");
    ASSERT_TRUE(batch);
    EXPECT_EQ(batch->abi().first_row, expected);
    expected += batch->size();
  }
  EXPECT_EQ(expected, 10u);
}

TEST(OutboxRows, AnEpochBeginsAnewAndMayBeEmpty) {
  OutboxRows rows("out", "");
  EXPECT_TRUE(rows.finish().empty());
  rows.add(batch_of({{"a", nullptr}}), 1);
  EXPECT_EQ(rows.finish().size(), 1u);
  EXPECT_TRUE(rows.finish().empty());
  EXPECT_EQ(rows.bytes(), 0u);
  rows.add(batch_of({{"b", nullptr}}), 2);
  const auto blocks = rows.finish();
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].id.slice, 2);
  EXPECT_EQ(rows.read(blocks[0].bytes, "o")->value(0), "b");
}

TEST(OutboxRows, RowsOfAnotherLayoutAndDamagedOnesAreRefused) {
  OutboxRows as_bytes("out", ""), as_columns("out", "k text,");
  as_bytes.add(batch_of({{"a", nullptr}}), 1);
  std::string bytes = as_bytes.finish().at(0).bytes;
  EXPECT_FALSE(as_columns.read(bytes, "o"));
  EXPECT_TRUE(as_bytes.read(bytes, "o"));
  bytes.back() ^= 1;
  EXPECT_FALSE(as_bytes.read(bytes, "o"));
}

}  // namespace
}  // namespace millrace
