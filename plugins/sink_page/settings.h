#pragma once

/// The plugin's configuration (schema.json describes each key).

#include <cstdint>
#include <millrace/plugin.hpp>
#include <optional>
#include <string>

#include "common/feed/address.h"

namespace millrace::page_sink {

struct Settings {
  /// Throws config_error naming the key.
  explicit Settings(const config& cfg);

  std::string listen;                    ///< As written; sinks with the same one share a page.
  std::optional<feed::Address> address;  ///< Nothing: the page is only a file.
  std::string file;                      ///< Empty: none.
  std::string title;                     ///< Empty: not said here.
  std::string charts;                    ///< JSON array of charts, as the page's script reads them.
  uint64_t history;                      ///< Rows that a page begins with.
};

}  // namespace millrace::page_sink
