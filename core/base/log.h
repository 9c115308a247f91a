#pragma once

/// The log: one line per event on stderr, `HH:MM:SS level text`. Never a secret, never a record's
/// payload. Only fmt/core.h is included here, since half the program includes this header.
/// Threads: any.

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace millrace {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

void set_log_level(LogLevel level);
LogLevel log_level();
void log_line(LogLevel level, std::string_view text);

/// Masks `secret` in every later log line. Short secrets (< 4 bytes) are ignored: masking
/// them would garble the text without hiding anything.
void hide_in_log(std::string_view secret);
/// `text` with every hidden secret masked; what prints outside the log calls this itself.
std::string masked(std::string_view text);

inline void log_debug(std::string_view text) { log_line(LogLevel::kDebug, text); }
inline void log_info(std::string_view text) { log_line(LogLevel::kInfo, text); }
inline void log_warn(std::string_view text) { log_line(LogLevel::kWarn, text); }
inline void log_error(std::string_view text) { log_line(LogLevel::kError, text); }

}  // namespace millrace
