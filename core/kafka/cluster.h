#pragma once

/// What others must know of a cluster and of a group, without librdkafka.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace millrace::kafka {

/// A cluster, and how to be let in.
struct Cluster {
  std::string brokers;
  /// librdkafka's own, by name. May hold secrets.
  std::vector<std::pair<std::string, std::string>> properties;
};

/// Whether librdkafka knows the properties, none is ours to set, and commits get the time they
/// need. kInvalidConfig.
Result<void> check_properties(const Cluster& cluster);

/// What a consumer group says to a member.
struct GroupChange {
  enum class What { kNone, kGiven, kTaken } what = What::kNone;
  bool lost = false;           ///< Taken without asking: what was not committed is somebody else's.
  std::vector<int32_t> tasks;  ///< Given: all that are ours now.
};

}  // namespace millrace::kafka
