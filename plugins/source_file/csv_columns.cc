#include "csv_columns.h"

#include <algorithm>

#include "json_text.h"

namespace millrace::file_source {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t");
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

/// Names may have blanks after the commas, and quotes behind those blanks.
std::string header_name(const CsvCell& cell, const CsvSettings& csv) {
  std::string text = text_of(cell, csv.quote);
  if (cell.quoted) return std::string(trimmed(text));
  std::string_view name = trimmed(text);
  if (csv.quotes && name.size() >= 2 && name.front() == csv.quote && name.back() == csv.quote) {
    name = trimmed(name.substr(1, name.size() - 2));
  }
  return std::string(name);
}

/// Case of ASCII letters and outer blanks do not matter in names that are looked for.
std::string folded(std::string_view name) {
  std::string text(trimmed(name));
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

CsvColumns::CsvColumns(const CsvSettings& csv) : csv_(csv), cells_(csv.names.size()) {
  for (std::size_t i = 0; i < csv.names.size(); ++i) {
    add(csv.names[i], static_cast<std::ptrdiff_t>(i));
  }
}

CsvColumns::CsvColumns(const CsvSettings& csv, const std::vector<CsvCell>& header,
                       const std::string& path)
    : csv_(csv) {
  std::vector<std::string> names;
  for (const CsvCell& cell : header) names.push_back(header_name(cell, csv));
  // A separator behind the last name makes no column.
  while (!names.empty() && names.back().empty()) names.pop_back();
  cells_ = names.size();
  if (names.empty()) throw config_error(path + ": its header has no names");
  csv.renamed.empty() ? take_header(names, path) : take_renamed(names, path);
}

void CsvColumns::take_header(const std::vector<std::string>& names, const std::string& path) {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < names.size(); ++i) {
    // Exports of data frames leave the name of the index out.
    const std::string name = names[i].empty() ? "column_" + std::to_string(i + 1) : names[i];
    if (std::find(known.begin(), known.end(), name) != known.end()) {
      throw config_error(path + ": two columns are called \"" + name +
                         "\"; give them names with \"header\": true and a list in \"columns\"");
    }
    known.push_back(name);
    add(name, static_cast<std::ptrdiff_t>(i));
  }
}

void CsvColumns::take_renamed(const std::vector<std::string>& names, const std::string& path) {
  bool any = false;
  for (const NamedColumn& column : csv_.renamed) {
    const auto found = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
      return std::any_of(column.accepted.begin(), column.accepted.end(),
                         [&](const std::string& one) { return folded(one) == folded(name); });
    });
    any = any || found != names.end();
    add(column.name, found == names.end() ? -1 : found - names.begin());
  }
  if (!any) {
    throw config_error(path + ": none of the columns is in its header: " + joined(names));
  }
}

void CsvColumns::add(const std::string& name, std::ptrdiff_t cell) {
  std::string prefix = members_.empty() ? "{" : ",";
  append_json_string(prefix, name);
  members_.push_back({prefix + ":", cell});
}

bool CsvColumns::write(const std::vector<CsvCell>& cells, std::string& json,
                       std::string& why) const {
  // Some files have separators behind the last cell of a row, though not of the header.
  const bool only_separators =
      cells.size() > cells_ &&
      std::all_of(cells.begin() + static_cast<std::ptrdiff_t>(cells_), cells.end(),
                  [](const CsvCell& cell) { return cell.is_nothing(); });
  if (cells.size() != cells_ && !only_separators) {
    why = std::to_string(cells.size()) + (cells.size() == 1 ? " field" : " fields") + " where " +
          std::to_string(cells_) + " are expected";
    return false;
  }
  json.clear();
  for (const Member& member : members_) {
    json += member.prefix;
    if (member.cell < 0) {
      json += "null";
    } else {
      write_cell(cells[static_cast<std::size_t>(member.cell)], json);
    }
  }
  json += '}';
  return true;
}

void CsvColumns::write_cell(const CsvCell& cell, std::string& json) const {
  if (is_null(cell)) {
    json += "null";
  } else if (cell.doubled) {
    append_json_string(json, text_of(cell, csv_.quote));
  } else {
    append_json_string(json, cell.text);
  }
}

bool CsvColumns::is_null(const CsvCell& cell) const {
  if (cell.quoted) return false;
  if (cell.text.empty()) return true;
  return std::find(csv_.null_texts.begin(), csv_.null_texts.end(), cell.text) !=
         csv_.null_texts.end();
}

}  // namespace millrace::file_source
