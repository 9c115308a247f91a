#pragma once

/// The plugin's configuration (schema.json describes each key).

#include <memory>
#include <millrace/plugin.hpp>
#include <string>

#include "source_generate/generator.h"

namespace millrace::generate {

struct Settings {
  /// Throws config_error naming the key.
  explicit Settings(const config& cfg);

  uint64_t seed;
  uint64_t records;  ///< 0: no end.
  double rate;       ///< Records per second; 0: as fast as they are taken.
  int64_t start_us, interval_us, disorder_us;
  double late_share;
  int64_t late_by_us;
  std::string key;
  std::unique_ptr<Generator> fields;
};

}  // namespace millrace::generate
