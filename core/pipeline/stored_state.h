#pragma once

/// Looks at a pipeline's state, and alters it while nothing runs: `millrace state`. Every change
/// is one commit of its own, so a crash leaves the state before or after it. Threads: one.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "state/commit_log.h"

namespace millrace {

/// What the last commit holds: {"commit", "state_id", "bytes_on_disk", "sources": {NAME:
/// {"snapshot", "skip", "seek"?, "watermark", "max_time", "counters"}}, "operators": {NAME:
/// {"watermark"?, "slices", "first_slice"?, "last_slice"?, "blocks", "bytes", "counters"}},
/// "sinks": {NAME: {"delivered"?, "waiting_commits", "waiting_bytes", "counters"}}}. Times are RFC
/// 3339. kFailed: nothing was committed yet.
Result<JsonValue> describe_state(CommitLog& log);

/// A position to go on behind, for a source that can seek.
struct SeekTo {
  std::string source;
  uint32_t partition = 0;
  uint64_t position = 0;
};
/// `NAME/PARTITION=POSITION`. kInvalidConfig.
Result<SeekTo> parse_seek(const std::string& text);

/// Drops the state of these sources, operators and sinks, and lets sources go on elsewhere. The
/// watermark stays where it was. kInvalidConfig: a name that has no state.
Result<void> alter_state(CommitLog& log, const std::vector<std::string>& forget,
                         const std::vector<SeekTo>& seeks);

/// The whole state as lines of JSON: first {"millrace_state": 1, "commit": n, "meta": {…}}, then
/// {"operator", "slice", "shard", "number", "block": hex} for each block.
Result<void> export_state(CommitLog& log,
                          const std::function<Result<void>(std::string_view line)>& write);
/// Replaces the state in `log`, which may be empty, by what export_state() wrote; as one commit,
/// behind the last one of both. kCorrupt: not such a file, or a damaged one: nothing is changed.
Result<void> import_state(CommitLog& log, const std::vector<std::string>& lines);

}  // namespace millrace
