#include "source_darksky/targets.h"

#include <charconv>
#include <cmath>
#include <fstream>
#include <set>

namespace millrace::darksky {
namespace {

/// One line of CSV as fields (RFC 4180, without line ends inside quotes: names of places have
/// none).
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += '"';
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else if (c != '\r' && c != '\n') {
      fields.back() += c;
    }
  }
  return fields;
}

double number_of(const std::string& text, const std::string& where) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw config_error(where + ": \"" + text + "\" is not a number");
  }
  return number;
}

size_t column_of(const std::vector<std::string>& names, const std::string& name,
                 const std::string& file) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return i;
  }
  throw config_error("targets.file: " + file + " has no column \"" + name + "\"");
}

std::vector<Target> read_file(const config& cfg) {
  const std::string file = cfg.str("/targets/file");
  std::ifstream in(file);
  std::string line;
  if (!in || !std::getline(in, line)) throw config_error("targets.file: cannot read " + file);
  if (line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
  const auto names = fields_of(line);
  const size_t name = column_of(names, cfg.str("/targets/name", "name"), file);
  const size_t lat = column_of(names, cfg.str("/targets/lat", "lat"), file);
  const size_t lon = column_of(names, cfg.str("/targets/lon", "lon"), file);
  const auto limit = static_cast<size_t>(cfg.i64("/targets/limit", 0));
  std::vector<Target> targets;
  for (size_t number = 2; std::getline(in, line); ++number) {
    const auto fields = fields_of(line);
    const std::string where = file + ":" + std::to_string(number);
    if (fields.size() == 1 && fields[0].empty()) continue;
    if (fields.size() < names.size()) throw config_error(where + ": fewer fields than the header");
    if (fields[name].empty()) continue;  // A place without that name is not asked for.
    targets.push_back({fields[name], number_of(fields[lat], where), number_of(fields[lon], where)});
    if (limit > 0 && targets.size() == limit) break;
  }
  return targets;
}

void check(const std::vector<Target>& targets) {
  if (targets.empty()) throw config_error("targets: at least one place is wanted");
  std::set<std::string> names;
  for (const Target& target : targets) {
    if (!names.insert(target.name).second) {
      throw config_error("targets: two places are called \"" + target.name + "\"");
    }
    if (!(std::fabs(target.lat) <= 90) || !(std::fabs(target.lon) <= 180)) {
      throw config_error("targets: " + target.name + " is nowhere on earth");
    }
  }
}

void add_degrees(double degrees, std::string& out) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, degrees, std::chars_format::fixed, 3);
  std::string_view number(text, static_cast<size_t>(end.ptr - text));
  while (number.ends_with('0')) number.remove_suffix(1);
  if (number.ends_with('.')) number.remove_suffix(1);
  out += number == "-0" ? "0" : number;
}

}  // namespace

std::vector<Target> read_targets(const config& cfg) {
  std::vector<Target> targets;
  if (cfg.type("targets") == MR_JSON_OBJECT) {
    targets = read_file(cfg);
  } else {
    for (const config& one : cfg.list("targets")) {
      targets.push_back({one.str("name"), one.f64("lat"), one.f64("lon")});
    }
  }
  check(targets);
  return targets;
}

std::string coordinates(const Target& target) {
  std::string out;
  add_degrees(target.lat, out);
  out += ',';
  add_degrees(target.lon, out);
  return out;
}

}  // namespace millrace::darksky
