#pragma once

/// The time in a record, read by this plugin itself, for the pace of a replay. Never for a result:
/// event times are the host's. Parses each record once more.

#include <millrace/plugin.hpp>
#include <optional>
#include <string>

namespace millrace::file_source {

class RecordTime {
 public:
  /// `field`: "meta.dt". A local time counts as if its zone were UTC.
  RecordTime(const context& ctx, const std::string& field, const std::string& unit);

  /// Seconds since 1970. Nullopt: not a JSON object, or nothing that can be read as a time.
  std::optional<double> seconds_of(std::string_view record) const;

  /// s, ms, us, ns, rfc3339, local:ZONE:PATTERN.
  static bool knows_unit(std::string_view unit);

 private:
  std::optional<double> seconds_in(const std::string& text) const;

  context ctx_;
  std::string pointer_;  ///< RFC 6901.
  std::string pattern_;  ///< For strptime.
  double unit_seconds_;  ///< 0: texts by the pattern.
  bool is_rfc3339_;
};

}  // namespace millrace::file_source
