#pragma once

/// The plugin's configuration (schema.json describes each key).

#include <millrace/plugin.hpp>
#include <string>
#include <vector>

#include "common/http/settings.h"
#include "common/poll/poller.h"
#include "source_darksky/targets.h"

namespace millrace::darksky {

enum class Emit { kCurrently, kHourly, kDaily, kDocument };

struct Settings {
  /// Throws config_error naming the key.
  Settings(const context& ctx, const config& cfg);
  /// What the schema cannot say: above all whether the quota carries the plan (DS9). Throws
  /// config_error.
  void check() const;

  bool is_pirate;
  std::string url, history_url, api_key;
  bool key_in_path;
  std::vector<Target> targets;
  std::string query;  ///< `units=si&exclude=…`, without the question mark.
  Emit emit;
  bool missing_is_null;
  double quota;  ///< Calls per `quota_period`; 0: unlimited.
  http::Micros quota_period;
  http::HttpSettings http;
  poll::PollOptions poll;
};

}  // namespace millrace::darksky
