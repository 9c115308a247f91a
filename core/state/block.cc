#include "state/block.h"

#include <fmt/core.h>

namespace millrace {

std::string to_text(const BlockId& id) {
  return fmt::format("{} slice {} shard {} block {}", id.op, id.slice, id.shard, id.number);
}

}  // namespace millrace
