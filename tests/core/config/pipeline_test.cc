/// What a right configuration becomes.

#include <gtest/gtest.h>

#include "base/time.h"
#include "loading.h"

namespace millrace {
namespace {

constexpr const char* kFull = R"({
  "$schema": "millrace.schema.json",
  "pipeline": "edits",
  "contact": "ops@example.org",
  "sources": {
    "wiki": {"plugin": "wikipedia"},
    "in": {
      "plugin": "file", "path": "x", "schema": {"b": "int8", "a": "text"}, "on_mismatch": "null",
      "validate": "full", "key": "a", "on_all_idle": "clock", "on_gap": "fail",
      "journal": {"path": "j"}, "dedupe_key": "a", "dedupe_horizon": "1m", "dedupe_max": 10,
      "event_time": {"field": "b", "unit": "local:Europe/London:%m/%d/%Y %H:%M", "ambiguous": "later",
                     "out_of_orderness": "3h", "idle_timeout": "none", "max_future": "5m",
                     "bounds": ["2010-12-01", "2011-12-10T00:00:00"]}
    }
  },
  "operators": {
    "z": {"from": ["wiki", "in"], "explode": {"array": "x.out", "as": "o"}, "filter": "a = 1",
          "select": {"n": "a", "m": "b"}, "max_task_idle": "unlimited", "reset": true},
    "a": {"from": "z", "window": {"tumbling": "1m"}, "group_by": ["n"], "having": "count(*) > 1",
          "order_by": ["n desc", "m"], "limit": 10, "limit_by": "m", "allowed_lateness": "30s",
          "late": "drop", "emit": {"update": {"every": {"clock": "1s"}}}, "complete_max_rows": 5},
    "d": {"from": "z", "dedupe": {"by": "n", "keep": "10m", "which": "last"}},
    "t": {"from": "z", "table": {"key": ["n"], "delete": "m is null"}},
    "j": {"from": "z", "join": {"with": "d", "on": ["n", "m"], "within": {"before": "1m"},
                                "type": "anti"}}
  },
  "sinks": {
    "out": {"from": ["a", "a.late"], "plugin": "file", "path": "o", "delivery": "at_least_once",
            "key": ["n", "m"], "context": true}
  },
  "commit": {"every": "5s", "dir": "state"},
  "cache": {"redis": "redis://127.0.0.1:6379/0", "max_pending": "1MiB"},
  "delivery": "exactly_once",
  "lanes": 4,
  "dead_letters": "none",
  "metrics": {"listen": "[::1]:9464"},
  "limits": {"state": "4GiB", "outbox": "1MiB"}
})";

class FullPipeline : public testing::Test {
 protected:
  void SetUp() override {
    loading_ = load(kFull);
    ASSERT_EQ(loading_.faults, "");
  }
  const PipelineConfig& pipeline() const { return loading_.pipeline(); }
  const OperatorConfig& operator_named(const char* name) const {
    return *pipeline().find_operator(name);
  }
  Loading loading_;
};

