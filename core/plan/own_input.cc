// Files that one pipeline reads and writes: it would feed on itself, at once or, where a pattern of
// the source matches what the sink has made, from the second run on.

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>

#include "json/document.h"
#include "plan/planner.h"

namespace millrace {
namespace {

std::string absolute(const std::string& path) {
  std::error_code error;
  return std::filesystem::absolute(path, error).lexically_normal().string();
}

/// Whether a source with this path, or pattern, reads the file, which may be yet to be made.
bool reads(const std::string& pattern, const std::string& file) {
  std::error_code error;
  return std::filesystem::weakly_canonical(pattern, error) ==
             std::filesystem::weakly_canonical(file, error) ||
         ::fnmatch(absolute(pattern).c_str(), absolute(file).c_str(), FNM_PATHNAME | FNM_PERIOD) ==
             0;
}

/// What the file sink writes; of a directory of parts the first. Empty: no such sink.
std::string file_of(const SinkConfig& sink) {
  const auto own = parse_json(sink.plugin_config, "");
  if (sink.plugin.text != "file" || !own) return {};
  if (const JsonValue* path = own->root.find("path"); path && path->is_string())
    return path->as_string();
  const JsonValue* dir = own->root.find("dir");
  if (!dir || !dir->is_string()) return {};
  const JsonValue* packed = own->root.find("compression");
  const std::string compression = packed && packed->is_string() ? packed->as_string() : "";
  return dir->as_string() + "/part-000000." + (sink.format.text == "csv" ? "csv" : "ndjson") +
         (compression == "gzip"   ? ".gz"
          : compression == "zstd" ? ".zst"
                                  : "");
}

}  // namespace

void Planner::refuse_own_input(const SinkConfig& sink) {
  const std::string file = file_of(sink);
  if (file.empty()) return;
  const auto feeds = [&](const JsonValue& in) {
    return in.is_string() && reads(in.as_string(), file);
  };
  for (const SourceConfig& source : config_.sources) {
    const auto in = parse_json(source.plugin_config, "");
    const JsonValue* read = in ? in->root.find("path") : nullptr;
    if (source.plugin.text != "file" || !read) continue;
    if (read->is_array() ? std::any_of(read->items().begin(), read->items().end(), feeds)
                         : feeds(*read)) {
      faults_.add(sink.name.where,
                  "the sink writes " + file + ", which source \"" + source.name.text + "\" reads",
                  "give it another path");
    }
  }
}

}  // namespace millrace
