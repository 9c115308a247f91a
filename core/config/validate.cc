#include "config/validate.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/spelling.h"
#include "config/explain.h"
#include "config/host_schema.h"
#include "config/schema_check.h"
#include "config/schema_merge.h"
#include "config/schema_walk.h"
#include "json/write.h"

namespace millrace {
namespace {

constexpr const char* kKinds[] = {"source", "processor", "sink"};

std::string quoted_list(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The plugin's own default for host keys (`x-record`), entry by entry under what the user wrote.
void merge_record(JsonValue& source, const JsonValue& record) {
  for (const char* key : {"schema", "event_time"}) {
    const JsonValue* theirs = record.find(key);
    if (theirs == nullptr || !theirs->is_object()) continue;
    JsonValue standard = *theirs;
    JsonValue* ours = source.find(key);
    if (ours == nullptr) {
      source.set(key, std::move(standard));
      continue;
    }
    if (!ours->is_object()) continue;  // Told by the schema check.
    // The plugin's unit belongs to the plugin's field; another field has a unit of its own.
    const JsonValue* field = ours->find("field");
    const JsonValue* their_field = standard.find("field");
    if (field != nullptr && their_field != nullptr && !(*field == *their_field)) {
      standard.remove("unit");
      standard.remove("ambiguous");
    }
    merge_missing(*ours, standard);
  }
  const JsonValue* key = record.find("key");
  if (key != nullptr && source.find("key") == nullptr) source.set("key", *key);
}

class Validation {
 public:
  Validation(ConfigDocument& document, const PluginSchemas& plugins, Faults& faults)
      : document_(document), plugins_(plugins), faults_(faults) {}

  PluginTexts run() {
    check_part("", host_top_schema(), "config");
    for_each("/sources", [&](const std::string& pointer) { check_source(pointer); });
    for_each("/operators", [&](const std::string& pointer) { check_operator(pointer); });
    for_each("/sinks", [&](const std::string& pointer) { check_sink(pointer); });
    return std::move(texts_);
  }

 private:
  template <class Function>
  void for_each(const std::string& pointer, Function check) {
    const JsonValue* parts = document_.root.at(pointer);
    if (parts == nullptr || !parts->is_object()) return;
    std::vector<std::string> pointers;
    for (const JsonValue::Member& member : parts->members()) {
      if (member.value.is_object()) pointers.push_back(pointer_child(pointer, member.key));
    }
    for (const std::string& part : pointers) check(part);
  }

  void check_source(const std::string& pointer) {
    const std::optional<JsonValue> plugin = plugin_schema("source", pointer);
    if (!plugin) return check_part(pointer, open_schema(host_source_schema()), "config");
    if (const JsonValue* record = plugin->find("x-record")) {
      merge_record(*document_.root.at(pointer), *record);
    }
    check_with_plugin(pointer, host_source_schema(), *plugin);
  }

  void check_sink(const std::string& pointer) {
    const std::optional<JsonValue> plugin = plugin_schema("sink", pointer);
    if (!plugin) return check_part(pointer, open_schema(host_sink_schema()), "config");
    check_with_plugin(pointer, host_sink_schema(), *plugin);
  }

  void check_operator(const std::string& pointer) {
    check_part(pointer, host_operator_schema(), "config");
    JsonValue& node = *document_.root.at(pointer);
    if (node.find("plugin") == nullptr) return;
    drop_defaults(node);
    const std::optional<JsonValue> plugin = plugin_schema("processor", pointer);
    if (!plugin) return;
    if (node.find("config") == nullptr) node.set("config", JsonValue::object());
    const std::string config = pointer_child(pointer, "config");
    const JsonValue* keys = node.find("config");
    if (!keys->is_object()) return;
    check_part(config, *plugin, plugin_name(pointer));
    if (!faults_.any_below(config)) texts_[pointer] = plugin_text(config, JsonValue(), *plugin);
  }

  /// A processor stands instead of filter, window and so on; their defaults would be noise.
  static void drop_defaults(JsonValue& node) {
    std::erase_if(node.members(),
                  [](const JsonValue::Member& member) { return !member.key_position.known(); });
  }

  void check_with_plugin(const std::string& pointer, const JsonValue& host,
                         const JsonValue& plugin) {
    check_part(pointer, with_host_properties(host, plugin), plugin_name(pointer));
    if (!faults_.any_below(pointer)) texts_[pointer] = plugin_text(pointer, host, plugin);
  }

  void check_part(const std::string& pointer, const JsonValue& schema,
                  const std::string& docs_name) {
    SchemaWalk walk(document_, faults_, docs_name);
    walk.run(pointer, schema);
    if (walk.unsafe()) return;
    Result<std::vector<Violation>> violations = violations_of(*document_.root.at(pointer), schema);
    if (violations) {
      add_violations(document_, pointer, *violations, walk, faults_);
    } else {
      faults_.add(document_.where(pointer), violations.error().message);
    }
  }

  /// Nullopt: there is no such plugin, or it is broken; told unless the host's check tells it.
  std::optional<JsonValue> plugin_schema(const std::string& kind, const std::string& pointer) {
    const std::string at = pointer_child(pointer, "plugin");
    const JsonValue* name = document_.root.at(at);
    if (name == nullptr || !name->is_string() || name->as_string().empty()) return std::nullopt;
    const PluginSchema* plugin = plugins_.find(kind, name->as_string());
    if (plugin == nullptr) {
      const std::string shown = shown_value(*name, document_.is_secret(at));
      faults_.add(document_.where(at), "no " + kind + " plugin " + shown + " is installed",
                  missing_plugin_hint(kind, name->as_string()));
      return std::nullopt;
    }
    Result<JsonValue> schema = read_plugin_schema(plugin->schema_text);
    if (schema) return std::move(*schema);
    faults_.add(document_.where(at),
                "the plugin \"" + plugin->name + "\" is broken: " + schema.error().message);
    return std::nullopt;
  }

  std::string missing_plugin_hint(const std::string& kind, const std::string& name) const {
    const std::vector<std::string> installed = plugins_.names(kind);
    std::string hint = spelling_hint(name, installed);
    for (const char* other : kKinds) {
      if (hint.empty() && other != kind && contains(plugins_.names(other), name)) {
        hint = "\"" + name + "\" is a " + other + " plugin";
      }
    }
    if (!hint.empty()) hint += hint.ends_with('?') ? " " : "; ";
    return hint +
           (installed.empty() ? "none is installed" : "installed: " + quoted_list(installed));
  }

  /// Without its plugin nobody can say which keys are unknown.
  static JsonValue open_schema(const JsonValue& host) {
    JsonValue open = host;
    open.set("additionalProperties", JsonValue::boolean(true));
    return open;
  }

  std::string plugin_name(const std::string& pointer) const {
    const JsonValue* name = document_.root.at(pointer_child(pointer, "plugin"));
    return name != nullptr && name->is_string() ? name->as_string() : "";
  }

  std::string plugin_text(const std::string& pointer, const JsonValue& host,
                          const JsonValue& plugin) const {
    const JsonValue* ours = host.find("properties");
    const JsonValue* theirs = plugin.find("properties");
    JsonValue out = JsonValue::object();
    for (const JsonValue::Member& member : document_.root.at(pointer)->members()) {
      const bool is_host_key = ours != nullptr && ours->find(member.key) != nullptr;
      const bool is_plugin_key = theirs != nullptr && theirs->find(member.key) != nullptr;
      if (is_plugin_key || !is_host_key) out.set(member.key, member.value);
    }
    const JsonValue* contact = document_.root.find("contact");
    if (contact != nullptr && contact->is_string() && out.find("contact") == nullptr) {
      out.set("contact", *contact);
    }
    // Consumer groups are named for the pipeline, as Kafka Connect names its own.
    const JsonValue* pipeline = document_.root.find("pipeline");
    if (theirs && theirs->find("group") && !out.find("group") && pipeline &&
        pipeline->is_string()) {
      out.set("group", JsonValue::string("connect-" + pipeline->as_string()));
    }
    return to_json(out);
  }

  ConfigDocument& document_;
  const PluginSchemas& plugins_;
  Faults& faults_;
  PluginTexts texts_;
};

}  // namespace

PluginTexts validate_document(ConfigDocument& document, const PluginSchemas& plugins,
                              Faults& faults) {
  return Validation(document, plugins, faults).run();
}

}  // namespace millrace
