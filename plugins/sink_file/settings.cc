#include "settings.h"

#include <sys/stat.h>

#include "common/local_file/local_file.h"

namespace millrace::file_sink {
namespace {

constexpr uint64_t kRollSize = 128 << 20;

bool read_csv(const config& cfg) {
  const std::string name = cfg.str("format", "ndjson");
  if (name != "ndjson" && name != "csv") {
    throw config_error("format: \"" + name + "\" is none of ndjson, csv");
  }
  return name == "csv";
}

compress::Compression read_compression(const config& cfg) {
  const std::string name = cfg.str("compression", "none");
  if (const auto compression = compress::compression_named(name)) return *compression;
  throw config_error("compression: \"" + name + "\" is none of none, gzip, zstd");
}

/// What stands there already must be a regular file.
void check_kind(const std::string& path) {
  struct stat found;
  if (path.empty() || stat(path.c_str(), &found) != 0) return;
  if (S_ISDIR(found.st_mode)) {
    throw config_error("path: " + path + " is a directory; for parts use dir");
  }
  const auto kind = local_file::other_kind(found.st_mode);
  if (kind.empty()) return;
  throw config_error("path: " + path + " is " + std::string(kind) +
                     "; rows can be taken back only from a regular file. To hand rows to another "
                     "program, redirect those of the sink stdout");
}

void check_place(const Settings& settings, const config& cfg) {
  if (settings.path.empty() == settings.dir.empty()) {
    throw config_error(settings.path.empty() ? "path: needed (one file), or dir (rolled parts)"
                                             : "path and dir: only one of them");
  }
  if ((settings.path + settings.dir).find('\0') != std::string::npos) {
    throw config_error("path: not a file name");
  }
  if (!settings.path.empty() && settings.path.ends_with('/')) {
    throw config_error("path: \"" + settings.path + "\" is a directory; for parts use dir");
  }
  check_kind(settings.path);
  if (settings.dir.empty() && cfg.has("roll")) {
    throw config_error("roll: only with dir; a path is one file");
  }
  if (cfg.flag("shared", false)) {
    throw config_error("shared: true is not in this version; give each pipeline its own dir");
  }
}

}  // namespace

Settings::Settings(const config& cfg)
    : path(cfg.str("path", "")),
      dir(cfg.str("dir", "")),
      csv(read_csv(cfg)),
      header(csv ? cfg.str("csv_header", "") : ""),
      compression(read_compression(cfg)),
      roll_size(cfg.bytes("/roll/size", kRollSize)),
      roll_every(cfg.duration("/roll/every", std::chrono::microseconds(0))) {
  check_place(*this, cfg);
  while (dir.size() > 1 && dir.ends_with('/')) dir.pop_back();
}

std::string Settings::extension() const {
  std::string text = csv ? ".csv" : ".ndjson";
  if (compression == compress::Compression::kGzip) text += ".gz";
  if (compression == compress::Compression::kZstd) text += ".zst";
  return text;
}

}  // namespace millrace::file_sink
