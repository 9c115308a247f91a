#pragma once

/// Tells messages apart without a language: a message fits a pattern if it has every member of it,
/// with the same value. Pure. Threads: one.

#include <millrace/plugin.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::websocket_source {

class Pattern {
 public:
  /// An object of the configuration: `{"op":"pong"}`, `{"/x/kind":"test"}` (a key that begins with
  /// a slash is a JSON pointer); or a text, which must be the whole message.
  explicit Pattern(const config& spec);

  bool fits(std::string_view message) const;

 private:
  std::string whole_;                                         ///< Empty: members_ decide.
  std::vector<std::pair<std::string, std::string>> members_;  ///< Pointer → JSON.
};

bool fits_any(const std::vector<Pattern>& patterns, std::string_view message);

}  // namespace millrace::websocket_source
