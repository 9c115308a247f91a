#pragma once

/// Sources without a plugin, and chunks as they come out of a poll and `prepare`.

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "nodes/source_node.h"

namespace millrace {

struct Sent {
  EventTime time = kTimeNone;
  std::string value = "{}";
  uint32_t partition = 0;
  uint64_t position = 0;
};

inline BatchRef batch_of(const std::vector<Sent>& records) {
  if (records.empty()) return {};
  uint64_t bytes = 0;
  for (const Sent& record : records) bytes += record.value.size();
  mr_need need{};
  need.struct_size = sizeof need;
  need.records = static_cast<uint32_t>(records.size());
  need.value_bytes = bytes;
  need.columns = MR_COL_TIME | MR_COL_PARTITION | MR_COL_POSITION;
  mr_room room{};
  room.struct_size = sizeof room;
  BatchBuilder builder;
  EXPECT_EQ(builder.reserve(need, room), MR_OK);
  uint32_t used = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    const auto size = static_cast<uint32_t>(records[i].value.size());
    std::memcpy(room.value + used, records[i].value.data(), size);
    room.value_spans[i] = {used, size};
    room.time_us[i] = records[i].time;
    room.partition[i] = records[i].partition;
    room.position[i] = records[i].position;
    used += size;
  }
  EXPECT_EQ(builder.commit(need.records), MR_OK);
  return builder.take().batches.at(0).batch;
}

/// A source whose plugin gives the event times, node `index` of its graph.
inline std::unique_ptr<SourceNode> plain_source(std::string name, uint32_t index = 0,
                                                int64_t out_of_orderness_us = 0) {
  SourcePlan plan;
  plan.time.configured = true;
  plan.watermark.out_of_orderness_us = out_of_orderness_us;
  auto node = std::make_unique<SourceNode>(std::move(name), std::move(plan));
  node->set_index(index);
  node->set_wanted(std::vector<bool>(node->shape().schema.size()));
  return node;
}

/// A prepared chunk of `node`.
inline std::unique_ptr<Chunk> chunk_of(const SourceNode& node, const std::vector<Sent>& records,
                                       bool end = false) {
  auto chunk = std::make_unique<Chunk>();
  chunk->source = node.index();
  chunk->batch = batch_of(records);
  chunk->arrival_us = kTimestamptzEnd;  // Nothing is too far ahead.
  chunk->end = end;
  chunk->work.resize(node.index() + 1);
  chunk->work[node.index()] = node.make_work();
  node.prepare(*chunk);
  return chunk;
}

inline std::vector<Sent> at_times(const std::vector<EventTime>& times) {
  std::vector<Sent> out;
  for (EventTime time : times) out.push_back({time});
  return out;
}

}  // namespace millrace
