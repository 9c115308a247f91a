#include "scenario.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "components.h"
#include "config/load.h"

namespace millrace::simulation {
namespace {

constexpr size_t kRecords = 90;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "simulation: %s\n", why.c_str());
  std::exit(2);
}

class Schemas final : public PluginSchemas {
 public:
  explicit Schemas(const PluginIndex& index) {
    for (const ComponentInfo& info : index.components())
      schemas_.push_back(
          {std::string(kind_name(info.kind)), info.name, info.id, info.config_schema});
  }
  const PluginSchema* find(std::string_view kind, std::string_view name) const override {
    for (const PluginSchema& schema : schemas_) {
      if (schema.kind == kind && schema.name == name) return &schema;
    }
    return nullptr;
  }
  std::vector<std::string> names(std::string_view) const override { return {}; }

 private:
  std::vector<PluginSchema> schemas_;
};

std::string source_text(const std::string& name, bool again) {
  return fmt::format(
      R"("{0}": {{"plugin": "sim_log", "name": "{0}", "replay": "{1}",
                  "schema": {{"k": "text", "n": "int8"}},
                  "event_time": {{"field": "t", "unit": "ms", "out_of_orderness": "12ms"}}}})",
      name, again ? "window" : "exact");
}

constexpr const char* kSinks = R"(
    "out":   {"from": "op", "plugin": "sim_file", "name": "out"},
    "tags":  {"from": "op", "plugin": "sim_tagged", "name": "tags"},
    "marks": {"from": "op", "plugin": "sim_marked", "name": "marks"},
    "often": {"from": "op", "plugin": "sim_lossy", "name": "often", "delivery": "at_least_once"},
    "once":  {"from": "a", "plugin": "sim_lossy", "name": "once", "delivery": "at_most_once"},
    "rows":  {"from": "a", "plugin": "sim_file", "name": "rows"},
    "gaps":  {"from": "a.gaps", "plugin": "sim_file", "name": "gaps"})";

constexpr const char* kCounts =
    R"j("group_by": ["k"], "select": {"n": "count(*)", "s": "sum(n)"})j";

constexpr const char* kJoin =
    R"j("op": {"from": "a", "join": {"with": "b", "on": ["k"], "type": "left",
                                     "within": {"before": "15ms", "after": "15ms"}},
               "select": {"l": "a.n", "r": "b.n"}})j";
constexpr const char* kDedupe =
    R"j("parts": {"from": "a", "select": {"k": "k", "n": "n % 7"}},
        "op": {"from": "parts", "dedupe": {"by": ["k", "n"], "keep": "80ms"}})j";
constexpr const char* kLast =
    R"j("op": {"from": "a", "dedupe": {"by": ["k"], "keep": "25ms", "which": "last"}})j";
constexpr const char* kChained =
    R"j("parts": {"from": ["a", "b"], "window": {"tumbling": "20ms"}, "group_by": ["k"],
                  "select": {"n": "count(*)", "s": "sum(n)"}},
        "op": {"from": "parts", "window": {"tumbling": "100ms"}, "group_by": ["k"],
               "select": {"n": "sum(n)", "s": "max(s)"}})j";
constexpr const char* kTable =
    R"j("latest": {"from": "a", "table": {"key": ["k"]}},
        "op": {"from": "latest", "group_by": {"g": "n % 3"}, "emit": "update",
               "select": {"m": "count(*)", "s": "sum(n)"}})j";

std::string windowed(const std::string& window, const std::string& more = {},
                     const std::string& from = R"("a")") {
  return fmt::format(R"("op": {{"from": {}, "window": {}, {}{}}})", from, window, kCounts, more);
}

}  // namespace

Scenarios::Scenarios() {
  if (auto added = plugins_.add_builtin(simulated_components()); !added)
    give_up(added.error().message);
  const std::string tumbling = R"({"tumbling": "60ms"})";
  for (const bool cache : {false, true}) {
    add("tumbling", windowed(tumbling, R"(, "allowed_lateness": "5ms")"), false, cache);
    add("hopping", windowed(R"({"hopping": "70ms", "every": "30ms"})"), false, cache);
    add("session", windowed(R"({"session": "9ms"})"), false, cache);
    add("updates", windowed(tumbling, R"(, "emit": "update")"), false, cache);
    add("merged", windowed(tumbling, "", R"(["a", "b"])"), true, cache);
    add("join", kJoin, true, cache);
    add("dedupe", kDedupe, false, cache);
    add("last", kLast, false, cache);
    add("chained", kChained, true, cache);
    add("sliding", windowed(R"({"sliding_by_record": "14ms"})"), false, cache);
  }
  add("table", kTable, false, false);
  add("again", windowed(tumbling), false, false, true);
}

void Scenarios::add(const std::string& name, const std::string& operators, bool two_sources,
                    bool cache, bool again) {
  std::string text = R"({"pipeline": "sim", "dead_letters": "none", "lanes": 1, "sources": {)";
  text += source_text("a", again);
  if (two_sources) text += ", " + source_text("b", false);
  text += "}, \"operators\": {" + operators + "}, \"sinks\": {" + kSinks + "},";
  text +=
      cache ? R"("commit": {"every": "4ms", "keep": "cache"}, "cache": {"redis": "redis://sim/0"}})"
            : R"("commit": {"every": "4ms"}})";
  Faults faults(name);
  auto loaded = load_config_text(text, name, {}, Schemas(plugins_), faults);
  if (!loaded || !faults.empty()) give_up(faults.text());
  all_.push_back(
      {name + (cache ? " in the cache" : ""), std::move(loaded->pipeline), cache, again});
}

std::map<std::string, std::vector<LogItem>> make_logs(uint64_t variant, bool repeats) {
  std::map<std::string, std::vector<LogItem>> logs;
  for (const char* name : {"a", "b"}) {
    Dice dice(variant * 2 + (*name == 'b'));
    std::vector<LogItem>& log = logs[name];
    int64_t now_ms = 1'767'225'600'000;
    for (size_t n = 0; n < kRecords; ++n) {
      now_ms += static_cast<int64_t>(dice.below(6));
      // One in thirty comes too late.
      const auto late_ms = static_cast<int64_t>(dice.below(30) == 0 ? 90 : dice.below(12));
      LogItem item;
      item.id = n;
      item.time_us = (now_ms - late_ms) * 1000;
      item.value =
          fmt::format(R"({{"t":{},"k":"k{}","n":{}}})", now_ms - late_ms, dice.below(5), n);
      log.push_back(item);
      if (!repeats) continue;
      if (dice.chance(10))
        log.push_back(log[log.size() - 1 - dice.below(std::min<size_t>(log.size(), 4))]);
      if (dice.chance(5)) log.push_back({"", 0, 0, true});
    }
  }
  return logs;
}

}  // namespace millrace::simulation
