#pragma once

/// The configuration of one instance, or a part of it: normalised JSON, already checked against the
/// schema, defaults filled in, secrets resolved. Copies share the document.
/// A field is named by its key ("path") or by a JSON pointer ("/limits/size"). A missing field or
/// one of another type throws config_error naming it; readers with a fallback never do for a
/// missing or null field. Threads: any.

#include <millrace/ext/json.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <millrace/cpp/context.hpp>
#include <optional>
#include <string>
#include <vector>

namespace millrace {
inline namespace sdk_v1 {

namespace detail {

struct unit {
  std::string_view name;
  double factor;
};

/// A number and one of `units`: "250ms", "1.5h", "64KiB".
template <std::size_t N>
std::optional<double> parse_quantity(const std::string& text, const unit (&units)[N]) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || !(number >= 0)) return std::nullopt;
  for (const unit& u : units) {
    if (u.name == end) return number * u.factor;
  }
  return std::nullopt;
}

/// Largest first: a compound duration goes down.
inline constexpr unit duration_units[] = {{"d", 86400e6}, {"h", 3600e6}, {"m", 60e6},
                                          {"s", 1e6},     {"ms", 1e3},   {"us", 1}};
inline constexpr unit size_units[] = {
    {"", 1},     {"B", 1},       {"KB", 1e3},       {"MB", 1e6},
    {"GB", 1e9}, {"KiB", 1024.}, {"MiB", 1048576.}, {"GiB", 1073741824.}};

}  // namespace detail

/// "250ms", "1.5h", "14m30s", "0". Nullopt: not a duration. A unit is demanded for all but 0.
inline std::optional<std::chrono::microseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::microseconds(0);
  double us = 0;
  std::size_t next_unit = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::string number(text.substr(0, digits));
    char* end = nullptr;
    const double count = std::strtod(number.c_str(), &end);
    if (number.empty() || *end != '\0') return std::nullopt;
    text.remove_prefix(digits);
    const std::string_view name = text.substr(0, text.find_first_of("0123456789."));
    while (next_unit < std::size(detail::duration_units) &&
           detail::duration_units[next_unit].name != name) {
      ++next_unit;
    }
    if (next_unit == std::size(detail::duration_units)) return std::nullopt;
    us += count * detail::duration_units[next_unit++].factor;
    text.remove_prefix(name.size());
  }
  if (!(us < 9.2e18)) return std::nullopt;
  return std::chrono::microseconds(static_cast<int64_t>(us));
}

class config {
 public:
  config(const context& ctx, std::string_view text)
      : json_(ctx.extension<mr_json_v1>(MR_EXT_JSON, MR_JSON_V1_MIN_SIZE)), text_(text) {
    if (!json_) throw config_error("this host does not offer " MR_EXT_JSON);
    char message[256];
    mr_err err{sizeof err, 0, 0, sizeof message, 0, 0, message};
    mr_json* root = nullptr;
    if (mr_rc rc = json_->parse(ctx.abi(), detail::to_abi(text), &root, &err); rc < 0) {
      throw failure(rc, "configuration: " + std::string(message, err.msg_len));
    }
    document_ = std::shared_ptr<mr_json>(root, [json = json_](mr_json* r) { json->free(r); });
    node_ = root;
  }

  bool has(std::string_view field) const { return find(field) != nullptr; }

  std::string str(std::string_view field) const { return need(text_of(find(field)), field); }
  int64_t i64(std::string_view field) const { return need(i64_of(find(field)), field); }
  double f64(std::string_view field) const { return need(f64_of(find(field)), field); }
  bool flag(std::string_view field) const { return need(flag_of(find(field)), field); }
  /// "250ms", "5s", "14m30s", "2h", "7d", "0".
  std::chrono::microseconds duration(std::string_view field) const {
    const std::string text = str(field);
    if (const auto duration = parse_duration(text)) return *duration;
    throw config_error(std::string(field) + ": \"" + text + "\" is not a duration");
  }
  /// A number of bytes, or "64KiB", "10MB".
  uint64_t bytes(std::string_view field) const {
    if (auto number = i64_of(find(field)); number && *number >= 0) {
      return static_cast<uint64_t>(*number);
    }
    const std::string text = str(field);
    const auto size = detail::parse_quantity(text, detail::size_units);
    if (size && *size < 9.2e18) return static_cast<uint64_t>(*size);
    throw config_error(std::string(field) + ": \"" + text + "\" is not a size");
  }

