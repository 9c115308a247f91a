/// What plugins' schemas do to a configuration, and what plugins are handed.

#include <gtest/gtest.h>

#include "json/document.h"
#include "json/write.h"
#include "loading.h"

namespace millrace {
namespace {

std::string source_text(const std::string& source, const std::string& contact = "") {
  const Loading loading =
      load(with_source(source), contact.empty() ? std::vector<std::string>{}
                                                : std::vector<std::string>{"contact=" + contact});
  EXPECT_EQ(loading.faults, "");
  return loading.pipeline().sources[0].plugin_config;
}

std::string schema_of(const SourceConfig& source) {
  std::string out;
  for (const FieldType& entry : source.schema) out += entry.path.text + ":" + entry.type.text + " ";
  return out;
}

TEST(Plugin, GetsItsOwnKeysWithDefaultsAndNothingOfTheHost) {
  EXPECT_EQ(source_text(R"({"plugin": "file", "path": "x", "key": "k", "on_gap": "fail"})"),
            R"({"path":"x","format":"ndjson","follow":false,"replay":{"speed":"max","loop":1}})");
}

TEST(Plugin, ObjectsMergeWithTheirDefaultsKeyByKey) {
  EXPECT_EQ(source_text(R"({"plugin": "file", "path": "x", "replay": {"speed": 60}})"),
            R"({"path":"x","replay":{"speed":60,"loop":1},"format":"ndjson","follow":false})");
}

TEST(Plugin, GetsContactAndTheHostKeysThatItsSchemaNames) {
  EXPECT_EQ(
      source_text(R"({"plugin": "wikipedia"})", "ops@example.org"),
      R"({"event_time":{"field":"timestamp","unit":"s","out_of_orderness":"5s",)"
      R"("ambiguous":"earlier","max_future":"1h"},"on_gap":"fail","stream":"recentchange",)"
      R"("max_age":"14m30s","max":{"line":"8MiB","body":"64MiB"},"contact":"ops@example.org"})");
}

TEST(Plugin, ItsDefaultsForHostKeysWin) {
  const Loading loading = load(with_source(R"({"plugin": "wikipedia"})"));
  EXPECT_EQ(loading.pipeline().sources[0].on_gap, SourceConfig::OnGap::kFail);
  const Loading file = load(with_source(R"({"plugin": "file", "path": "x"})"));
  EXPECT_EQ(file.pipeline().sources[0].on_gap, SourceConfig::OnGap::kReport);
}

TEST(Plugin, ItsRecordIsMergedUnderWhatTheUserWrote) {
  const Loading plain = load(with_source(R"({"plugin": "wikipedia"})"));
  ASSERT_EQ(plain.faults, "");
  const SourceConfig& source = plain.pipeline().sources[0];
  EXPECT_EQ(schema_of(source), "wiki:text bot:bool timestamp:int8 ");
  EXPECT_EQ(source.event_time->field.text, "timestamp");
  EXPECT_EQ(source.event_time->unit, EventTimeConfig::Unit::kSeconds);
  EXPECT_EQ(source.event_time->out_of_orderness_us, 5'000'000);
  EXPECT_EQ(source.key.text, "wiki");
  EXPECT_EQ(find_written(source.written, "schema"), nullptr);

  const Loading changed = load(with_source(
      R"({"plugin": "wikipedia", "schema": {"bot": "text", "title": "text"}, "key": "title",
          "event_time": {"out_of_orderness": "1m"}})"));
  ASSERT_EQ(changed.faults, "");
  const SourceConfig& other = changed.pipeline().sources[0];
  EXPECT_EQ(schema_of(other), "bot:text title:text wiki:text timestamp:int8 ");
  EXPECT_EQ(other.event_time->field.text, "timestamp");
  EXPECT_EQ(other.event_time->out_of_orderness_us, 60'000'000);
  EXPECT_EQ(other.key.text, "title");
  EXPECT_NE(find_written(other.written, "schema"), nullptr);
}

TEST(Plugin, ItsUnitBelongsToItsField) {
  EXPECT_EQ(
      load(with_source(R"({"plugin": "wikipedia", "event_time": {"field": "meta.dt"}})")).faults,
      "c.json:3:45: /sources/in/event_time: \"unit\" of the field \"meta.dt\" is missing; one of "
      "s, "
      "ms, us, ns, rfc3339 or local:ZONE:PATTERN");
}

TEST(Plugin, UnknownOnesGetNamesAndWhatIsInstalled) {
  EXPECT_EQ(
      load(with_source(R"({"plugin": "wikipdia", "any": 1})")).faults,
      "c.json:3:32: /sources/in/plugin: no source plugin \"wikipdia\" is installed; did you mean "
      "\"wikipedia\"? installed: file, wikipedia");
  EXPECT_EQ(
      load(with_source(R"({"plugin": "stdout"})")).faults,
      "c.json:3:32: /sources/in/plugin: no source plugin \"stdout\" is installed; \"stdout\" is a "
      "sink plugin; installed: file, wikipedia");
  EXPECT_EQ(
      load(with_source(R"({"plugin": "elephant"})")).faults,
      "c.json:3:32: /sources/in/plugin: no source plugin \"elephant\" is installed; installed: "
      "file, wikipedia");
}

TEST(Plugin, KeysOfAnUnknownOneAreNotJudgedButTheHostsAre) {
  EXPECT_EQ(
      load(with_source(R"({"plugin": "elephant", "trunk": 1, "on_gap": "x"})")).faults,
      "c.json:3:32: /sources/in/plugin: no source plugin \"elephant\" is installed; installed: "
      "file, wikipedia\n"
      "c.json:3:66: /sources/in/on_gap: expected one of \"report\" or \"fail\", found \"x\"");
}

TEST(Plugin, ABrokenSchemaIsThePluginsFault) {
  FakePlugins plugins;
  plugins.add({"source", "torn", "org.x.torn", "{\"type\": "});
  plugins.add({"source", "odd", "org.x.odd", R"({"type": "object", "properties": 5})"});
  plugins.add(
      {"source", "loose", "org.x.loose", R"({"properties": {"a": {"$ref": "#/nowhere"}}})"});
  EXPECT_TRUE(
      load(with_source(R"({"plugin": "torn"})"), {}, plugins)
          .faults.starts_with("c.json:3:32: /sources/in/plugin: the plugin \"torn\" is broken: "));
  EXPECT_TRUE(
      load(with_source(R"({"plugin": "odd"})"), {}, plugins)
          .faults.starts_with("c.json:3:32: /sources/in/plugin: the plugin \"odd\" is broken: "));
  EXPECT_EQ(load(with_source(R"({"plugin": "loose"})"), {}, plugins).faults,
            "c.json:3:32: /sources/in/plugin: the plugin \"loose\" is broken: the schema refers to "
            "\"#/nowhere\", which it lacks");
}

TEST(Plugin, WithoutASchemaItHasNoKeys) {
  FakePlugins plugins;
  plugins.add({"source", "bare", "org.x.bare", ""});
  EXPECT_EQ(load(with_source(R"({"plugin": "bare"})"), {}, plugins).faults, "");
  EXPECT_EQ(
      load(with_source(R"({"plugin": "bare", "paths": "x"})"), {}, plugins).faults,
      "c.json:3:40: /sources/in/paths: unknown key; known keys are plugin, schema, on_mismatch, "
      "validate, event_time, key, on_all_idle, on_gap, journal, dedupe_key, dedupe_horizon, "
      "dedupe_max");
}

TEST(Plugin, ReferencesAndRecursionInSchemasAreWrittenOut) {
  FakePlugins plugins;
  plugins.add({"source", "tree", "org.x.tree", R"({
    "type": "object", "properties": {"root": {"$ref": "#/definitions/node"}},
    "definitions": {"node": {"type": "object", "required": ["name"], "properties": {
      "name": {"type": "string"}, "child": {"$ref": "#/definitions/node"}}}}})"});
  EXPECT_EQ(load(with_source(R"({"plugin": "tree", "root": {"name": "a", "child": {"name": 5}}})"),
                 {}, plugins)
                .faults,
            "c.json:3:80: /sources/in/root/child/name: expected a string, found 5");
}

TEST(Plugin, ProcessorsTakeTheirKeysInConfig) {
  const Loading loading = load(
      with_operators(R"({"t": {"from": "in", "plugin": "tag", "config": {"prefix": "x"}}})", "t"));
  EXPECT_EQ(loading.faults, "");
  EXPECT_EQ(loading.pipeline().operators[0].plugin_config, R"({"prefix":"x","times":2})");
  EXPECT_EQ(load(with_operators(R"({"t": {"from": "in", "plugin": "tag"}})", "t")).faults,
            "c.json:4:22: /operators/t/config: the key \"prefix\" is missing");
  EXPECT_EQ(load(with_operators(
                     R"({"t": {"from": "in", "plugin": "tag", "config": {"prefx": "x"}}})", "t"))
                .faults,
            "c.json:4:65: /operators/t/config/prefx: unknown key; did you mean \"prefix\"?");
}

TEST(Plugin, ProcessorsStandInsteadOfOtherKeys) {
  EXPECT_EQ(
      load(
          with_operators(
              R"({"t": {"from": "in", "plugin": "tag", "config": {"prefix": "x"}, "filter": "a"}})"))
          .faults,
      "c.json:4:81: /operators/t/filter: has no meaning beside \"plugin\"; put it on an operator "
      "before or behind this one");
  EXPECT_EQ(load(with_operators(R"({"t": {"from": "in", "schema": {"a": "text"}}})")).faults,
            "c.json:4:37: /operators/t/schema: has a meaning only beside \"plugin\"");
}

TEST(Plugin, BranchesAndConditionsOfItsSchemaCount) {
  const auto faults = [](const std::string& keys) {
    return load(R"({"pipeline": "p", "sources": {"in": {"plugin": "file", "path": "x"}},
 "sinks": {"out": {"from": "in", "plugin": "postgres", "url": "u", )" +
                keys + "}}}")
        .faults;
  };
  EXPECT_EQ(faults(R"("mode": "upsert", "conflict": "skip")"), "");
  EXPECT_EQ(faults(R"("mode": "append", "conflict": "skip")"),
            "c.json:2:86: /sinks/out/conflict: unknown key; known keys are from, plugin, "
            "format, delivery, key, context, url, mode");
  EXPECT_EQ(faults(R"("mode": {"upsert": []})"),
            "c.json:2:87: /sinks/out/mode/upsert: must not be empty");
  EXPECT_EQ(faults(R"("mode": {"upsert": "id"})"),
            "c.json:2:87: /sinks/out/mode/upsert: expected a list, found \"id\"");
}

TEST(Plugin, SinksGetTheFormatTheyName) {
  const Loading loading = load(with_operators("{}"), {"sinks.out.format=csv"});
  EXPECT_EQ(loading.faults, "");
  EXPECT_EQ(loading.pipeline().sinks[0].format.text, "csv");
  EXPECT_EQ(loading.pipeline().sinks[0].plugin_config, R"({"path":"out.jsonl","format":"csv"})");
  const Loading standard = load(with_source(R"({"plugin": "file", "path": "x"})"));
  EXPECT_EQ(standard.pipeline().sinks[0].format.text, "table");
}

}  // namespace
}  // namespace millrace
