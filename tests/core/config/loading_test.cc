#include "loading.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

constexpr const char* kFileSource = R"({
  "title": "Reads files", "type": "object", "required": ["path"],
  "properties": {
    "path": {"type": ["string", "array"], "items": {"type": "string"}, "description": "Where.",
             "examples": ["edits.jsonl"]},
    "format": {"type": "string", "enum": ["ndjson", "csv", "lines"], "default": "ndjson"},
    "follow": {"type": "boolean", "default": false},
    "replay": {"type": "object", "default": {"speed": "max", "loop": 1},
               "properties": {"speed": {"type": ["string", "number"]}, "loop": {"type": "integer"}}}
  }})";

constexpr const char* kWikipedia = R"({
  "title": "Wikimedia EventStreams", "description": "Edits as they happen.", "type": "object",
  "examples": [{"plugin": "wikipedia", "stream": "recentchange"}],
  "properties": {
    "stream": {"type": "string", "default": "recentchange"},
    "token": {"type": "string", "description": "Access token.", "x-secret": true},
    "max_age": {"type": "string", "x-duration": true, "default": "14m30s"},
    "rate": {"type": "number", "minimum": 1, "maximum": 50, "x-unit": "1/s", "x-advanced": true},
    "max": {"type": "object", "default": {"line": "8MiB", "body": "64MiB"},
            "properties": {"line": {"type": "string", "x-size": true},
                           "body": {"type": "string", "x-size": true}}},
    "on_gap": {"default": "fail"},
    "event_time": {"type": "object"}
  },
  "x-record": {"schema": {"wiki": "text", "bot": "bool", "timestamp": "int8"},
               "event_time": {"field": "timestamp", "unit": "s", "out_of_orderness": "5s"},
               "key": "wiki"}})";

constexpr const char* kTag = R"({
  "type": "object", "required": ["prefix"],
  "properties": {"prefix": {"type": "string"}, "times": {"type": "integer", "default": 2}}})";

constexpr const char* kFileSink = R"({
  "type": "object",
  "properties": {"path": {"type": "string"}, "dir": {"type": "string"},
                 "format": {"type": "string", "enum": ["ndjson", "csv"], "default": "ndjson"}}})";

constexpr const char* kStdout = R"({
  "type": "object",
  "properties": {"format": {"type": "string", "enum": ["ndjson", "table"], "default": "table"}}})";

constexpr const char* kPostgres = R"({
  "type": "object", "required": ["url"],
  "properties": {
    "url": {"type": "string", "x-secret": true},
    "mode": {"anyOf": [{"type": "string", "enum": ["append", "upsert"]},
                       {"type": "object", "required": ["upsert"],
                        "properties": {"upsert": {"type": "array", "minItems": 1,
                                                  "items": {"type": "string"}}}}]}},
  "if": {"properties": {"mode": {"const": "upsert"}}, "required": ["mode"]},
  "then": {"properties": {"conflict": {"type": "string", "default": "replace"}}}})";

}  // namespace

FakePlugins::FakePlugins() {
  add({"source", "file", "org.millrace.file", kFileSource});
  add({"source", "wikipedia", "org.millrace.wikipedia", kWikipedia});
  add({"processor", "tag", "org.millrace.tag", kTag});
  add({"sink", "file", "org.millrace.file", kFileSink});
  add({"sink", "postgres", "org.millrace.postgres", kPostgres});
  add({"sink", "stdout", "org.millrace.stdout", kStdout});
}

const PluginSchema* FakePlugins::find(std::string_view kind, std::string_view name) const {
  for (const PluginSchema& plugin : plugins_) {
    if (plugin.kind == kind && (plugin.name == name || plugin.id == name)) return &plugin;
  }
  return nullptr;
}

std::vector<std::string> FakePlugins::names(std::string_view kind) const {
  std::vector<std::string> out;
  for (const PluginSchema& plugin : plugins_) {
    if (plugin.kind == kind) out.push_back(plugin.name);
  }
  return out;
}

Loading load(const std::string& text, const std::vector<std::string>& overrides) {
  return load(text, overrides, FakePlugins());
}

Loading load(const std::string& text, const std::vector<std::string>& overrides,
             const PluginSchemas& plugins) {
  Faults faults("c.json");
  Loading out;
  out.config = load_config_text(text, "c.json", overrides, plugins, faults);
  out.faults = faults.text();
  return out;
}

std::string with_operators(const std::string& operators, const std::string& out_from) {
  return R"({
  "pipeline": "p",
  "sources": {"in": {"plugin": "file", "path": "in.jsonl", "schema": {"t": "timestamptz"}}},
  "operators": )" +
         operators + R"(,
  "sinks": {"out": {"from": ")" +
         out_from + R"(", "plugin": "file", "path": "out.jsonl"}}
})";
}

std::string with_source(const std::string& source) {
  return R"({
  "pipeline": "p",
  "sources": {"in": )" +
         source + R"(},
  "sinks": {"out": {"from": "in", "plugin": "stdout"}}
})";
}

std::string with_top(const std::string& keys) {
  return R"({
  "pipeline": "p",
  )" + keys +
         R"(,
  "sources": {"in": {"plugin": "file", "path": "in.jsonl"}},
  "sinks": {"out": {"from": "in", "plugin": "stdout"}}
})";
}

TEST(Load, TheSmallestPipelineIsRight) {
  const Loading loading = load(with_operators("{}"));
  EXPECT_EQ(loading.faults, "");
  EXPECT_EQ(loading.pipeline().name.text, "p");
  EXPECT_EQ(loading.pipeline().sources.size(), 1u);
  EXPECT_EQ(loading.pipeline().sinks.size(), 1u);
}

TEST(Load, CommentsAndTrailingCommasAreAllowed) {
  const Loading loading = load(R"({
  // a comment
  "pipeline": "p", /* another */
  "sources": {"in": {"plugin": "file", "path": "a",},},
  "sinks": {"out": {"from": "in", "plugin": "stdout",},},
})");
  EXPECT_EQ(loading.faults, "");
}

}  // namespace millrace
