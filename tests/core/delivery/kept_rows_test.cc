#include "delivery/kept_rows.h"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <string>

namespace millrace {
namespace {

struct Row {
  std::optional<std::string> key, value;
  int64_t time_us = MR_TIME_NONE;
  bool operator==(const Row&) const = default;
};

BatchRef batch_of(const std::vector<Row>& rows, uint32_t columns = MR_COL_KEY | MR_COL_TIME) {
  mr_need need{};
  need.struct_size = sizeof need;
  need.columns = columns;
  need.records = static_cast<uint32_t>(rows.size());
  for (const Row& row : rows) {
    need.value_bytes += row.value.value_or("").size();
    need.key_bytes += row.key.value_or("").size();
  }
  mr_room room{};
  room.struct_size = sizeof room;
  BatchBuilder builder;
  EXPECT_EQ(builder.reserve(need, room), MR_OK);
  const auto copy = [](uint8_t* arena, uint32_t& used, const std::optional<std::string>& text) {
    if (!text) return mr_span{0, MR_NULL_LEN};
    std::memcpy(arena + used, text->data(), text->size());
    const mr_span span{used, static_cast<uint32_t>(text->size())};
    used += span.len;
    return span;
  };
  uint32_t keys = 0, values = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    room.value_spans[i] = copy(room.value, values, rows[i].value);
    if (columns & MR_COL_KEY) room.key_spans[i] = copy(room.key, keys, rows[i].key);
    if (columns & MR_COL_TIME) room.time_us[i] = rows[i].time_us;
  }
  builder.commit(need.records);
  return builder.take().batches.at(0).batch;
}

std::optional<std::string> text_of(std::string_view text) {
  return text.data() ? std::optional(std::string(text)) : std::nullopt;
}

std::vector<Row> rows_of(const std::vector<BatchRef>& batches) {
  std::vector<Row> out;
  for (const BatchRef& batch : batches) {
    for (uint32_t i = 0; i < batch.size(); ++i)
      out.push_back({text_of(batch.key(i)), text_of(batch.value(i)), batch.time_us(i)});
  }
  return out;
}

std::vector<BatchRef> keep(const std::vector<BatchRef>& batches) {
  KeptRows kept;
  for (const BatchRef& batch : batches) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < batch.size(); ++i)
      bytes += batch.value(i).size() + batch.key(i).size();
    EXPECT_TRUE(kept.add(batch, bytes));
  }
  auto taken = kept.take();
  EXPECT_TRUE(taken);
  EXPECT_TRUE(kept.empty());
  return std::move(*taken);
}

TEST(KeptRows, SmallBatchesAreOneInTheirOrder) {
  std::vector<BatchRef> batches;
  std::vector<Row> wanted;
  for (int i = 0; i < 50; ++i) {
    const std::vector<Row> rows{{"k" + std::to_string(i), "v" + std::to_string(i), i},
                                {std::nullopt, std::nullopt, MR_TIME_NONE},
                                {"", "", 7}};
    batches.push_back(batch_of(rows));
    wanted.insert(wanted.end(), rows.begin(), rows.end());
  }
  const auto kept = keep(batches);
  EXPECT_EQ(kept.size(), 1u);
  EXPECT_EQ(rows_of(kept), wanted);
}

TEST(KeptRows, LargeOnesStayAsTheyAreBetweenSmallOnes) {
  const std::string large(40'000, 'x');
  const auto kept = keep({batch_of({{"a", "1", 1}}), batch_of({{"b", "2", 2}}),
                          batch_of({{"c", large, 3}}), batch_of({{"d", "4", 4}})});
  EXPECT_EQ(kept.size(), 3u);
  EXPECT_EQ(rows_of(kept),
            (std::vector<Row>{{"a", "1", 1}, {"b", "2", 2}, {"c", large, 3}, {"d", "4", 4}}));
}

TEST(KeptRows, ColumnsThatOnlySomeHave) {
  const auto kept = keep({batch_of({{std::nullopt, "1"}}, 0), batch_of({{"b", "2", 2}})});
  EXPECT_EQ(rows_of(kept), (std::vector<Row>{{std::nullopt, "1"}, {"b", "2", 2}}));
}

}  // namespace
}  // namespace millrace