TEST_F(FullPipeline, TopLevel) {
  EXPECT_EQ(pipeline().name.text, "edits");
  EXPECT_EQ(pipeline().contact.text, "ops@example.org");
  EXPECT_EQ(pipeline().commit.every_us, 5'000'000);
  EXPECT_EQ(pipeline().commit.dir, "state");
  EXPECT_EQ(pipeline().commit.log, CommitConfig::Log::kLocal);
  EXPECT_EQ(pipeline().cache->redis, "redis://127.0.0.1:6379/0");
  EXPECT_EQ(pipeline().cache->timeout_us, 200'000);
  EXPECT_EQ(pipeline().cache->max_pending_bytes, 1 << 20);
  EXPECT_EQ(pipeline().delivery, Delivery::kExactlyOnce);
  EXPECT_EQ(pipeline().delivery_where.line, 33u);
  EXPECT_EQ(pipeline().lanes, 4);
  EXPECT_FALSE(pipeline().dead_letters_on);
  EXPECT_EQ(pipeline().metrics_listen.text, "[::1]:9464");
  EXPECT_EQ(pipeline().limits.state_bytes, 4ll << 30);
  EXPECT_EQ(pipeline().limits.outbox_bytes, 1 << 20);
}

TEST_F(FullPipeline, PartsKeepTheOrderOfTheFile) {
  EXPECT_EQ(pipeline().sources[0].name.text, "wiki");
  EXPECT_EQ(pipeline().sources[1].name.text, "in");
  EXPECT_EQ(pipeline().operators[0].name.text, "z");
  EXPECT_EQ(pipeline().operators[1].name.text, "a");
  EXPECT_EQ(pipeline().find_source("in"), &pipeline().sources[1]);
  EXPECT_EQ(pipeline().find_source("a"), nullptr);
}

TEST_F(FullPipeline, Source) {
  const SourceConfig& in = pipeline().sources[1];
  EXPECT_EQ(in.name.where.line, 7u);
  EXPECT_EQ(in.name.where.column, 5u);
  EXPECT_EQ(in.schema[0].path.text, "b");
  EXPECT_EQ(in.schema[0].type.text, "int8");
  EXPECT_EQ(in.schema[1].path.where.pointer, "/sources/in/schema/a");
  EXPECT_EQ(in.on_mismatch, SourceConfig::OnMismatch::kNull);
  EXPECT_EQ(in.validate, SourceConfig::Validate::kFull);
  EXPECT_EQ(in.key.text, "a");
  EXPECT_EQ(in.on_all_idle, SourceConfig::OnAllIdle::kClock);
  EXPECT_EQ(in.on_gap, SourceConfig::OnGap::kFail);
  EXPECT_EQ(in.journal->path.text, "j");
  EXPECT_EQ(in.journal->retain_us, 3600 * kSecondUs);
  EXPECT_EQ(in.dedupe.key[0].text, "a");
  EXPECT_EQ(in.dedupe.horizon_us, 60 * kSecondUs);
  EXPECT_EQ(in.dedupe.entries_max, 10);
}

TEST_F(FullPipeline, EventTime) {
  const EventTimeConfig& time = *pipeline().sources[1].event_time;
  EXPECT_EQ(time.field.text, "b");
  EXPECT_EQ(time.unit, EventTimeConfig::Unit::kLocal);
  EXPECT_EQ(time.zone.text, "Europe/London");
  EXPECT_EQ(time.pattern.text, "%m/%d/%Y %H:%M");
  EXPECT_EQ(time.ambiguous, EventTimeConfig::Ambiguous::kLater);
  EXPECT_EQ(time.out_of_orderness_us, 3 * 3600 * kSecondUs);
  EXPECT_EQ(time.idle_timeout_us, kTimeMax);
  EXPECT_EQ(time.max_future_us, 300 * kSecondUs);
  EXPECT_EQ((*time.bounds)[0].time, parse_rfc3339("2010-12-01T00:00:00Z"));
  EXPECT_FALSE((*time.bounds)[0].has_offset);
  EXPECT_EQ((*time.bounds)[1].time, parse_rfc3339("2011-12-10T00:00:00Z"));
}

TEST_F(FullPipeline, OperatorWithoutState) {
  const OperatorConfig& z = operator_named("z");
  EXPECT_EQ(z.from.size(), 2u);
  EXPECT_EQ(z.explode->array.text, "x.out");
  EXPECT_EQ(z.explode->as.text, "o");
  EXPECT_EQ(z.filter.text, "a = 1");
  EXPECT_EQ(z.filter.where.line, 17u);
  EXPECT_FALSE(z.select->fields_only);
  EXPECT_EQ(z.select->entries[0].alias.text, "n");
  EXPECT_EQ(z.select->entries[1].expression.text, "b");
  EXPECT_EQ(z.max_task_idle_us, kTimeMax);
  EXPECT_TRUE(z.reset);
  EXPECT_FALSE(z.keeps_state_by_keys());
  EXPECT_FALSE(z.emit.has_value());
}

TEST_F(FullPipeline, Window) {
  const OperatorConfig& a = operator_named("a");
  EXPECT_EQ(a.window->size_us, 60 * kSecondUs);
  EXPECT_TRUE(a.group_by->fields_only);
  EXPECT_EQ(a.group_by->entries[0].expression.text, "n");
  EXPECT_EQ(a.having.text, "count(*) > 1");
  EXPECT_EQ(a.order_by[1].text, "m");
  EXPECT_EQ(a.limit, 10);
  EXPECT_EQ(a.limit_by[0].text, "m");
  EXPECT_EQ(a.allowed_lateness_us, 30 * kSecondUs);
  EXPECT_EQ(a.late, OperatorConfig::Late::kDrop);
  EXPECT_EQ(a.emit->mode, EmitConfig::Mode::kUpdate);
  EXPECT_EQ(a.emit->trigger, EmitConfig::Trigger::kClock);
  EXPECT_EQ(a.emit->every_us, kSecondUs);
  EXPECT_EQ(a.complete_max_rows, 5);
}

TEST_F(FullPipeline, DedupeTableJoin) {
  EXPECT_EQ(operator_named("d").dedupe->by[0].text, "n");
  EXPECT_EQ(operator_named("d").dedupe->keep_us, 600 * kSecondUs);
  EXPECT_EQ(operator_named("d").dedupe->which, DedupeConfig::Which::kLast);
  EXPECT_EQ(operator_named("t").table->key[0].text, "n");
  EXPECT_EQ(operator_named("t").table->delete_when.text, "m is null");
  const JoinConfig& join = *operator_named("j").join;
  EXPECT_EQ(join.with.name, "d");
  EXPECT_EQ(join.on_fields.size(), 2u);
  EXPECT_TRUE(join.on.empty());
  EXPECT_EQ(join.within->before_us, 60 * kSecondUs);
  EXPECT_EQ(join.within->after_us, 0);
  EXPECT_EQ(join.type, JoinConfig::Type::kAnti);
}

TEST_F(FullPipeline, Sink) {
  const SinkConfig& out = pipeline().sinks[0];
  EXPECT_EQ(out.from[1].as_written.text, "a.late");
  EXPECT_EQ(out.delivery, Delivery::kAtLeastOnce);
  EXPECT_EQ(out.key.size(), 2u);
  EXPECT_TRUE(out.context);
  EXPECT_EQ(out.format.text, "ndjson");
}

/// The structs' own defaults are what later stages' tests build on; the schema's are documented.
TEST(Pipeline, DefaultsOfSchemaAndStructsAgree) {
  const Loading loading = load(
      with_operators(R"({"o": {"from": "in"}, "d": {"from": "in", "dedupe": {"by": ["x"]}}})"));
  ASSERT_EQ(loading.faults, "");
  const PipelineConfig& pipeline = loading.pipeline();
  EXPECT_EQ(pipeline.commit.every_us, CommitConfig().every_us);
  EXPECT_EQ(pipeline.commit.dir, CommitConfig().dir);
  EXPECT_EQ(pipeline.commit.replication, CommitConfig().replication);
  EXPECT_EQ(pipeline.limits.outbox_bytes, LimitsConfig().outbox_bytes);
  EXPECT_EQ(pipeline.limits.state_bytes, std::nullopt);
  EXPECT_TRUE(pipeline.dead_letters_on);
  EXPECT_EQ(pipeline.lanes, std::nullopt);
  EXPECT_EQ(pipeline.delivery, std::nullopt);
  const SourceConfig& source = pipeline.sources[0];
  EXPECT_EQ(source.on_mismatch, SourceConfig().on_mismatch);
  EXPECT_EQ(source.validate, SourceConfig().validate);
  EXPECT_EQ(source.on_gap, SourceConfig().on_gap);
  EXPECT_EQ(source.dedupe.entries_max, SourceDedupe().entries_max);
  EXPECT_FALSE(source.event_time.has_value());
  const OperatorConfig& plain = pipeline.operators[0];
  EXPECT_EQ(plain.complete_max_rows, OperatorConfig().complete_max_rows);
  EXPECT_EQ(plain.allowed_lateness_us, OperatorConfig().allowed_lateness_us);
  EXPECT_EQ(plain.late, OperatorConfig().late);
  EXPECT_EQ(plain.reset, OperatorConfig().reset);
  EXPECT_EQ(pipeline.operators[1].dedupe->keep_us, DedupeConfig().keep_us);
  EXPECT_EQ(pipeline.operators[1].dedupe->which, DedupeConfig().which);
  EXPECT_EQ(pipeline.sinks[0].context, SinkConfig().context);
}

TEST(Pipeline, KafkaCommitsFasterAndNeedsBrokers) {
  const Loading loading = load(with_operators("{}"), {"commit.log=kafka", "commit.brokers=a:9092",
                                                      "commit.topics.replication=3"});
  EXPECT_EQ(loading.faults, "");
  EXPECT_EQ(loading.pipeline().commit.every_us, 200'000);
  EXPECT_EQ(loading.pipeline().commit.replication, 3);
  EXPECT_EQ(load(with_operators("{}"), {"commit.log=kafka"}).faults,
            "--set commit.log=kafka: /commit/log: \"kafka\" needs \"brokers\"; e.g. \"brokers\": "
            "\"kafka1:9092,kafka2:9092\"");
  EXPECT_EQ(
      load(with_operators("{}"), {"commit.brokers=a:9092"}).faults,
      "--set commit.brokers=a:9092: /commit/brokers: has a meaning only with \"log\": \"kafka\"");
}

TEST(Pipeline, AddressesAndUrlsAreChecked) {
  EXPECT_EQ(
      load(with_top(R"("metrics": {"listen": "9464"})")).faults,
      "c.json:3:25: /metrics/listen: expected host:port, found \"9464\"; e.g. 127.0.0.1:9464");
  EXPECT_NE(load(with_top(R"("metrics": {"listen": "host:99999"})")).faults, "");
  EXPECT_EQ(
      load(with_top(R"("cache": {"redis": "rediss://host"})")).faults,
      "c.json:3:22: /cache/redis: rediss:// is refused, since the Redis client library has no TLS; "
      "use redis:// through a tunnel or a trusted network");
  EXPECT_EQ(load(with_top(R"("cache": {"redis": "host"})")).faults,
            "c.json:3:22: /cache/redis: expected a URL that begins with redis://; e.g. "
            "redis://127.0.0.1:6379/0");
}

TEST(EventTimeConfig, UnitsAreChecked) {
  const auto faults = [](const std::string& time) {
    return load(with_source(R"({"plugin": "file", "path": "x", "schema": {"t": "timestamptz"},
"event_time": )" + time + "}"))
        .faults;
  };
  EXPECT_EQ(faults(R"({"field": "t"})"), "");
  EXPECT_EQ(faults(R"({"field": "u"})"),
            "c.json:4:1: /sources/in/event_time: \"unit\" of the field \"u\" is missing; one of s, "
            "ms, us, "
            "ns, rfc3339 or local:ZONE:PATTERN");
  EXPECT_EQ(faults(R"({"field": "u", "unit": "sec"})"),
            "c.json:4:38: /sources/in/event_time/unit: expected one of s, ms, us, ns, rfc3339 or "
            "local:ZONE:PATTERN, found \"sec\"");
  EXPECT_EQ(faults(R"({"field": "u", "unit": "rfc339"})"),
            "c.json:4:38: /sources/in/event_time/unit: expected one of s, ms, us, ns, rfc3339 or "
            "local:ZONE:PATTERN, found \"rfc339\"; did you mean \"rfc3339\"?");
  EXPECT_EQ(faults(R"({"field": "u", "unit": "local:Europe/London"})"),
            "c.json:4:38: /sources/in/event_time/unit: expected local:ZONE:PATTERN, found "
            "\"local:Europe/London\"; e.g. local:America/New_York:%Y-%m-%d %H:%M:%S");
}

TEST(EventTimeConfig, OneTimeForAll) {
  const auto loaded = [](const std::string& time) {
    return load(with_source(R"({"plugin": "file", "path": "x", "event_time": )" + time + "}"));
  };
  const Loading dated = loaded(R"({"constant": "1970-01-02"})");
  EXPECT_EQ(dated.faults, "");
  EXPECT_EQ(dated.pipeline().sources[0].event_time->constant, EventTime{86'400'000'000});
  EXPECT_EQ(loaded(R"({"constant": "1970-01-01T01:00:00+01:00"})")
                .pipeline()
                .sources[0]
                .event_time->constant,
            EventTime{0});
  EXPECT_EQ(loaded(R"({"constant": "1970-01-01T00:00:00"})").faults,
            "c.json:3:80: /sources/in/event_time/constant: expected a date, or a time with an "
            "offset, found \"1970-01-01T00:00:00\"; e.g. \"1970-01-01\" or "
            "\"1970-01-01T00:00:00Z\"");
  EXPECT_EQ(loaded(R"({"constant": "1970-01-01", "field": "t"})").faults,
            "c.json:3:94: /sources/in/event_time/field: has no meaning beside \"constant\"; every "
            "record has that time");
}

TEST(EventTimeConfig, BoundsAreTimesInOrder) {
  const auto faults = [](const std::string& bounds) {
    return load(with_source(R"({"plugin": "file", "path": "x", "event_time": {"bounds": )" +
                            bounds + "}}"))
        .faults;
  };
  EXPECT_EQ(faults(R"(["2010-01-01", "2011-01-01"])"), "");
  EXPECT_EQ(faults(R"(["2010-01-01T00:00:00+01:00", "2011-01-01"])"), "");
  EXPECT_EQ(faults(R"(["2010-01-01", "soon"])"),
            "c.json:3:93: /sources/in/event_time/bounds/1: expected a date or a time, found "
            "\"soon\"; e.g. "
            "\"2015-10-31\", \"2015-10-31T00:00:00\" or \"2015-10-31T00:00:00Z\"");
  EXPECT_EQ(faults(R"(["2011-01-01", "2010-01-01"])"),
            "c.json:3:78: /sources/in/event_time/bounds: the first bound must be before the "
            "second; bounds "
            "are [from, to)");
}

TEST(Pipeline, KnowsWhichKeysWereWritten) {
  const Loading loading = load(with_operators(R"({"o": {"from": "in", "filter": "a"}})"));
  const OperatorConfig& entry = loading.pipeline().operators[0];
  ASSERT_NE(find_written(entry.written, "filter"), nullptr);
  EXPECT_EQ(find_written(entry.written, "filter")->column, 37u);
  EXPECT_EQ(find_written(entry.written, "late"), nullptr);
}

TEST(Emit, EachFormIsRead) {
  const auto emit = [](const std::string& text) {
    const Loading loading = load(with_operators(
        R"({"o": {"from": "in", "window": {"tumbling": "1m"}, "emit": )" + text + "}}"));
    EXPECT_EQ(loading.faults, "");
    return *loading.pipeline().operators[0].emit;
  };
  EXPECT_EQ(emit("\"append\"").mode, EmitConfig::Mode::kAppend);
  EXPECT_EQ(emit("\"complete\"").mode, EmitConfig::Mode::kComplete);
  EXPECT_EQ(emit("{\"update\": {}}").trigger, EmitConfig::Trigger::kRecord);
  EXPECT_EQ(emit("{\"complete\": {\"every\": \"10s\"}}").mode, EmitConfig::Mode::kComplete);
  EXPECT_EQ(emit("{\"update\": {\"every\": \"10s\"}}").trigger, EmitConfig::Trigger::kEventTime);
  EXPECT_EQ(emit("{\"update\": {\"every\": \"10s\"}}").every_us, 10 * kSecondUs);
}

}  // namespace
}  // namespace millrace
