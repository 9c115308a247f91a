#include "config/schema_merge.h"

#include <utility>

#include "config/schema_check.h"
#include "json/document.h"

namespace millrace {
namespace {

constexpr int kExpansionDepthMax = 16;
/// A schema that contains itself twice would otherwise double at each level.
constexpr size_t kExpandedNodesMax = 100'000;

class Expansion {
 public:
  explicit Expansion(const JsonValue& root) : root_(root) {}

  JsonValue expand(const JsonValue& node, int references) {
    if (++nodes_ > kExpandedNodesMax) return JsonValue();
    if (node.is_array()) {
      JsonValue out = JsonValue::array();
      for (const JsonValue& item : node.items()) out.push_back(expand(item, references));
      return out;
    }
    if (!node.is_object()) return node;
    const JsonValue* reference = node.find("$ref");
    if (reference != nullptr && reference->is_string()) {
      return follow(node, reference->as_string(), references);
    }
    JsonValue out = JsonValue::object();
    for (const JsonValue::Member& member : node.members()) {
      out.members().push_back({member.key, expand(member.value, references), {}});
    }
    return out;
  }

  const std::string& broken_reference() const { return broken_; }
  bool too_large() const { return nodes_ > kExpandedNodesMax; }

 private:
  JsonValue follow(const JsonValue& node, const std::string& reference, int references) {
    if (references >= kExpansionDepthMax) return JsonValue::object();
    const JsonValue* target =
        reference.starts_with('#') ? root_.at(std::string_view(reference).substr(1)) : nullptr;
    if (target == nullptr) {
      broken_ = reference;
      return JsonValue::object();
    }
    JsonValue out = expand(*target, references + 1);
    if (!out.is_object()) return out;
    for (const JsonValue::Member& member : node.members()) {
      if (member.key != "$ref") out.set(member.key, expand(member.value, references));
    }
    return out;
  }

  const JsonValue& root_;
  std::string broken_;
  size_t nodes_ = 0;
};

/// `over` laid on `under`: members of `over` win, `properties` are merged property by property.
void lay_over(JsonValue& under, const JsonValue& over) {
  if (!under.is_object() || !over.is_object()) {
    under = over;
    return;
  }
  // A list of choices belongs to the type it was written for.
  if (over.find("type") != nullptr && over.find("enum") == nullptr) under.remove("enum");
  // The plugin's default makes the host's sentence about it untrue.
  if (over.find("default") != nullptr) under.remove("x-default");
  for (const JsonValue::Member& member : over.members()) {
    JsonValue* properties = member.key == "properties" ? under.find("properties") : nullptr;
    if (properties == nullptr || !properties->is_object() || !member.value.is_object()) {
      under.set(member.key, member.value);
      continue;
    }
    for (const JsonValue::Member& property : member.value.members()) {
      if (JsonValue* known = properties->find(property.key)) {
        lay_over(*known, property.value);
      } else {
        properties->set(property.key, property.value);
      }
    }
  }
}

bool contains(const JsonValue& list, const JsonValue& item) {
  for (const JsonValue& known : list.items()) {
    if (known == item) return true;
  }
  return false;
}

}  // namespace

Result<JsonValue> expand_refs(const JsonValue& schema) {
  Expansion expansion(schema);
  JsonValue out = expansion.expand(schema, 0);
  if (!expansion.broken_reference().empty()) {
    return Error{Code::kInvalidConfig,
                 "the schema refers to \"" + expansion.broken_reference() + "\", which it lacks"};
  }
  if (expansion.too_large()) {
    return Error{Code::kInvalidConfig, "the schema is too large with its references written out"};
  }
  // Everything that referred to them has its copy.
  if (out.is_object()) out.remove("definitions");
  return out;
}

Result<JsonValue> read_plugin_schema(std::string_view text) {
  if (text.empty()) {
    JsonValue none = JsonValue::object();
    none.set("type", JsonValue::string("object"));
    none.set("properties", JsonValue::object());
    return none;
  }
  Result<JsonDocument> parsed = parse_json(text, "schema");
  if (!parsed) return Error{Code::kPluginRefused, parsed.error().message};
  if (!parsed->root.is_object()) return Error{Code::kPluginRefused, "the schema is not an object"};
  Result<JsonValue> expanded = expand_refs(parsed->root);
  if (!expanded) return Error{Code::kPluginRefused, expanded.error().message};
  if (Result<void> usable = check_schema(*expanded); !usable) {
    return Error{Code::kPluginRefused, usable.error().message};
  }
  drop_positions(*expanded);
  const JsonValue* properties = expanded->find("properties");
  if (properties != nullptr && !properties->is_object()) {
    return Error{Code::kPluginRefused, "\"properties\" of the schema is not an object"};
  }
  if (properties == nullptr) expanded->set("properties", JsonValue::object());
  return expanded;
}

JsonValue with_host_properties(const JsonValue& host, const JsonValue& plugin) {
  JsonValue out = plugin;
  JsonValue properties = JsonValue::object();
  if (const JsonValue* ours = host.find("properties")) properties = *ours;
  if (const JsonValue* theirs = plugin.find("properties")) {
    JsonValue wrapper = JsonValue::object();
    wrapper.set("properties", std::move(properties));
    JsonValue over = JsonValue::object();
    over.set("properties", *theirs);
    lay_over(wrapper, over);
    properties = std::move(*wrapper.find("properties"));
  }
  out.set("properties", std::move(properties));
  JsonValue required = JsonValue::array();
  for (const JsonValue* part : {&host, &plugin}) {
    const JsonValue* names = part->find("required");
    if (names == nullptr || !names->is_array()) continue;
    for (const JsonValue& name : names->items()) {
      if (!contains(required, name)) required.push_back(name);
    }
  }
  if (!required.items().empty()) out.set("required", std::move(required));
  return out;
}

void drop_positions(JsonValue& value) {
  value.set_position({});
  if (value.is_array()) {
    for (JsonValue& item : value.items()) drop_positions(item);
  } else if (value.is_object()) {
    for (JsonValue::Member& member : value.members()) {
      member.key_position = {};
      drop_positions(member.value);
    }
  }
}

void merge_missing(JsonValue& value, const JsonValue& defaults) {
  if (!value.is_object() || !defaults.is_object()) return;
  for (const JsonValue::Member& member : defaults.members()) {
    JsonValue* present = value.find(member.key);
    if (present == nullptr) {
      value.set(member.key, member.value);
    } else {
      merge_missing(*present, member.value);
    }
  }
}

}  // namespace millrace
