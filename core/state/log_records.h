#pragma once

/// The records that the local log keeps beside its blocks: what it is, the last commit, and in a
/// copy of a changelog how far that is copied. README.md is the page. Pure, but for the random
/// numbers of a new state id.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "state/commit_log.h"

namespace millrace {

// Keys; blocks have the prefix "b" (block_key.h).
inline constexpr std::string_view kFormatKey = "f";
inline constexpr std::string_view kMetaKey = "m";
inline constexpr std::string_view kMarkKey = "p";  ///< Of a copy: u64 next, i64 wall clock.

/// 16 random bytes.
Result<std::string> random_state_id();

std::string format_record(std::string_view state_id);
/// The state id, or why this release may not touch what lies in `path`: kFailed for a newer
/// format, kCorrupt for none.
Result<std::string> parse_format(std::string_view record, const std::string& path);

std::string meta_record(uint64_t epoch, std::string_view meta);
/// kCorrupt when its checksum does not hold.
Result<Restored> parse_meta(std::string_view record, const std::string& path);

}  // namespace millrace
