#pragma once

/// What the configuration says, checked as far as that needs no database.

#include <millrace/plugin.hpp>
#include <string>
#include <vector>

namespace millrace::postgres_sink {

struct Settings {
  explicit Settings(const config& cfg);  ///< Throws config_error.

  std::string url;
  std::string schema, table;  ///< `schema` empty: the first of the search path.
  bool upsert = false, create = true;
  std::vector<std::string> key;
};

}  // namespace millrace::postgres_sink
