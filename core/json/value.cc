#include "json/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "base/assert.h"

namespace millrace {
namespace {

constexpr double kInt64Limit = 9223372036854775808.0;  // 2^63; int64 lies in [-2^63, 2^63).

bool is_whole_int64(double value) {
  return value >= -kInt64Limit && value < kInt64Limit && std::trunc(value) == value;
}

/// RFC 6901: `~1` is `/`, `~0` is `~`. Nullopt: a lone `~`.
std::optional<std::string> unescape_token(std::string_view token) {
  std::string plain;
  for (size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      plain += token[i];
      continue;
    }
    if (++i == token.size() || (token[i] != '0' && token[i] != '1')) return std::nullopt;
    plain += token[i] == '0' ? '~' : '/';
  }
  return plain;
}

/// Array index as RFC 6901 writes it: digits without leading zero.
std::optional<size_t> array_index(std::string_view token) {
  if (token.empty() || (token.size() > 1 && token[0] == '0')) return std::nullopt;
  size_t index = 0;
  auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc() || end != token.data() + token.size()) return std::nullopt;
  return index;
}

const JsonValue* child_at(const JsonValue& parent, const std::string& token) {
  if (parent.is_object()) return parent.find(token);
  if (!parent.is_array()) return nullptr;
  const auto index = array_index(token);
  return index && *index < parent.items().size() ? &parent.items()[*index] : nullptr;
}

}  // namespace

// Here, where Member is complete.
JsonValue::JsonValue() = default;
JsonValue::JsonValue(const JsonValue&) = default;
JsonValue::JsonValue(JsonValue&&) noexcept = default;
JsonValue& JsonValue::operator=(const JsonValue&) = default;
JsonValue& JsonValue::operator=(JsonValue&&) noexcept = default;
JsonValue::~JsonValue() = default;

JsonValue JsonValue::boolean(bool value) {
  JsonValue made;
  made.data_ = value;
  return made;
}

JsonValue JsonValue::integer(int64_t value) {
  JsonValue made;
  made.data_ = value;
  return made;
}

JsonValue JsonValue::floating(double value) {
  JsonValue made;
  made.data_ = value;
  return made;
}

JsonValue JsonValue::number(std::string text) {
  JsonValue made;
  made.data_ = RawNumber{std::move(text)};
  return made;
}

JsonValue JsonValue::string(std::string value) {
  JsonValue made;
  made.data_ = std::move(value);
  return made;
}

JsonValue JsonValue::array() { return array(Array()); }

JsonValue JsonValue::array(Array items) {
  JsonValue made;
  made.data_ = std::move(items);
  return made;
}

JsonValue JsonValue::object() {
  JsonValue made;
  made.data_ = Object();
  return made;
}

bool JsonValue::is_int() const {
  if (std::holds_alternative<int64_t>(data_)) return true;
  const double* floating = std::get_if<double>(&data_);
  return floating && is_whole_int64(*floating);
}

bool JsonValue::is_number() const {
  return std::holds_alternative<int64_t>(data_) || std::holds_alternative<double>(data_) ||
         std::holds_alternative<RawNumber>(data_);
}

std::string_view JsonValue::kind_name() const {
  if (is_null()) return "null";
  if (is_bool()) return "boolean";
  if (is_number()) return "number";
  if (is_string()) return "string";
  return is_array() ? "array" : "object";
}

bool JsonValue::as_bool() const {
  MILLRACE_ASSERT(is_bool());
  return std::get<bool>(data_);
}

int64_t JsonValue::as_int() const {
  MILLRACE_ASSERT(is_int());
  if (const double* floating = std::get_if<double>(&data_)) return static_cast<int64_t>(*floating);
  return std::get<int64_t>(data_);
}

double JsonValue::as_double() const {
  MILLRACE_ASSERT(is_number());
  if (const auto* raw = std::get_if<RawNumber>(&data_)) {
    return std::strtod(raw->text.c_str(), nullptr);
  }
  if (const auto* whole = std::get_if<int64_t>(&data_)) return static_cast<double>(*whole);
  return std::get<double>(data_);
}

