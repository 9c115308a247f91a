#include "config/host_schema.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "config/schema_merge.h"
#include "json/document.h"

// Made by embed.cmake.
extern const unsigned char millrace_host_schema[];
extern const std::size_t millrace_host_schema_size;

namespace millrace {
namespace {

JsonValue read_embedded() {
  const std::string_view text(reinterpret_cast<const char*>(millrace_host_schema),
                              millrace_host_schema_size);
  Result<JsonDocument> parsed = parse_json(text, "host_schema.json");
  MILLRACE_ASSERT(parsed.has_value());
  Result<JsonValue> expanded = expand_refs(parsed->root);
  MILLRACE_ASSERT(expanded.has_value());
  drop_positions(*expanded);
  return std::move(*expanded);
}

JsonValue without_parts() {
  JsonValue top = host_schema();
  for (const char* part : {"sources", "operators", "sinks"}) {
    JsonValue any_object = JsonValue::object();
    any_object.set("type", JsonValue::string("object"));
    top.at(std::string("/properties/") + part)->set("additionalProperties", std::move(any_object));
  }
  return top;
}

const JsonValue& part_of(const char* name) {
  const JsonValue* part =
      host_schema().at(std::string("/properties/") + name + "/additionalProperties");
  MILLRACE_ASSERT(part != nullptr);
  return *part;
}

}  // namespace

const JsonValue& host_schema() {
  static const JsonValue* schema = new JsonValue(read_embedded());
  return *schema;
}

const JsonValue& host_top_schema() {
  static const JsonValue* schema = new JsonValue(without_parts());
  return *schema;
}

const JsonValue& host_source_schema() { return part_of("sources"); }
const JsonValue& host_operator_schema() { return part_of("operators"); }
const JsonValue& host_sink_schema() { return part_of("sinks"); }

}  // namespace millrace
