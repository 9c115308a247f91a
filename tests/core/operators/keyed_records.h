#pragma once

/// Records with keys and null values, and a graph of nodes that is played over them, without
/// plugins.

#include "columns/json_encode.h"
#include "core/nodes/chunks.h"
#include "nodes/graph.h"

namespace millrace {

struct Keyed {
  std::optional<std::string> key;
  std::optional<std::string> value;  ///< None: a null value, as of a Kafka tombstone.
};

inline BatchRef keyed_batch(const std::vector<Keyed>& records) {
  mr_need need{};
  need.struct_size = sizeof need;
  need.records = static_cast<uint32_t>(records.size());
  need.columns = MR_COL_KEY | MR_COL_TIME;
  for (const Keyed& record : records) {
    need.value_bytes += record.value ? record.value->size() : 0;
    need.key_bytes += record.key ? record.key->size() : 0;
  }
  mr_room room{};
  room.struct_size = sizeof room;
  BatchBuilder builder;
  EXPECT_EQ(builder.reserve(need, room), MR_OK);
  uint32_t values = 0, keys = 0;
  const auto put = [](const std::optional<std::string>& text, auto* bytes, uint32_t& used) {
    if (!text) return mr_span{0, MR_NULL_LEN};
    if (!text->empty()) std::memcpy(bytes + used, text->data(), text->size());
    const mr_span span{used, static_cast<uint32_t>(text->size())};
    used += span.len;
    return span;
  };
  for (size_t i = 0; i < records.size(); ++i) {
    room.value_spans[i] = put(records[i].value, room.value, values);
    room.key_spans[i] = put(records[i].key, room.key, keys);
    room.time_us[i] = static_cast<int64_t>(i);
  }
  EXPECT_EQ(builder.commit(need.records), MR_OK);
  return builder.take().batches.at(0).batch;
}

/// Prepares the nodes of a graph once its last one is there: all fields are wanted.
inline void finish_graph(Graph& graph) {
  graph.finish();
  for (const auto& node : graph.nodes)
    node->set_wanted(std::vector<bool>(node->shape().schema.size(), true));
}

/// Plays records through the graph, whose first node is the source; the rows of a port, a line
/// each.
inline std::string play(Graph& graph, const std::vector<Keyed>& records, const Node& from,
                        Port port = Port::kMain) {
  Chunk chunk;
  chunk.source = 0;
  chunk.batch = keyed_batch(records);
  chunk.arrival_us = kTimestamptzEnd;
  for (const auto& node : graph.nodes) chunk.work.push_back(node->make_work());
  for (const auto& node : graph.nodes) {
    if (node->index() == 0) node->prepare(chunk);
  }
  for (const auto& node : graph.nodes) {
    if (node->index() != 0) node->prepare(chunk);
    const auto applied = node->apply(chunk, {0, chunk.records, true});
    EXPECT_TRUE(applied) << applied.error().message;
  }
  const RowsView& view = chunk.work[from.index()]->now[port];
  const Shape& shape = from.shape(port);
  const JsonRowEncoder encoder(shape.visible_names(), shape.omitted_when_null);
  ByteBuffer out;
  for (uint32_t i = 0; i < view.live.count; ++i) {
    encoder.write(view.rows->columns.data(), view.live[i], out);
    out.append('\n');
  }
  return std::string(out.view());
}

}  // namespace millrace
