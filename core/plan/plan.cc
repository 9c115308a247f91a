#include "plan/plan.h"

#include <mutex>

#include "cache/redis_url.h"
#include "json/document.h"
#include "json/write.h"
#include "plan/planner.h"

namespace millrace {

namespace {

/// Of the keys that stand at the top, what only this room can judge.
void check_cache(const PipelineConfig& config, Faults& faults) {
  if (config.cache && !faults.any_below("/cache")) {
    if (auto url = parse_redis_url(config.cache->redis); !url)
      faults.add(config.cache->where, url.error().message);
  }
}

/// R39: state that only Redis holds must come back exactly from a replay.
void check_replayed(const PipelineConfig& config, const std::vector<PlannedSource>& sources,
                    Faults& faults) {
  if (config.commit.keep != CommitConfig::Keep::kCache) return;
  for (size_t i = 0; i < sources.size(); ++i) {
    const char* why = sources[i].traits.replay != SourceTraits::Replay::kExact
                          ? "does not give the same records again"
                      : sources[i].has_journal ? "has a journal, which forgets"
                                               : nullptr;
    if (why == nullptr) continue;
    faults.add(
        config.sources[i].name.where,
        "\"keep\": \"cache\" needs sources that replay exactly, and this one " + std::string(why),
        "keep the state in the log");
  }
}

}  // namespace

Result<std::optional<Plan>> make_plan(const PipelineConfig& config, const PluginIndex& plugins,
                                      Faults& faults) {
  // Tasks of a worker restart by themselves, and plugins are loaded by one at a time.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  check_cache(config, faults);
  Planner planner(config, plugins, faults);
  MILLRACE_TRY(planner.plan_sources());
  MILLRACE_TRY(planner.plan_operators());
  MILLRACE_TRY(planner.plan_sinks());
  planner.check_kafka_log();
  if (!faults.empty()) return std::optional<Plan>();
  MILLRACE_TRY(planner.plan_dead_letters());
  if (!faults.empty()) return std::optional<Plan>();
  std::optional<Plan> plan = planner.take();
  check_replayed(config, plan->sources, faults);
  if (!faults.empty()) return std::optional<Plan>();
  for (const SourceConfig& source : config.sources) {
    plan->graph.settings[source.name.text] = std::to_string(source.settings_hash);
  }
  for (const OperatorConfig& op : config.operators) {
    plan->graph.settings[op.name.text] = std::to_string(op.settings_hash);
    if (op.reset) plan->graph.resets.insert(op.name.text);
  }
  plan->graph.task = config.commit.task;
  plan->graph.finish();
  return plan;
}

Result<std::optional<Component>> Planner::load(Kind kind, const Text& plugin) {
  const ComponentInfo* info = plugins_.find(kind, plugin.text);
  if (!info) return std::optional<Component>();  // config has told it.
  auto component = plugins_.load(*info);
  if (!component) return component.error();
  return std::optional<Component>(*component);
}

std::optional<Input> Planner::find_input(const InputRef& ref) {
  const auto found = named_.find(ref.name);
  if (found == named_.end()) return std::nullopt;  // It had a fault of its own.
  Input input{found->second, Port::kMain};
  switch (ref.side) {
    case SideOutput::kNone: break;
    case SideOutput::kLate: input.port = Port::kLate; break;
    case SideOutput::kErrors: input.port = Port::kErrors; break;
    case SideOutput::kGaps: input.port = Port::kGaps; break;
  }
  if (input.node->shape(input.port).visible == 0 && input.port != Port::kMain) {
    faults_.add(ref.as_written.where,
                "\"" + ref.name + "\" has no such side output: nothing can come out of it",
                "only operators with a window have late records");
    return std::nullopt;
  }
  connected_.emplace_back(input.node, input.port);
  return input;
}

std::string with_member(const std::string& config, std::string_view key, JsonValue value) {
  auto parsed = parse_json(config, "");
  JsonValue root = parsed ? std::move(parsed->root) : JsonValue::object();
  root.set(key, std::move(value));
  return to_json(root);
}

JsonValue schema_of(const Component& component) {
  auto schema = parse_json(component.abi->config_schema ? component.abi->config_schema : "{}", "");
  return schema ? std::move(schema->root) : JsonValue::object();
}

bool says(const Component& component, std::string_view mark) {
  const JsonValue schema = schema_of(component);
  const JsonValue* found = schema.find(mark);
  return found && found->is_bool() && found->as_bool();
}

std::string quoted_path(std::string_view path) {
  if (!path.empty() && path[0] == '"') return std::string(path);  // SQL already.
  std::string out = "\"";
  for (const char c : path) {
    if (c == '.') {
      out += "\".\"";
    } else {
      out += c;
      if (c == '"') out += c;
    }
  }
  return out + "\"";
}

}  // namespace millrace
