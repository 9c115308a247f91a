#pragma once

/// Reading JSON text: RFC 8259, valid UTF-8, no duplicate keys, bounded depth; optionally
/// comments and trailing commas. Faults carry the place as `file:line:column`.

#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace millrace {

struct JsonReadOptions {
  bool comments = false;         ///< `// …` and `/* … */`.
  bool trailing_commas = false;  ///< `[1,]`, `{"a":1,}`.
  uint32_t depth_max = 200;      ///< Nested arrays and objects; the tree is walked recursively.

  /// What a configuration may contain.
  static JsonReadOptions config() { return {true, true, 200}; }
};

/// A parsed text together with its name, so that later faults can say where.
struct JsonDocument {
  std::string file_name;
  JsonValue root;

  /// `file:line:column: /pointer: message` for a value of this tree; parts that are unknown
  /// are left out.
  std::string fault(const JsonValue& node, std::string_view message) const;
};

/// The same text from its parts.
std::string json_fault(std::string_view file_name, JsonPosition position, std::string_view pointer,
                       std::string_view message);

/// kInvalidConfig with `file:line:column: …`. Copies what it needs; `text` may go afterwards.
/// A byte order mark in front is skipped. Nothing but blanks may follow the value.
Result<JsonDocument> parse_json(std::string_view text, std::string_view file_name,
                                const JsonReadOptions& options = {});

}  // namespace millrace
