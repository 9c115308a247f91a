#pragma once

/// The inputs of a node in InputWatermarks' terms, and its place in the commit.

#include "json/value.h"
#include "nodes/node.h"
#include "window/input_watermarks.h"

namespace millrace {

/// W of `node` in front of `place` of the chunk. Inputs that the chunk's source does not reach
/// stand still; those that are idle or at their end hold nobody back (R15).
EventTime merge_inputs(const Node& node, const Chunk& chunk, uint32_t place,
                       InputWatermarks& merged);

void save_merged(const InputWatermarks& merged, JsonValue& meta);
void restore_merged(const JsonValue& meta, InputWatermarks& merged);

}  // namespace millrace
