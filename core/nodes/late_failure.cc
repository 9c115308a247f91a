#include "nodes/late_failure.h"

#include <fmt/core.h>

#include "base/duration.h"
#include "nodes/error_rows.h"

namespace millrace {
namespace {

constexpr size_t kShownBytes = 200;

/// Null: none of those above has that index.
const Node* source_above(const Node& node, uint32_t source) {
  if (node.inputs().empty()) return node.index() == source ? &node : nullptr;
  for (const Input& input : node.inputs()) {
    if (const Node* found = source_above(*input.node, source)) return found;
  }
  return nullptr;
}

std::string shown(std::string_view bytes) {
  if (bytes.size() <= kShownBytes) return std::string(bytes);
  size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(bytes[end]) & 0xC0) == 0x80) --end;
  return std::string(bytes.substr(0, end)) + "…";
}

}  // namespace

Error late_failure(const Node& op, const Chunk& chunk, const LateRecord& late) {
  ByteArena store;
  FailedRow failed;
  describe_row(*late.rows, *late.shape, late.row, store, failed);
  const Node* source = source_above(op, chunk.source);
  std::string place = source ? "source " + source->name() : std::string("a source");
  // Rows of an operator in front have no place of their own: that of what released them.
  if (failed.record < chunk.records) {
    place += fmt::format(", partition {}, position {}", chunk.batch.partition(failed.record),
                         chunk.batch.position(failed.record));
  }
  return Error{Code::kFailed,
               fmt::format("{}: a record is late, and `late` is \"fail\": {}, event time {}, {} "
                           "late at watermark {}: {}",
                           op.name(), place, format_rfc3339(failed.time),
                           format_duration(saturating_sub(late.w, late.over_at)),
                           format_rfc3339(late.w), shown(failed.bytes))};
}

}  // namespace millrace
