#pragma once

/// A configuration made from a schema: what is required, with its default, first example, first
/// enum value, or the least that its type allows. Good enough to create most components.

#include <millrace/testing/json.hpp>

namespace millrace {

namespace sample {

inline const test::json_node* member(const test::json_node& node, std::string_view key) {
  return test::detail::json_step(node, key);
}

inline std::string text_of(const test::json_node& node) {
  switch (node.type) {
    case MR_JSON_NULL: return "null";
    case MR_JSON_FALSE: return "false";
    case MR_JSON_TRUE: return "true";
    case MR_JSON_NUMBER: return node.text;
    case MR_JSON_STRING: {
      std::string text = "\"";
      for (char c : node.text) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
      }
      return text + '"';
    }
    default: break;
  }
  std::string text;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (i > 0) text += ',';
    if (!node.keys.empty()) text += '"' + node.keys[i] + "\":";
    text += text_of(*node.items[i]);
  }
  return node.type == MR_JSON_OBJECT ? '{' + text + '}' : '[' + text + ']';
}

inline std::string object(const test::json_node& schema);

inline std::string value(const test::json_node& schema) {
  if (auto* fixed = member(schema, "default")) return text_of(*fixed);
  for (const char* list : {"examples", "enum"}) {
    if (auto* values = member(schema, list); values && !values->items.empty()) {
      return text_of(*values->items[0]);
    }
  }
  const auto* type = member(schema, "type");
  if (type && type->type == MR_JSON_ARRAY && !type->items.empty()) type = type->items[0].get();
  const std::string name = type ? type->text : "string";
  if (name == "object") return object(schema);
  if (name == "array") {
    const auto* items = member(schema, "items");
    return member(schema, "minItems") && items ? '[' + value(*items) + ']' : "[]";
  }
  if (name == "boolean") return "false";
  if (name == "integer" || name == "number") {
    const auto* minimum = member(schema, "minimum");
    return minimum ? minimum->text : "1";
  }
  return "\"x\"";
}

inline std::string object(const test::json_node& schema) {
  std::string text;
  const auto* required = member(schema, "required");
  const auto* properties = member(schema, "properties");
  if (!required || !properties) return "{}";
  for (const auto& name : required->items) {
    const auto* property = member(*properties, name->text);
    if (!property) continue;
    if (!text.empty()) text += ',';
    text += '"' + name->text + "\":" + value(*property);
  }
  return '{' + text + '}';
}

}  // namespace sample

inline std::string sample_config(const char* schema) {
  return sample::object(*test::json_reader(schema).read());
}

}  // namespace millrace
