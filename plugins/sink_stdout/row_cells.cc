#include "row_cells.h"

#include <algorithm>

#include "common/json/json_reader.h"

namespace millrace::stdout_sink {
namespace {

constexpr int kDepthMax = 16;  // What is deeper is shown as "…": the cell ends long before.

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
}

std::string string_text(std::string_view raw) {
  json::JsonReader reader;
  std::string text;
  return reader.text(raw, text) ? text : std::string(raw);
}

bool is_nested(std::string_view raw) { return raw.starts_with('{') || raw.starts_with('['); }

/// Numbers as they are written: read as float8 a long one would become another.
std::string nested_text(std::string_view raw, int depth) {
  raw = trimmed(raw);
  if (raw.starts_with('"')) return '"' + string_text(raw) + '"';
  if (!is_nested(raw)) return std::string(raw);
  if (depth == kDepthMax) return "\u2026";
  const bool is_object = raw.starts_with('{');
  std::string text(1, is_object ? '{' : '[');
  const auto add = [&](std::string_view value) {
    if (text.size() > 1) text += ", ";
    text += value;
  };
  json::JsonReader reader;
  const bool whole =
      is_object ? reader.members(raw,
                                 [&](std::string_view key, std::string_view value) {
                                   add(std::string(key) + ": " + nested_text(value, depth + 1));
                                 })
                : reader.elements(
                      raw, [&](std::string_view value) { add(nested_text(value, depth + 1)); });
  return whole ? text += is_object ? '}' : ']' : std::string(raw);
}

Cell cell_of(std::string_view raw) {
  raw = trimmed(raw);
  if (json::is_null(raw)) return {.text = "", .is_number = false, .is_null = true};
  if (raw.starts_with('"')) return {.text = printable(string_text(raw))};
  const bool is_number = raw.starts_with('-') || (raw[0] >= '0' && raw[0] <= '9');
  return {.text = printable(nested_text(raw, 0)), .is_number = is_number, .is_null = false};
}

}  // namespace

NamedCells cells_of(std::string_view row) {
  NamedCells cells;
  json::JsonReader reader;
  const bool is_object = reader.members(row, [&](std::string_view key, std::string_view raw) {
    const std::string name = printable(key);
    // Of a key that is there twice the last counts.
    const auto same = std::find_if(cells.begin(), cells.end(),
                                   [&](const auto& cell) { return cell.first == name; });
    if (same != cells.end()) {
      same->second = cell_of(raw);
    } else {
      cells.emplace_back(name, cell_of(raw));
    }
  });
  if (is_object) return cells;
  const std::string_view value = trimmed(row);
  cells.assign(1, {"value", value.empty() ? Cell{} : cell_of(value)});
  return cells;
}

}  // namespace millrace::stdout_sink
