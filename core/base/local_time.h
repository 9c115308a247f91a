#pragma once

/// Wall-clock readings in a format of the user's: `local:ZONE:PATTERN`. The pattern is strptime's,
/// English names, no locale; what it does not give stays at midnight.
/// Threads: immutable; a LocalTimeReader belongs to one.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/zone.h"

namespace millrace {

class LocalPattern {
 public:
  /// kInvalidConfig names what cannot be read, and what can.
  /// %Y %y %m %d %e %b %B %h %j %H %I %p %M %S %f %a %A %% and %F %D %T %R for several of them.
  /// %f is a fraction of a second. A blank stands for one blank or more. %a and %A are not checked.
  static Result<LocalPattern> compile(std::string_view pattern);

  /// Microseconds on the wall clock, fractions cut. Numbers may lack leading zeros. Nothing where
  /// `text` does not fit, to its last character, or names no date or time of day.
  std::optional<int64_t> read(std::string_view text) const;

 private:
  struct Step {
    char what;     ///< A conversion, or one of these:
    char literal;  ///< kLiteral: this character.
  };
  static constexpr char kLiteral = '\'', kBlank = ' ';
  struct Fields;
  static bool take(const Step& step, std::string_view& text, Fields& fields);
  static bool take_name(char what, std::string_view& text, Fields& fields);

  std::vector<Step> steps_;
};

enum class Ambiguous { kEarlier, kLater, kReject };

/// A pattern in a zone. Copies share the zone.
struct LocalTimeFormat {
  std::shared_ptr<const Zone> zone;
  LocalPattern pattern;
  Ambiguous ambiguous =
      Ambiguous::kEarlier;  ///< Of a reading that occurs twice; kReject: unusable.
};

/// Reads times in one format, and asks the zone only near a change of its offset.
class LocalTimeReader {
 public:
  explicit LocalTimeReader(LocalTimeFormat format) : format_(std::move(format)) {}
  std::optional<EventTime> read(std::string_view text);
  std::optional<EventTime> to_utc(int64_t local);

 private:
  LocalTimeFormat format_;
  /// Readings [from_, to_) occur once, at this offset.
  int64_t from_ = 0, to_ = 0, offset_us_ = 0;
};

}  // namespace millrace
