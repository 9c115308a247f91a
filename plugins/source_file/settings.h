#pragma once

/// The keys of the configuration, as the plugin uses them. schema.json describes them to users.

#include <millrace/plugin.hpp>

#include "common/compress/codec.h"
#include "encoding.h"

namespace millrace::file_source {

enum class Format { kNdjson, kCsv, kLines };

/// A column of the records that a CSV file becomes.
struct NamedColumn {
  std::string name;
  std::vector<std::string> accepted;  ///< Names in the file's header that mean this column.
};

struct CsvSettings {
  char delimiter = ',';
  char quote = '"';
  bool quotes = true;  ///< False: the quote character is nothing special.
  bool header = true;  ///< The first row of each file names the columns.
  std::vector<std::string> null_texts;
  std::vector<std::string> names;    ///< Given as a list: the columns in the order of the file.
  std::vector<NamedColumn> renamed;  ///< Given as a map: found by the names in the header.
};

struct ReplaySettings {
  double speed = 0;        ///< 0 = as fast as taken.
  std::string time_field;  ///< "meta.dt"
  std::string unit;
};

struct Settings {
  /// Throws config_error for what the schema cannot judge. No I/O.
  explicit Settings(const config& cfg);

  std::vector<std::string> paths;  ///< Names and patterns.
  Format format = Format::kNdjson;
  Encoding encoding = Encoding::kUtf8;
  std::optional<compress::Compression> compression;  ///< nullopt: by the first bytes of each file.
  CsvSettings csv;
  ReplaySettings replay;
  bool follow = false;
  bool parallel = false;  ///< Files are merged by event time.
  uint64_t max_record = 0;
};

}  // namespace millrace::file_source
