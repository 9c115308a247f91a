#pragma once

/// The text part of a commit: what is no block (R34), as JSON.
///   {"format": 1, "tzdata": version, "clock": of operators that go by the wall clock,
///    "sources":   {NAME: {"identity", "settings", "snapshot": hex, "skip", "applied": records of
///    all runs, "ended": true if its end was told behind them, "seek": {PARTITION: position},
///                         "max_time", "watermark", "counters"}},
///    "operators": {NAME: {"identity", "settings", "watermark", …, "reset": true, "counters"}},
///    "sinks":     {NAME: {"state": hex, "delivered", "counters"}},
///    "closed_at": records applied when an end of input last closed all windows,
///    "fresh_begun": true}    only while a start from nothing is under way
/// Members that a release does not know are left alone by none: it writes all anew. A change that
/// an older release would misread takes a new format number.

#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace millrace {

inline constexpr int64_t kCommitMetaFormat = 1;

/// kCorrupt: not such a text. kFailed: of a newer release.
Result<JsonValue> parse_commit_meta(const std::string& text);

/// An identity as it is stored: readable, without secrets, and a hash of the whole, so that a
/// changed secret is still a change.
std::string stored_identity(const std::string& identity);

/// The member, or an empty object.
const JsonValue& member_of(const JsonValue& object, std::string_view key);

}  // namespace millrace