const std::string& JsonValue::as_string() const {
  MILLRACE_ASSERT(is_string());
  return std::get<std::string>(data_);
}

const JsonValue::Array& JsonValue::items() const {
  MILLRACE_ASSERT(is_array());
  return std::get<Array>(data_);
}

JsonValue::Array& JsonValue::items() {
  MILLRACE_ASSERT(is_array());
  return std::get<Array>(data_);
}

const JsonValue::Object& JsonValue::members() const {
  MILLRACE_ASSERT(is_object());
  return std::get<Object>(data_);
}

JsonValue::Object& JsonValue::members() {
  MILLRACE_ASSERT(is_object());
  return std::get<Object>(data_);
}

const JsonValue::Member* JsonValue::find_member(std::string_view key) const {
  if (!is_object()) return nullptr;
  for (const Member& member : members()) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

const JsonValue* JsonValue::find(std::string_view key) const {
  const Member* member = find_member(key);
  return member ? &member->value : nullptr;
}

JsonValue* JsonValue::find(std::string_view key) {
  return const_cast<JsonValue*>(std::as_const(*this).find(key));
}

JsonValue& JsonValue::set(std::string_view key, JsonValue value) {
  if (JsonValue* found = find(key)) return *found = std::move(value);
  members().push_back({std::string(key), std::move(value), {}});
  return members().back().value;
}

bool JsonValue::remove(std::string_view key) {
  return std::erase_if(members(), [&](const Member& member) { return member.key == key; }) != 0;
}

void JsonValue::push_back(JsonValue value) { items().push_back(std::move(value)); }

const JsonValue* JsonValue::at(std::string_view pointer) const {
  const JsonValue* node = this;
  while (node && !pointer.empty()) {
    if (pointer[0] != '/') return nullptr;
    const size_t end = std::min(pointer.find('/', 1), pointer.size());
    const auto token = unescape_token(pointer.substr(1, end - 1));
    node = token ? child_at(*node, *token) : nullptr;
    pointer.remove_prefix(end);
  }
  return node;
}

JsonValue* JsonValue::at(std::string_view pointer) {
  return const_cast<JsonValue*>(std::as_const(*this).at(pointer));
}

bool operator==(const JsonValue& a, const JsonValue& b) {
  if (a.is_number() && b.is_number()) {
    if (a.is_int() || b.is_int()) return a.is_int() && b.is_int() && a.as_int() == b.as_int();
    return a.as_double() == b.as_double() &&
           std::holds_alternative<double>(a.data_) == std::holds_alternative<double>(b.data_);
  }
  if (a.data_.index() != b.data_.index()) return false;
  if (a.is_bool()) return a.as_bool() == b.as_bool();
  if (a.is_string()) return a.as_string() == b.as_string();
  if (a.is_array()) return a.items() == b.items();
  if (!a.is_object()) return true;
  if (a.members().size() != b.members().size()) return false;
  for (const JsonValue::Member& member : a.members()) {
    const JsonValue* other = b.find(member.key);
    if (!other || !(*other == member.value)) return false;
  }
  return true;
}

std::string pointer_child(std::string_view pointer, std::string_view key) {
  std::string child(pointer);
  child += '/';
  for (const char c : key) {
    if (c == '~') {
      child += "~0";
    } else if (c == '/') {
      child += "~1";
    } else {
      child += c;
    }
  }
  return child;
}

std::string pointer_child(std::string_view pointer, size_t index) {
  return pointer_child(pointer, std::to_string(index));
}

std::optional<std::string> pointer_of(const JsonValue& root, const JsonValue& node) {
  if (&root == &node) return "";
  if (root.is_array()) {
    for (size_t i = 0; i < root.items().size(); ++i) {
      const auto below = pointer_of(root.items()[i], node);
      if (below) return pointer_child("", i) + *below;
    }
  } else if (root.is_object()) {
    for (const JsonValue::Member& member : root.members()) {
      const auto below = pointer_of(member.value, node);
      if (below) return pointer_child("", member.key) + *below;
    }
  }
  return std::nullopt;
}

}  // namespace millrace
