#include "config/document.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "json/document.h"

namespace millrace {
namespace {

constexpr uintmax_t kFileBytesMax = 16u << 20;
/// Lines from here on are indexes of origins; no file of 16 MiB has so many.
constexpr uint32_t kFirstOriginLine = 0x8000'0000;

/// Cuts `file:line:column: message` of the JSON reader into its parts.
ConfigFault fault_of_reader(const std::string& file_name, std::string_view text) {
  ConfigFault fault;
  fault.file = file_name;
  if (text.starts_with(file_name)) text.remove_prefix(file_name.size());
  for (uint32_t* number : {&fault.line, &fault.column}) {
    if (!text.starts_with(':')) break;
    auto [end, failure] = std::from_chars(text.data() + 1, text.data() + text.size(), *number);
    if (failure != std::errc()) break;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
  }
  if (text.starts_with(": ")) text.remove_prefix(2);
  fault.message = "not valid JSON: " + std::string(text);
  return fault;
}

std::nullopt_t refuse(const std::string& file, std::string message, std::string hint,
                      Faults& faults) {
  faults.add(ConfigFault{file, 0, 0, "", std::move(message), std::move(hint), ""});
  return std::nullopt;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

size_t last_token(std::string_view pointer) {
  const size_t slash = pointer.rfind('/');
  return slash == std::string_view::npos ? 0 : slash;
}

std::string last_key(std::string_view pointer) {
  std::string out;
  std::string_view token = pointer.substr(last_token(pointer));
  if (!token.empty()) token.remove_prefix(1);
  for (size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size()) {
      out += token[++i] == '1' ? '/' : '~';
    } else {
      out += token[i];
    }
  }
  return out;
}

Where ConfigDocument::located(JsonPosition position, std::string_view pointer) const {
  Where where{position.line, position.column, std::string(pointer), {}};
  if (position.line >= kFirstOriginLine) {
    where.origin = origins_[position.line - kFirstOriginLine];
    where.line = where.column = 0;
  }
  return where;
}

Where ConfigDocument::where(std::string_view pointer) const {
  for (std::string_view at = pointer;; at = at.substr(0, last_token(at))) {
    const JsonValue* node = root.at(at);
    if (node != nullptr && node->position().known()) return located(node->position(), pointer);
    if (at.empty()) return Where{0, 0, std::string(pointer), {}};
  }
}

Where ConfigDocument::where_key(std::string_view pointer) const {
  const JsonValue* parent = root.at(pointer.substr(0, last_token(pointer)));
  if (parent == nullptr || !parent->is_object() || pointer.empty()) return where(pointer);
  const JsonValue::Member* member = parent->find_member(last_key(pointer));
  if (member == nullptr || !member->key_position.known()) return where(pointer);
  return located(member->key_position, pointer);
}

bool ConfigDocument::is_written(std::string_view pointer) const {
  const JsonValue* node = root.at(pointer);
  return node != nullptr && node->position().known();
}

JsonPosition ConfigDocument::add_origin(std::string origin) {
  origins_.push_back(std::move(origin));
  return {kFirstOriginLine + static_cast<uint32_t>(origins_.size() - 1), 1};
}

bool ConfigDocument::is_secret(std::string_view pointer) const {
  if (secrets_.empty()) return false;
  for (std::string_view at = pointer;; at = at.substr(0, last_token(at))) {
    if (secrets_.contains(at)) return true;
    if (at.empty()) return false;
  }
}

const std::string* ConfigDocument::loose_text(std::string_view pointer) const {
  const auto found = loose_.find(pointer);
  return found == loose_.end() ? nullptr : &found->second;
}

std::optional<ConfigDocument> parse_document(std::string_view text, const std::string& file_name,
                                             Faults& faults) {
  if (is_blank(text)) {
    return refuse(file_name, "the file is empty", "a configuration begins with {", faults);
  }
  Result<JsonDocument> parsed = parse_json(text, file_name, JsonReadOptions::config());
  if (!parsed) {
    faults.add(fault_of_reader(file_name, parsed.error().message));
    return std::nullopt;
  }
  return ConfigDocument(file_name, std::move(parsed->root));
}

std::optional<ConfigDocument> read_document(const std::string& file, Faults& faults) {
  namespace fs = std::filesystem;
  std::error_code failure;
  const fs::file_status status = fs::status(file, failure);
  if (status.type() == fs::file_type::not_found) {
    return refuse(file, "no such file", "", faults);
  }
  if (status.type() == fs::file_type::directory) {
    return refuse(file, "this is a directory", "name a configuration file in it", faults);
  }
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return refuse(file, std::string("cannot be read: ") + std::strerror(errno), "", faults);
  }
  // Not by the file's size: a pipe (`<(…)`) is a fine configuration and has none.
  std::string text;
  std::string chunk(64 << 10, '\0');
  while (in && text.size() <= kFileBytesMax) {
    in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    text.append(chunk.data(), static_cast<size_t>(in.gcount()));
  }
  if (text.size() > kFileBytesMax) {
    return refuse(file, "larger than 16 MiB, so this is hardly a configuration", "", faults);
  }
  if (in.bad()) return refuse(file, "cannot be read to its end", "", faults);
  return parse_document(text, file, faults);
}

}  // namespace millrace
