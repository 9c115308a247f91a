#include "config/docs.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "config/host_schema.h"
#include "config/schema_merge.h"
#include "json/write.h"

namespace millrace {
namespace {

std::string text_of(const JsonValue& schema, std::string_view keyword) {
  const JsonValue* text = schema.find(keyword);
  return text != nullptr && text->is_string() ? text->as_string() : "";
}

bool is_true(const JsonValue* value) {
  return value != nullptr && value->is_bool() && value->as_bool();
}

/// A cell ends at `|` and at a line's end, even inside code.
std::string cell(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string code(const std::string& text) { return "`" + text + "`"; }

/// Strings without quotes: `5s`, not `"5s"`.
std::string code_value(const JsonValue& value) {
  return code(value.is_string() && !value.as_string().empty() ? value.as_string() : to_json(value));
}

std::string code_list(const JsonValue& values) {
  std::string out;
  for (const JsonValue& value : values.items()) out += (out.empty() ? "" : " ") + code_value(value);
  return out;
}

std::string one_type(const JsonValue& schema, const std::string& type) {
  if (type == "integer") return "whole number";
  if (type == "array") return "list";
  if (type == "object" && schema.find("properties") == nullptr) return "map";
  if (type != "string") return type;
  const JsonValue* duration = schema.find("x-duration");
  if (duration != nullptr && (is_true(duration) || duration->is_string())) return "duration";
  return is_true(schema.find("x-size")) ? "size" : "string";
}

void add_type_words(const JsonValue& schema, std::vector<std::string>& words) {
  const auto add = [&](std::string word) {
    if (std::find(words.begin(), words.end(), word) == words.end())
      words.push_back(std::move(word));
  };
  if (const JsonValue* choices = schema.find("enum"); choices != nullptr && choices->is_array()) {
    add("one of " + code_list(*choices));
  } else if (const JsonValue* type = schema.find("type"); type != nullptr && type->is_string()) {
    add(one_type(schema, type->as_string()));
  } else if (type != nullptr && type->is_array()) {
    for (const JsonValue& name : type->items()) {
      if (name.is_string()) add(one_type(schema, name.as_string()));
    }
  }
  if (const JsonValue* more = schema.find("x-words"); more != nullptr && more->is_array()) {
    add(code_list(*more));
  }
  for (const char* keyword : {"anyOf", "oneOf"}) {
    const JsonValue* branches = schema.find(keyword);
    if (branches == nullptr || !branches->is_array()) continue;
    for (const JsonValue& branch : branches->items()) add_type_words(branch, words);
  }
}

std::string type_words(const JsonValue& schema) {
  std::vector<std::string> words;
  add_type_words(schema, words);
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " or ") + word;
  if (const std::string unit = text_of(schema, "x-unit"); !unit.empty()) out += " (" + unit + ")";
  return out;
}

std::string default_words(const JsonValue& schema, bool required) {
  if (const std::string text = text_of(schema, "x-default"); !text.empty()) return text;
  if (const JsonValue* standard = schema.find("default")) return code_value(*standard);
  return required ? "**required**" : "none";
}

std::string meaning(const JsonValue& schema) {
  std::string out = text_of(schema, "description");
  if (out.empty()) out = text_of(schema, "title");
  const JsonValue* examples = schema.find("examples");
  if (examples != nullptr && examples->is_array() && !examples->items().empty()) {
    std::string list;
    for (const JsonValue& example : examples->items()) {
      list += (list.empty() ? "" : ", ") + code(to_json(example));
    }
    out += (out.empty() ? "e.g. " : " E.g. ") + list;
  }
  if (is_true(schema.find("x-secret"))) out += " *Secret: never printed.*";
  if (is_true(schema.find("x-advanced"))) out += " *Advanced.*";
  if (const std::string since = text_of(schema, "x-since"); !since.empty()) {
    out += " *Since " + since + ".*";
  }
  return out;
}

bool is_required(const JsonValue& schema, const std::string& key) {
  const JsonValue* required = schema.find("required");
  if (required == nullptr || !required->is_array()) return false;
  return std::any_of(
      required->items().begin(), required->items().end(),
      [&](const JsonValue& name) { return name.is_string() && name.as_string() == key; });
}

void add_rows(const JsonValue& schema, const std::string& prefix, std::string& out) {
  if (const JsonValue* properties = schema.find("properties");
      properties != nullptr && properties->is_object()) {
    for (const JsonValue::Member& property : properties->members()) {
      const std::string key = prefix + property.key;
      out += "| " + cell(code(key)) + " | " + cell(type_words(property.value)) + " | " +
             cell(default_words(property.value, is_required(schema, property.key))) + " | " +
             cell(meaning(property.value)) + " |\n";
      add_rows(property.value, key + ".", out);
      const JsonValue* items = property.value.find("items");
      if (items != nullptr && items->is_object()) add_rows(*items, key + "[].", out);
    }
  }
  for (const char* keyword : {"anyOf", "allOf", "oneOf"}) {
    const JsonValue* parts = schema.find(keyword);
    if (parts == nullptr || !parts->is_array()) continue;
    for (const JsonValue& part : parts->items()) add_rows(part, prefix, out);
  }
  for (const char* keyword : {"then", "else"}) {
    if (const JsonValue* part = schema.find(keyword)) add_rows(*part, prefix, out);
  }
}

std::string section(const std::string& title, const JsonValue& schema) {
  std::string out = "## " + title + "\n\n";
  if (const std::string text = text_of(schema, "description"); !text.empty()) out += text + "\n\n";
  return out + keys_table(schema) + "\n";
}

std::string record_section(const JsonValue& record) {
  std::string out;
  if (const JsonValue* fields = record.find("schema"); fields != nullptr && fields->is_object()) {
    out += "| field | type |\n|---|---|\n";
    for (const JsonValue::Member& field : fields->members()) {
      out += "| " + cell(code(field.key)) + " | " + cell(code_value(field.value)) + " |\n";
    }
    out += "\n";
  }
  for (const char* key : {"event_time", "key"}) {
    const JsonValue* value = record.find(key);
    if (value != nullptr) out += "- " + code(key) + ": " + code(to_json(*value)) + "\n";
  }
  return out.empty() ? out
                     : "## Records\n\nEach entry may be overridden in the configuration.\n\n" + out;
}

/// A plugin that only changes a host key's default or description does not repeat its type.
void borrow_types(JsonValue& plugin, const JsonValue& host) {
  for (JsonValue::Member& property : plugin.find("properties")->members()) {
    const JsonValue* ours = host.find("properties")->find(property.key);
    const JsonValue* type = ours == nullptr ? nullptr : ours->find("type");
    if (type != nullptr && property.value.is_object() && type_words(property.value).empty()) {
      property.value.set("type", *type);
    }
  }
}

}  // namespace

std::string keys_table(const JsonValue& schema) {
  std::string rows;
  add_rows(schema, "", rows);
  if (rows.empty()) return "No keys.\n";
  return "| key | type | default | meaning |\n|---|---|---|---|\n" + rows;
}

std::string host_docs() {
  return "# Configuration\n\n" + text_of(host_schema(), "description") + "\n\n" +
         section("Top level", host_schema()) + section("Any source", host_source_schema()) +
         section("Any operator", host_operator_schema()) + section("Any sink", host_sink_schema());
}

Result<std::string> plugin_docs(const PluginSchema& plugin) {
  Result<JsonValue> schema = read_plugin_schema(plugin.schema_text);
  if (!schema) return schema.error().in("the plugin \"" + plugin.name + "\"");
  if (plugin.kind == "source") borrow_types(*schema, host_source_schema());
  if (plugin.kind == "sink") borrow_types(*schema, host_sink_schema());
  std::string out = "# " + plugin.name + " (" + plugin.kind + ")\n\n";
  for (const char* keyword : {"title", "description"}) {
    if (const std::string text = text_of(*schema, keyword); !text.empty()) out += text + "\n\n";
  }
  out += "`" + plugin.id + "`\n\n";
  const JsonValue* examples = schema->find("examples");
  if (examples != nullptr && examples->is_array()) {
    for (const JsonValue& example : examples->items()) {
      out += "```json\n" + to_pretty_json(example) + "\n```\n\n";
    }
  }
  out += "## Keys\n\n" + keys_table(*schema);
  if (plugin.kind != "processor") {
    out += "\nBeside the keys of any " + plugin.kind + ": `millrace docs config`.\n";
  }
  if (const JsonValue* record = schema->find("x-record")) out += "\n" + record_section(*record);
  return out;
}

}  // namespace millrace
