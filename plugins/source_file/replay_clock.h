#pragma once

/// Lets recorded records go at the pace at which they happened, times `speed`: the record of time t
/// is due at start + (t - t0) / speed, where t0 is the first record of this run. Only the pace
/// depends on it, never a result: windows look at event times. Not for the hot path, since each
/// record is parsed once more; at a pace that somebody watches that does not matter.

#include <millrace/plugin.hpp>

#include "settings.h"

namespace millrace::file_source {

class ReplayClock {
 public:
  ReplayClock(const context& ctx, const ReplaySettings& settings);

  /// Whether `record`, a JSON object, may go now. One without a usable time may.
  bool due(std::string_view record);

  /// s, ms, us, ns, rfc3339, local:ZONE:PATTERN.
  static bool knows_unit(std::string_view unit);

 private:
  std::optional<double> seconds_of(std::string_view record) const;
  std::optional<double> seconds_in(const std::string& text) const;

  context ctx_;
  double speed_;
  std::string pointer_;  ///< RFC 6901.
  std::string pattern_;  ///< For strptime.
  double unit_seconds_;  ///< 0: texts by the pattern.
  bool is_rfc3339_;
  std::optional<double> first_;
  double started_ = 0;
};

}  // namespace millrace::file_source
