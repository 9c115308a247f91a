#pragma once

/// Who may ask which server when. A Retry-After binds every instance in the process that talks to
/// the same origin (H4, D10), so that the second source of a pipeline does not knock where the
/// first was just sent away. Token buckets (H6) will live here, too.
/// Threads: any.

#include <map>
#include <mutex>
#include <string>

#include "common/http/clock.h"

namespace millrace::http {

class HostGate {
 public:
  /// The one of this library.
  static HostGate& shared();

  /// No request to `origin` before `until`.
  void hold(const std::string& origin, Micros until);
  /// When the next request may leave; in the past: now.
  Micros open_at(const std::string& origin) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Micros> held_;  // Guarded by mutex_.
};

}  // namespace millrace::http
