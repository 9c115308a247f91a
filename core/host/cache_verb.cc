#include <fmt/format.h>

#include "base/noun.h"
#include "base/time.h"
#include "cache/cache_view.h"
#include "host/options.h"
#include "host/setup.h"
#include "json/value.h"
#include "json/write.h"
#include "worker/stages.h"

namespace millrace {
namespace {

JsonValue number_json(const std::optional<uint64_t>& number) {
  return number ? JsonValue::integer(static_cast<int64_t>(*number)) : JsonValue();
}

JsonValue state_json(const CachedState& state) {
  JsonValue out = JsonValue::object();
  out.set("pipeline", JsonValue::string(state.pipeline));
  out.set("state_id", JsonValue::string(state.state_id));
  out.set("task", JsonValue::integer(state.task));
  out.set("commit", number_json(state.commit));
  out.set("complete_to", number_json(state.complete_to));
  out.set("owner", number_json(state.owner));
  out.set("written", JsonValue::string(format_rfc3339(state.written_us)));
  out.set("proven", JsonValue::boolean(state.proven()));
  JsonValue& operators = out.set("operators", JsonValue::object());
  for (const auto& [name, op] : state.operators) {
    JsonValue& one = operators.set(name, JsonValue::object());
    one.set("blocks", JsonValue::integer(static_cast<int64_t>(op.found.blocks)));
    one.set("entries", JsonValue::integer(static_cast<int64_t>(op.found.entries)));
    one.set("bytes", JsonValue::integer(static_cast<int64_t>(op.bytes)));
    one.set("blocks_promised", JsonValue::integer(static_cast<int64_t>(op.promised.blocks)));
    one.set("proven", JsonValue::boolean(op.proven()));
  }
  return out;
}

void print_state(const CachedState& state) {
  const auto text = [](const std::optional<uint64_t>& n) {
    return n ? std::to_string(*n) : std::string("none");
  };
  fmt::print("{}: state {}, task {}: commit {}, complete to {}, owner {}, written {}, {}\n",
             state.pipeline, state.state_id, state.task, text(state.commit),
             text(state.complete_to), text(state.owner), format_rfc3339(state.written_us),
             state.proven() ? "proven" : "not whole");
  for (const auto& [name, op] : state.operators) {
    const bool one = op.found.entries == 1;
    fmt::print("  {}: {} of {}, {} {}, {}, {}\n", name, counted(op.found.blocks, "block"),
               op.promised.blocks, op.found.entries, one ? "entry" : "entries",
               counted(op.bytes, "byte"), op.proven() ? "proven" : "not what the manifest says");
  }
}

/// Behind a repartition topic a stage is a pipeline of its own, also in Redis (R23). Nothing:
/// `faults` says why.
Result<std::vector<std::string>> pipelines_of(const PipelineConfig& config,
                                              const PluginIndex& plugins, Faults& faults) {
  if (config.commit.log != CommitConfig::Log::kKafka) return std::vector{config.name.text};
  auto stages = plan_stages(config, plugins, faults);
  if (!stages) return stages.error();
  std::vector<std::string> names;
  for (const Stage& stage : *stages) names.push_back(stage.config.name.text);
  return names;
}

}  // namespace

int cache_show_verb(const ConfigArguments& arguments, bool json,
                    const std::vector<std::string>& plugin_dirs) {
  auto index = scan_plugins(plugin_dirs);
  if (!index) return report_error(index.error());
  Faults faults(arguments.file);
  auto loaded = load(arguments, *index, faults);
  if (!loaded) return report_faults(faults, *index);
  const PipelineConfig& config = loaded->pipeline;
  if (!config.cache)
    return report_error({Code::kInvalidConfig, arguments.file + " has no \"cache\""});
  auto url = parse_redis_url(config.cache->redis);
  if (!url) return report_error(url.error());
  auto pipelines = pipelines_of(config, *index, faults);
  if (!pipelines) return report_error(pipelines.error());
  if (pipelines->empty()) return report_faults(faults, *index);
  auto view = view_cache(*url, config.cache->timeout_us, config.cache->prefix, *pipelines);
  if (!view) return report_error(view.error());
  if (!json) {
    fmt::print("{}: maxmemory-policy {}, {} state(s) of {}\n", url->printable(), view->policy,
               view->states.size(), config.name.text);
    for (const CachedState& state : view->states) print_state(state);
    return 0;
  }
  JsonValue out = JsonValue::object();
  out.set("redis", JsonValue::string(url->printable()));
  out.set("policy", JsonValue::string(view->policy));
  JsonValue& states = out.set("states", JsonValue::array());
  for (const CachedState& state : view->states) states.push_back(state_json(state));
  fmt::print("{}\n", to_json(out));
  return 0;
}

}  // namespace millrace
