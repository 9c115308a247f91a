#include "config/host_schema.h"

#include <gtest/gtest.h>

#include "base/duration.h"
#include "config/schema_check.h"
#include "config/schema_merge.h"
#include "json/document.h"

namespace millrace {
namespace {

/// Draft-07's schema of schemas, without the parts that we never use.
constexpr const char* kMetaSchema = R"({
  "type": ["object", "boolean"],
  "definitions": {
    "count": {"type": "integer", "minimum": 0},
    "texts": {"type": "array", "items": {"type": "string"}, "uniqueItems": true},
    "schemas": {"type": "array", "minItems": 1, "items": {"$ref": "#"}},
    "map": {"type": "object", "additionalProperties": {"$ref": "#"}},
    "type": {"enum": ["array", "boolean", "integer", "null", "number", "object", "string"]}
  },
  "properties": {
    "$schema": {"type": "string"}, "$ref": {"type": "string"}, "title": {"type": "string"},
    "description": {"type": "string"}, "examples": {"type": "array"},
    "minimum": {"type": "number"}, "maximum": {"type": "number"},
    "minLength": {"$ref": "#/definitions/count"}, "maxLength": {"$ref": "#/definitions/count"},
    "minItems": {"$ref": "#/definitions/count"}, "maxItems": {"$ref": "#/definitions/count"},
    "minProperties": {"$ref": "#/definitions/count"},
    "maxProperties": {"$ref": "#/definitions/count"},
    "pattern": {"type": "string"}, "uniqueItems": {"type": "boolean"},
    "items": {"anyOf": [{"$ref": "#"}, {"$ref": "#/definitions/schemas"}]},
    "required": {"$ref": "#/definitions/texts"},
    "additionalProperties": {"$ref": "#"}, "properties": {"$ref": "#/definitions/map"},
    "definitions": {"$ref": "#/definitions/map"}, "enum": {"type": "array", "minItems": 1},
    "type": {"anyOf": [{"$ref": "#/definitions/type"},
                       {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/type"}}]},
    "anyOf": {"$ref": "#/definitions/schemas"}, "allOf": {"$ref": "#/definitions/schemas"}
  }
})";

/// Calls `check` for each property, however deep: its path, its schema, whether it is required.
template <class Check>
void for_each_property(const JsonValue& schema, const std::string& path, const Check& check) {
  if (const JsonValue* properties = schema.find("properties")) {
    for (const JsonValue::Member& property : properties->members()) {
      bool required = false;
      if (const JsonValue* names = schema.find("required")) {
        for (const JsonValue& name : names->items()) required |= name.as_string() == property.key;
      }
      check(path + "/" + property.key, property.value, required);
      for_each_property(property.value, path + "/" + property.key, check);
    }
  }
  if (const JsonValue* rest = schema.find("additionalProperties"); rest && rest->is_object()) {
    for_each_property(*rest, path + "/*", check);
  }
  if (const JsonValue* branches = schema.find("anyOf")) {
    for (const JsonValue& branch : branches->items()) for_each_property(branch, path, check);
  }
}

TEST(HostSchema, IsDraft07) {
  const Result<JsonDocument> meta = parse_json(kMetaSchema, "meta");
  ASSERT_TRUE(meta.has_value()) << meta.error().message;
  const auto violations = violations_of(host_schema(), meta->root);
  ASSERT_TRUE(violations.has_value()) << violations.error().message;
  for (const Violation& violation : *violations) {
    ADD_FAILURE() << violation.pointer << ": " << violation.detail;
  }
  EXPECT_TRUE(check_schema(host_schema()).has_value());
}

TEST(HostSchema, TheMetaSchemaSeesMistakes) {
  const Result<JsonDocument> meta = parse_json(kMetaSchema, "meta");
  const Result<JsonDocument> wrong = parse_json(R"({"properties": {"a": {"type": "strng"}}})", "x");
  EXPECT_FALSE(violations_of(wrong->root, meta->root)->empty());
}

TEST(HostSchema, DescribesEveryKey) {
  size_t count = 0;
  for_each_property(
      host_schema(), "", [&](const std::string& path, const JsonValue& property, bool required) {
        ++count;
        for (const char* keyword : {"title", "description"}) {
          const JsonValue* text = property.find(keyword);
          EXPECT_TRUE(text != nullptr && text->is_string() && !text->as_string().empty())
              << path << " lacks " << keyword;
        }
        const JsonValue* examples = property.find("examples");
        EXPECT_TRUE(examples != nullptr && !examples->items().empty()) << path << " lacks examples";
        const bool has_default = property.find("default") != nullptr || property.find("x-default");
        EXPECT_NE(required, has_default) << path << ": required, or a default";
      });
  EXPECT_GT(count, 100u);
}

TEST(HostSchema, ItsOwnDefaultsAndExamplesAreValid) {
  for_each_property(host_schema(), "",
                    [](const std::string& path, const JsonValue& property, bool) {
                      // Examples of parts show a plugin's keys, which the host's schema does not
                      // know.
                      if (path == "/sources" || path == "/sinks") return;
                      std::vector<JsonValue> values = property.find("examples")->items();
                      if (const JsonValue* standard = property.find("default"))
                        values.push_back(*standard);
                      for (const JsonValue& value : values) {
                        EXPECT_TRUE(matches(value, property)) << path;
                        if (!value.is_string()) continue;
                        const std::string& text = value.as_string();
                        if (property.find("x-duration") && !property.find("x-words")) {
                          EXPECT_TRUE(parse_duration(text)) << path;
                        }
                        if (property.find("x-size")) {
                          EXPECT_TRUE(parse_size(text)) << path;
                        }
                      }
                    });
}

TEST(HostSchema, CoversTheTablesOfTheContract) {
  const auto has = [](const JsonValue& schema, std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
      EXPECT_NE(schema.find("properties")->find(key), nullptr) << key;
    }
  };
  has(host_schema(), {"pipeline", "contact", "sources", "operators", "sinks", "commit", "cache",
                      "delivery", "lanes", "dead_letters", "metrics", "limits"});
  has(host_source_schema(),
      {"plugin", "schema", "on_mismatch", "validate", "event_time", "key", "on_all_idle", "on_gap",
       "journal", "dedupe_key", "dedupe_horizon", "dedupe_max"});
  has(host_operator_schema(), {"from",
                               "explode",
                               "filter",
                               "select",
                               "group_by",
                               "window",
                               "having",
                               "order_by",
                               "limit",
                               "limit_by",
                               "emit",
                               "complete_max_rows",
                               "allowed_lateness",
                               "late",
                               "join",
                               "dedupe",
                               "table",
                               "event_time",
                               "max_task_idle",
                               "reset",
                               "plugin",
                               "config",
                               "schema"});
  has(host_sink_schema(), {"from", "plugin", "format", "delivery", "key", "context"});
  has(*host_schema().at("/properties/commit"),
      {"log", "every", "dir", "keep", "brokers", "topics"});
  has(*host_schema().at("/properties/cache"), {"redis", "timeout", "max_pending", "prefix"});
}

}  // namespace
}  // namespace millrace
