#include <algorithm>

#include "config/schema_check.h"
#include "config/schema_walk.h"

namespace millrace {
namespace {

bool type_admits(const JsonValue& type, std::string_view kind) {
  if (type.is_array()) {
    return std::any_of(type.items().begin(), type.items().end(),
                       [&](const JsonValue& item) { return type_admits(item, kind); });
  }
  if (!type.is_string()) return true;
  const std::string& name = type.as_string();
  return name == kind || (name == "integer" && kind == "number");
}

/// Through valijson, so that one engine decides what a pattern means.
bool matches_pattern(const std::string& key, const std::string& pattern) {
  JsonValue schema = JsonValue::object();
  schema.set("pattern", JsonValue::string(pattern));
  return matches(JsonValue::string(key), schema);
}

}  // namespace

const JsonValue* Forms::find(std::string_view keyword) const {
  for (const JsonValue* form : all) {
    if (const JsonValue* found = form->find(keyword)) return found;
  }
  return nullptr;
}

bool Forms::admits(std::string_view kind) const {
  return std::all_of(all.begin(), all.end(), [&](const JsonValue* form) {
    const JsonValue* type = form->find("type");
    return type == nullptr || type_admits(*type, kind);
  });
}

std::vector<const JsonValue*> Forms::of_member(const std::string& key) const {
  std::vector<const JsonValue*> out;
  for (const JsonValue* form : all) {
    const JsonValue* properties = form->find("properties");
    const JsonValue* property = properties == nullptr ? nullptr : properties->find(key);
    if (property != nullptr) out.push_back(property);
    const JsonValue* patterns = form->find("patternProperties");
    if (patterns == nullptr || !patterns->is_object()) continue;
    for (const JsonValue::Member& member : patterns->members()) {
      if (matches_pattern(key, member.key)) out.push_back(&member.value);
    }
  }
  if (!out.empty()) return out;
  for (const JsonValue* form : all) {
    const JsonValue* rest = form->find("additionalProperties");
    if (rest != nullptr && (rest->is_object() || (rest->is_bool() && rest->as_bool()))) {
      out.push_back(rest);
    }
  }
  return out;
}

std::vector<std::string> Forms::property_names() const {
  std::vector<std::string> out;
  for (const JsonValue* form : all) {
    const JsonValue* properties = form->find("properties");
    if (properties == nullptr || !properties->is_object()) continue;
    for (const JsonValue::Member& member : properties->members()) {
      if (std::find(out.begin(), out.end(), member.key) == out.end()) out.push_back(member.key);
    }
  }
  return out;
}

}  // namespace millrace
