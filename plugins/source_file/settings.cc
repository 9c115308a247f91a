#include "settings.h"

#include <algorithm>

#include "record_time.h"

namespace millrace::file_source {
namespace {

Format read_format(const config& cfg) {
  const std::string name = cfg.str("format", "ndjson");
  if (name == "ndjson") return Format::kNdjson;
  if (name == "csv") return Format::kCsv;
  if (name == "lines") return Format::kLines;
  throw config_error("format: \"" + name + "\" is none of ndjson, csv, lines");
}

Encoding read_encoding(const config& cfg) {
  const std::string name = cfg.str("encoding", "utf-8");
  if (const auto encoding = encoding_named(name)) return *encoding;
  throw config_error("encoding: \"" + name + "\" is none of utf-8, latin1, cp1252, utf-16le");
}

std::optional<compress::Compression> read_compression(const config& cfg) {
  const std::string name = cfg.str("compression", "auto");
  if (name == "auto") return std::nullopt;
  if (const auto compression = compress::compression_named(name)) return compression;
  throw config_error("compression: \"" + name + "\" is none of auto, none, gzip, zstd");
}

/// One character of ASCII, because the others are several bytes.
char read_character(const std::string& text, const char* key) {
  if (text.size() == 1 && text[0] > 0 && text[0] != '\n' && text[0] != '\r') return text[0];
  throw config_error(std::string(key) + ": must be one ASCII character, is \"" + text + "\"");
}

void read_columns(const config& cfg, CsvSettings& to) {
  const uint32_t type = cfg.type("columns");
  if (type == MR_JSON_ARRAY) {
    to.names = cfg.strings("columns");
  } else {
    for (const auto& [name, accepted] : cfg.members("columns")) {
      to.renamed.push_back({name, accepted.strings("")});
    }
  }
  to.header = cfg.flag("header", type != MR_JSON_ARRAY);
  if (to.header || !to.names.empty()) return;
  throw config_error(to.renamed.empty()
                         ? "columns: needed, because the file has no header: a list of names"
                         : "columns: a map needs the names in a header; without one give a list");
}

void refuse_twice(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) throw config_error("columns: \"" + *twice + "\" is there twice");
}

CsvSettings read_csv(const config& cfg) {
  CsvSettings to;
  to.delimiter = read_character(cfg.str("delimiter", ","), "delimiter");
  const std::string quote = cfg.str("quote", "\"");
  to.quotes = !quote.empty();
  if (to.quotes) to.quote = read_character(quote, "quote");
  if (to.quotes && to.quote == to.delimiter) {
    throw config_error("quote: must differ from delimiter");
  }
  to.null_texts = cfg.strings("null");
  std::erase(to.null_texts, "");  // Nothing is NULL anyway.
  read_columns(cfg, to);
  refuse_twice(to.names);
  return to;
}

std::string text_at(const config& cfg, const char* pointer) {
  return cfg.type(pointer) == MR_JSON_STRING ? cfg.str(pointer) : "";
}

/// The time to go by is the event time, unless another is named.
void read_replay_time(const config& cfg, ReplaySettings& to) {
  const std::string event_field = text_at(cfg, "/event_time/field");
  to.time_field = text_at(cfg, "/replay/time_field");
  if (to.time_field.empty()) to.time_field = event_field;
  to.unit = text_at(cfg, "/replay/unit");
  if (to.unit.empty() && to.time_field == event_field) to.unit = text_at(cfg, "/event_time/unit");
  if (to.unit.empty()) to.unit = "rfc3339";
}

ReplaySettings read_replay(const config& cfg, Format format) {
  ReplaySettings to;
  read_replay_time(cfg, to);
  if (cfg.type("/replay/speed") == MR_JSON_STRING) {
    const std::string word = cfg.str("/replay/speed");
    if (word != "max") throw config_error("replay.speed: must be \"max\" or a number");
  } else {
    to.speed = cfg.f64("/replay/speed", 0);
  }
  if (!(to.speed >= 0 && to.speed <= 1e12)) throw config_error("replay.speed: out of range");
  if (to.speed == 0) return to;
  if (format == Format::kLines) throw config_error("replay.speed: lines have no time");
  if (to.time_field.empty()) {
    throw config_error(
        "replay.time_field: needed for a speed, where event_time names no field with a record's "
        "time");
  }
  if (!RecordTime::knows_unit(to.unit)) {
    throw config_error("replay.unit: \"" + to.unit +
                       "\" is none of s, ms, us, ns, rfc3339, local:ZONE:PATTERN");
  }
  return to;
}

/// Files are merged by the event time that the host reads of their records.
bool read_parallel(const config& cfg, Format format, bool follow) {
  if (!cfg.flag("parallel", false)) return false;
  if (follow) throw config_error("parallel: files that are followed have no common order yet");
  if (format == Format::kLines) throw config_error("parallel: lines have no time");
  if (text_at(cfg, "/event_time/field").empty()) {
    throw config_error("parallel: needs event_time with a field: files are merged by it");
  }
  return true;
}

}  // namespace

Settings::Settings(const config& cfg) {
  paths = cfg.strings("path");
  if (paths.empty()) throw config_error("path: missing");
  for (const std::string& path : paths) {
    if (path.empty() || path.find('\0') != path.npos) throw config_error("path: not a file name");
  }
  format = read_format(cfg);
  encoding = read_encoding(cfg);
  compression = read_compression(cfg);
  if (format == Format::kCsv) csv = read_csv(cfg);
  replay = read_replay(cfg, format);
  follow = cfg.flag("follow", false);
  max_record = cfg.bytes("max_record", 16 << 20);
  if (max_record == 0 || max_record > (1u << 30)) {
    throw config_error("max_record: must be between 1B and 1GiB");
  }
  parallel = read_parallel(cfg, format, follow);
}

}  // namespace millrace::file_source
