#include "config/schema_document.h"

#include <utility>
#include <vector>

#include "config/host_schema.h"
#include "config/schema_merge.h"
#include "json/write.h"

namespace millrace {
namespace {

JsonValue object_with(const std::string& key, JsonValue value) {
  JsonValue out = JsonValue::object();
  out.set(key, std::move(value));
  return out;
}

/// {"properties": {"plugin": {"const": name}}, "required": ["plugin"]}
JsonValue plugin_is(const std::string& name) {
  JsonValue condition = object_with(
      "properties", object_with("plugin", object_with("const", JsonValue::string(name))));
  condition.set("required", JsonValue::array({JsonValue::string("plugin")}));
  return condition;
}

JsonValue if_then(JsonValue condition, JsonValue consequence) {
  JsonValue out = object_with("if", std::move(condition));
  out.set("then", std::move(consequence));
  return out;
}

/// Editors only know `enum`; a name that is not installed is underlined.
void offer_names(JsonValue& part, const std::vector<std::string>& names) {
  if (names.empty()) return;
  JsonValue list = JsonValue::array();
  for (const std::string& name : names) list.push_back(JsonValue::string(name));
  part.at("/properties/plugin")->set("enum", std::move(list));
}

/// Any source or any sink: the host's keys, and behind each plugin's name that plugin's too.
JsonValue part_with_plugins(const JsonValue& host, const std::string& kind,
                            const PluginSchemas& plugins) {
  JsonValue part = host;
  JsonValue choices = JsonValue::array();
  std::vector<std::string> offered;
  for (const std::string& name : plugins.names(kind)) {
    const PluginSchema* plugin = plugins.find(kind, name);
    Result<JsonValue> schema = read_plugin_schema(plugin == nullptr ? "{" : plugin->schema_text);
    if (!schema) continue;
    offered.push_back(name);
    JsonValue both = with_host_properties(host, *schema);
    for (const char* keyword : {"$schema", "$id", "x-record"}) both.remove(keyword);
    // additionalProperties sees only its own object's properties, so each choice lists them all.
    if (both.find("additionalProperties") == nullptr) {
      both.set("additionalProperties", JsonValue::boolean(false));
    }
    choices.push_back(if_then(plugin_is(name), std::move(both)));
  }
  offer_names(part, offered);
  if (!choices.items().empty()) part.set("allOf", std::move(choices));
  part.set("additionalProperties", JsonValue::boolean(true));
  return part;
}

JsonValue operator_with_plugins(const JsonValue& host, const PluginSchemas& plugins) {
  JsonValue part = host;
  JsonValue choices = JsonValue::array();
  std::vector<std::string> offered;
  for (const std::string& name : plugins.names("processor")) {
    const PluginSchema* plugin = plugins.find("processor", name);
    Result<JsonValue> schema = read_plugin_schema(plugin == nullptr ? "{" : plugin->schema_text);
    if (!schema) continue;
    offered.push_back(name);
    for (const char* keyword : {"$schema", "$id"}) schema->remove(keyword);
    JsonValue config = object_with("properties", object_with("config", std::move(*schema)));
    choices.push_back(if_then(plugin_is(name), std::move(config)));
  }
  offer_names(part, offered);
  if (!choices.items().empty()) part.set("allOf", std::move(choices));
  part.set("additionalProperties", JsonValue::boolean(false));
  return part;
}

/// Unknown keys are errors here, which JSON Schema has to be told at every level.
void close_objects(JsonValue& schema) {
  if (schema.is_array()) {
    for (JsonValue& item : schema.items()) close_objects(item);
    return;
  }
  if (!schema.is_object()) return;
  for (JsonValue::Member& member : schema.members()) {
    const bool is_data = member.key == "examples" || member.key == "default" ||
                         member.key == "enum" || member.key == "const" || member.key == "if";
    if (!is_data) close_objects(member.value);
  }
  const JsonValue* type = schema.find("type");
  const bool is_object = type != nullptr && type->is_string() && type->as_string() == "object";
  const JsonValue* properties = schema.find("properties");
  if (!is_object || properties == nullptr || !properties->is_object()) return;
  if (schema.find("additionalProperties") != nullptr || schema.find("allOf") != nullptr) return;
  schema.set("additionalProperties", JsonValue::boolean(false));
}

}  // namespace

std::string schema_document(const PluginSchemas& plugins) {
  JsonValue out = host_schema();
  const auto part = [&](const std::string& name) -> JsonValue& {
    return *out.at("/properties/" + name + "/additionalProperties");
  };
  part("sources") = part_with_plugins(host_source_schema(), "source", plugins);
  part("operators") = operator_with_plugins(host_operator_schema(), plugins);
  part("sinks") = part_with_plugins(host_sink_schema(), "sink", plugins);
  close_objects(out);
  return to_pretty_json(out);
}

}  // namespace millrace
