#pragma once

/// The places that are asked for: a list in the configuration, or columns of a CSV file.

#include <cstdint>
#include <millrace/plugin.hpp>
#include <string>
#include <vector>

namespace millrace::darksky {

struct Target {
  std::string name;
  double lat, lon;
};

/// Of the key `targets`. Throws config_error: a file that cannot be read, a missing column, a
/// coordinate that is none, two places of one name.
std::vector<Target> read_targets(const config& cfg);

/// `52.52,13.405`: no more than the three decimals that the service looks at (DS2).
std::string coordinates(const Target& target);

}  // namespace millrace::darksky