  std::string str(std::string_view field, std::string_view fallback) const {
    return has(field) ? str(field) : std::string(fallback);
  }
  int64_t i64(std::string_view field, int64_t fallback) const {
    return has(field) ? i64(field) : fallback;
  }
  double f64(std::string_view field, double fallback) const {
    return has(field) ? f64(field) : fallback;
  }
  bool flag(std::string_view field, bool fallback) const {
    return has(field) ? flag(field) : fallback;
  }
  std::chrono::microseconds duration(std::string_view field,
                                     std::chrono::microseconds fallback) const {
    return has(field) ? duration(field) : fallback;
  }
  uint64_t bytes(std::string_view field, uint64_t fallback) const {
    return has(field) ? bytes(field) : fallback;
  }

  /// A part as a configuration of its own.
  config part(std::string_view field) const {
    const mr_json* node = find(field);
    if (!node) throw config_error(std::string(field) + ": missing");
    return config(*this, node);
  }
  /// The elements of an array, or the values of an object; none if absent. A single value counts as
  /// a list of one.
  std::vector<config> list(std::string_view field) const {
    std::vector<config> parts;
    for (auto& [key, part] : members(field)) parts.push_back(std::move(part));
    return parts;
  }
  std::vector<std::string> strings(std::string_view field) const {
    std::vector<std::string> texts;
    for (const config& part : list(field)) texts.push_back(part.str(""));
    return texts;
  }
  /// Keys and values of an object, in order.
  std::vector<std::pair<std::string, config>> members(std::string_view field) const {
    std::vector<std::pair<std::string, config>> found;
    const mr_json* node = find(field);
    if (!node) return found;
    if (json_->type(node) < MR_JSON_ARRAY) {
      found.emplace_back("", config(*this, node));
      return found;
    }
    uint64_t cursor = 0;
    mr_str key{};
    const mr_json* value = nullptr;
    while (json_->iterate(node, &cursor, &key, &value) == MR_MORE) {
      found.emplace_back(std::string(detail::from_abi(key)), config(*this, value));
    }
    return found;
  }

  /// MR_JSON_* of a field; MR_JSON_NULL if absent.
  uint32_t type(std::string_view field) const {
    const mr_json* node = find(field);
    return node ? json_->type(node) : MR_JSON_NULL;
  }
  /// The whole configuration as the host gave it. Empty in a part().
  const std::string& text() const { return text_; }

 private:
  config(const config& whole, const mr_json* node)
      : json_(whole.json_), document_(whole.document_), node_(node) {}

  /// Null for absent fields and for JSON null. "" is the node itself.
  const mr_json* find(std::string_view field) const {
    const mr_json* node = json_->at(node_, detail::to_abi(pointer(field)));
    return node && json_->type(node) != MR_JSON_NULL ? node : nullptr;
  }
  static std::string pointer(std::string_view field) {
    if (field.empty() || field[0] == '/') return std::string(field);
    std::string pointer = "/";
    for (char c : field) {
      if (c == '~')
        pointer += "~0";
      else if (c == '/')
        pointer += "~1";
      else
        pointer += c;
    }
    return pointer;
  }

  std::optional<std::string> text_of(const mr_json* node) const {
    mr_str text{};
    if (!node || json_->str(node, &text) < 0) return std::nullopt;
    return std::string(detail::from_abi(text));
  }
  std::optional<int64_t> i64_of(const mr_json* node) const {
    int64_t number = 0;
    if (!node || json_->i64(node, &number) < 0) return std::nullopt;
    return number;
  }
  std::optional<double> f64_of(const mr_json* node) const {
    double number = 0;
    if (!node || json_->f64(node, &number) < 0) return std::nullopt;
    return number;
  }
  std::optional<bool> flag_of(const mr_json* node) const {
    const uint32_t type = node ? json_->type(node) : MR_JSON_NULL;
    if (type != MR_JSON_TRUE && type != MR_JSON_FALSE) return std::nullopt;
    return type == MR_JSON_TRUE;
  }
  template <class T>
  T need(std::optional<T> value, std::string_view field) const {
    if (value) return *std::move(value);
    throw config_error(std::string(field) + (has(field) ? ": of another type" : ": missing"));
  }

  const mr_json_v1* json_;
  std::shared_ptr<mr_json> document_;
  const mr_json* node_ = nullptr;
  std::string text_;
};

}  // namespace sdk_v1
}  // namespace millrace
