#pragma once

/// Time zones of the IANA database: what a wall clock shows at an instant, and which instants a
/// wall clock's reading can mean. Read from the system's TZif files (RFC 9636) into one table per
/// zone, whose last rule is repeated for ever.
/// A question: why not Hinnant's date library? As Debian builds it, it knows no rule behind 2037
/// and not which version of the database it reads. Local times are microseconds from 1970-01-01
/// 00:00 on the wall clock, as if it were UTC. Threads: a Zone is immutable.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace millrace {

class Zone {
 public:
  /// An unknown name is kInvalidConfig with a hint, a file that does not add up is kCorrupt.
  /// "UTC" is there even without the database.
  static Result<std::shared_ptr<const Zone>> find(std::string_view name);
  /// The bytes of a TZif file, version 2 or later, without leap seconds.
  static Result<std::shared_ptr<const Zone>> parse(std::string name, std::string_view tzif);

  const std::string& name() const { return name_; }

  /// A stretch of time [begin, end) without a change of the offset; local = UTC + offset.
  struct Stretch {
    EventTime begin, end;
    int64_t offset_us;
    bool operator==(const Stretch&) const = default;
  };
  /// The stretch that holds `t`. It may be cut short far in the future, never be too long.
  Stretch at(EventTime t) const;
  int64_t to_local(EventTime t) const { return saturating_add(t, at(t).offset_us); }

  enum class Reading { kOnce, kTwice, kSkipped };
  struct Instants {
    Reading reading;
    EventTime earlier, later;  ///< Equal unless the reading occurs twice.
  };
  /// The instants at which a wall clock shows `local`. A reading that the clock skipped is taken as
  /// if the clock had gone on without the jump: 02:30 becomes 03:30 (sources TX4).
  Instants to_utc(int64_t local) const;

  /// The first instant at which a wall clock shows `local` or more. What `local` begins, begins
  /// there: also where the clock skips `local`, or comes to it twice (R8).
  EventTime first_at_or_after(int64_t local) const;

 private:
  friend class ZoneBuilder;
  explicit Zone(std::string name) : name_(std::move(name)) {}

  size_t find_stretch(EventTime t) const;
  Stretch stretch(size_t i) const;

  std::string name_;
  std::vector<EventTime> begins_;    ///< Ascending; the first is kTimeNone.
  std::vector<int64_t> offsets_us_;  ///< By stretch.
  /// From here on the table repeats after kCycleUs; kTimeMax: the last stretch goes on for ever.
  EventTime cycle_from_ = kTimeMax;
};

/// The version of the system's database ("2025b"), or "unknown".
std::string tzdata_version();

}  // namespace millrace
