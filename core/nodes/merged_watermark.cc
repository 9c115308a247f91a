#include "nodes/merged_watermark.h"

namespace millrace {

EventTime merge_inputs(const Node& node, const Chunk& chunk, uint32_t place,
                       InputWatermarks& merged) {
  const auto& inputs = node.inputs();
  const auto w_of = [&](size_t i) {
    const Node& input = *inputs[i].node;
    return input.reached_from(chunk.source) ? input.watermarks(chunk)[place] : input.watermark();
  };
  // Behind the end of all there is MAX to come, which is no idleness.
  const auto idle = [&](size_t i) {
    return (inputs[i].node->idle() || inputs[i].node->at_end()) && w_of(i) != kTimeMax;
  };
  return merged.take(w_of, idle);
}

void save_merged(const InputWatermarks& merged, JsonValue& meta) {
  meta.set("merged_watermark", JsonValue::integer(merged.held()));
  JsonValue& counts = meta.set("merged_inputs", JsonValue::array());
  for (uint8_t one : merged.counts()) counts.push_back(JsonValue::integer(one));
}

void restore_merged(const JsonValue& meta, InputWatermarks& merged) {
  const JsonValue* held = meta.find("merged_watermark");
  const JsonValue* counts = meta.find("merged_inputs");
  if (!held || !held->is_int() || !counts || !counts->is_array()) return;
  std::vector<uint8_t> flags;
  for (const JsonValue& one : counts->items()) flags.push_back(one.is_int() && one.as_int() != 0);
  merged.restore(held->as_int(), std::move(flags));
}

}  // namespace millrace
