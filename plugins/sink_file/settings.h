#pragma once

/// The keys of the configuration, as the plugin uses them. schema.json describes them to users.

#include <millrace/plugin.hpp>

#include "common/compress/codec.h"

namespace millrace::file_sink {

struct Settings {
  /// Throws config_error for what the schema cannot judge. No I/O.
  explicit Settings(const config& cfg);

  std::string path;  ///< Exactly one of these two is not empty.
  std::string dir;
  bool csv = false;
  std::string header;  ///< First line of a new CSV file, without its line end; may be empty.
  compress::Compression compression = compress::Compression::kNone;
  uint64_t roll_size = 0;
  std::chrono::microseconds roll_every{0};  ///< 0 = never by age.

  /// ".ndjson", ".csv.gz"…
  std::string extension() const;
};

}  // namespace millrace::file_sink
