#pragma once

/// Who may ask which server when. A Retry-After binds every instance in the process that talks to
/// the same origin (H4, D10), so that the second source of a pipeline does not knock where the
/// first was just sent away; and all of them together keep to a rate (H6).
/// "The process" is this library: each plugin has its own copy.
/// Threads: any.

#include <map>
#include <mutex>
#include <string>

#include "common/http/clock.h"

namespace millrace::http {

struct Rate {
  double per_second = 0;  ///< 0: no limit.
  double burst = 1;
};

class HostGate {
 public:
  /// The one of this library.
  static HostGate& shared();

  /// No request to `origin` before `until`.
  void hold(const std::string& origin, Micros until);
  /// When the next request may leave; in the past: now.
  Micros open_at(const std::string& origin) const;

  /// Takes `cost` tokens of the bucket `name` (a host and a credential) if they are there at `now`;
  /// else nothing is taken, and the time when they will be is returned. 0: taken. A rate of 0 is
  /// no limit. The first call of a name fills its bucket.
  Micros take(const std::string& name, const Rate& rate, double cost, Micros now);

 private:
  struct Bucket {
    double tokens;
    Micros filled;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Micros> held_;     // Guarded by mutex_.
  std::map<std::string, Bucket> buckets_;  // Guarded by mutex_.
};

}  // namespace millrace::http
