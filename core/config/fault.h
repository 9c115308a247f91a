#pragma once

/// Faults of a configuration: everything wrong is collected and told at once, each with its place.
/// One fault reads `config.json:12:7: /operators/per_minute/windw: unknown key; did you mean
/// "window"?`. Later stages (planner, expressions) add theirs through `Faults::add(where, …)`.
/// Texts that leave this header are masked: no secret of base/log.h is in them.
/// Threads: one Faults is used by one thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace {

/// A place in the configuration. Copies freely; needs no document.
struct Where {
  uint32_t line = 0;    ///< From 1; 0: nobody wrote it (a default), or it came from `origin`.
  uint32_t column = 0;  ///< From 1, in bytes.
  std::string pointer;  ///< RFC 6901, "" = the whole configuration.
  std::string origin;   ///< Empty: the configuration file. Else e.g. `--set a.b=c`.
};

struct ConfigFault {
  std::string file;  ///< Or the origin, e.g. `--set a.b=c`. May be empty.
  uint32_t line = 0;
  uint32_t column = 0;
  std::string pointer;
  std::string message;  ///< What was expected and what was found; no full stop.
  std::string hint;     ///< What to do, e.g. `did you mean "window"?`. May be empty.
  std::string snippet;  ///< Lines to show below, e.g. an expression and a caret. May be empty.

  /// `file:line:column: pointer: message; hint`, then the snippet on lines of its own.
  std::string text() const;
};

class Faults {
 public:
  /// `file_name` stands in front of every fault whose place has no other origin.
  explicit Faults(std::string file_name = {}) : file_name_(std::move(file_name)) {}

  void add(ConfigFault fault);
  void add(const Where& where, std::string message, std::string hint = {},
           std::string snippet = {});

  bool empty() const { return faults_.empty(); }
  /// Further faults are only counted: a thousand are more than anybody reads.
  bool full() const { return faults_.size() >= kFaultsMax; }
  size_t size() const { return faults_.size(); }
  const std::string& file_name() const { return file_name_; }
  /// Whether the value at `pointer` or anything in it is at fault already, so that a later check
  /// does not complain about the consequences.
  bool any_below(std::string_view pointer) const;
  /// By file position; what came from `--set` after that, places nobody wrote last.
  std::vector<ConfigFault> sorted() const;
  /// All of them, sorted, one per line, no newline at the end.
  std::string text() const;
  /// kInvalidConfig with text(). Asserts that there is at least one fault.
  Error error() const;

 private:
  static constexpr size_t kFaultsMax = 1000;
  std::string file_name_;
  std::vector<ConfigFault> faults_;
  size_t uncollected_ = 0;
};

/// `did you mean "window"?`, or empty when no candidate is near.
std::string spelling_hint(std::string_view wrong, const std::vector<std::string>& candidates);

}  // namespace millrace
