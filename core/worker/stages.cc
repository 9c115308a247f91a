#include "worker/stages.h"

#include <algorithm>
#include <set>

#include "json/document.h"
#include "json/write.h"
#include "kafka/cluster.h"
#include "plan/key_locality.h"

namespace millrace {
namespace {

/// Far more than any disorder: only markers move W behind a repartition topic.
constexpr int64_t kNeverUs = int64_t{1} << 61;

using Names = std::set<std::string>;

/// Text sources have no fields that could be read again behind a topic.
bool is_text(const PipelineConfig& config, const std::string& name) {
  if (const SourceConfig* source = config.find_source(name)) {
    const auto parsed = parse_json(source->plugin_config, "");
    const JsonValue* format = parsed ? parsed->root.find("format") : nullptr;
    return format && format->is_string() && format->as_string() == "raw";
  }
  const OperatorConfig* op = config.find_operator(name);
  return op && !op->select && !op->from.empty() && is_text(config, op->from[0].name);
}

/// Rows of a table change and delete earlier ones, which must not overtake each other on two ways.
bool is_table(const PipelineConfig& config, const std::string& name) {
  const OperatorConfig* op = config.find_operator(name);
  if (!op) return false;
  if (op->table) return true;
  if (op->group_by || op->window)
    return op->emit ? op->emit->mode != EmitConfig::Mode::kAppend : !op->window;
  return std::any_of(op->from.begin(), op->from.end(),
                     [&](const InputRef& input) { return is_table(config, input.name); });
}

bool can_be_cut(const PipelineConfig& config, const OperatorConfig& op) {
  return !op.join && !op.dedupe && !op.table && op.plugin.empty() && (op.group_by || op.window) &&
         op.from.size() == 1 && op.from[0].side == SideOutput::kNone &&
         !is_text(config, op.from[0].name) && !is_table(config, op.from[0].name);
}

bool reads(const OperatorConfig& op, const Names& names) {
  const auto one = [&](const InputRef& input) { return names.contains(input.name); };
  return std::any_of(op.from.begin(), op.from.end(), one) || (op.join && one(op.join->with));
}

/// `op` and all that is behind it, in whatever order they are written.
Names behind(const PipelineConfig& config, const std::string& op) {
  Names names{op};
  for (bool grew = true; grew;) {
    grew = false;
    for (const OperatorConfig& other : config.operators) {
      if (reads(other, names)) grew = names.insert(other.name.text).second || grew;
    }
  }
  return names;
}

using Cuts = std::vector<const OperatorConfig*>;

/// The operators that need another key, none before them does.
Cuts first_cuts(const PipelineConfig& config) {
  const auto needs = [&](const OperatorConfig& op) {
    return op.name.text != config.commit.together_for && !sees_whole_groups(config, op) &&
           can_be_cut(config, op);
  };
  Cuts cuts;
  if (config.commit.log != CommitConfig::Log::kKafka) return cuts;
  for (const OperatorConfig& op : config.operators) {
    if (!needs(op)) continue;
    const bool first = std::none_of(config.operators.begin(), config.operators.end(),
                                    [&](const OperatorConfig& other) {
                                      return &other != &op && needs(other) &&
                                             behind(config, other.name.text).contains(op.name.text);
                                    });
    if (first) cuts.push_back(&op);
  }
  return cuts;
}

std::string repartition_topic(const PipelineConfig& config, const OperatorConfig& op) {
  return config.name.text + "." + op.name.text + ".repartition";
}

/// The sinks of one side: those that read there, of what they read there.
std::vector<SinkConfig> sinks_of(const PipelineConfig& config, const Names& names, bool inside) {
  std::vector<SinkConfig> out;
  for (SinkConfig sink : config.sinks) {
    std::erase_if(sink.from,
                  [&](const InputRef& input) { return names.contains(input.name) != inside; });
    if (!sink.from.empty()) out.push_back(std::move(sink));
  }
  return out;
}

JsonValue properties_of(const PipelineConfig& config) {
  const auto parsed = parse_json(config.sources[0].plugin_config, "");
  const JsonValue* kafka = parsed ? parsed->root.find("kafka") : nullptr;
  return kafka ? *kafka : JsonValue::object();
}

SinkConfig repartition_sink(const PipelineConfig& config, const OperatorConfig& op) {
  SinkConfig sink;
  sink.name = {op.name.text + ".repartition", op.name.where};
  sink.from = op.from;
  sink.plugin = {"kafka", op.name.where};
  sink.delivery = Delivery::kExactlyOnce;
  sink.repartition = true;
  JsonValue json = JsonValue::object();
  json.set("brokers", JsonValue::string(config.commit.brokers.text));
  json.set("topic", JsonValue::string(repartition_topic(config, op)));
  json.set("kafka", properties_of(config));
  sink.plugin_config = to_json(json);
  if (op.group_by) {
    for (const NamedExpression& entry : op.group_by->entries)
      sink.key.push_back(op.group_by->fields_only ? entry.alias : entry.expression);
  }
  // All in one group.
  if (sink.key.empty()) sink.key.push_back({"'all'", op.name.where});
  return sink;
}

/// Everything of `config` but what is behind the cuts.
PipelineConfig front_of(const PipelineConfig& config, const Cuts& cuts) {
  PipelineConfig front = config;
  if (cuts.empty()) return front;
  Names names;
  for (const OperatorConfig* op : cuts) names.merge(behind(config, op->name.text));
  std::erase_if(front.operators,
                [&](const OperatorConfig& one) { return names.contains(one.name.text); });
  front.sinks = sinks_of(config, names, false);
  for (const OperatorConfig* op : cuts) front.sinks.push_back(repartition_sink(config, *op));
  return front;
}

/// The fields of what `op` reads, as they can be read again.
std::vector<FieldType> schema_of(const PipelineConfig& config, const std::string& name,
                                 const Graph& graph) {
  if (const SourceConfig* source = config.find_source(name)) return source->schema;
  const OperatorConfig* op = config.find_operator(name);
  if (op && !op->select && !op->group_by && !op->explode && op->from.size() == 1)
    return schema_of(config, op->from[0].name, graph);
  std::vector<FieldType> fields;
  for (const NamedOperator& node : graph.operators) {
    if (node.node->name() != name) continue;
    const Shape& shape = node.node->shape();
    for (uint32_t i = 0; i < shape.visible; ++i) {
      fields.push_back({{shape.schema[i].name, op->name.where},
                        {std::string(type_name(shape.schema[i].type)), op->name.where}});
    }
  }
  return fields;
}

SourceConfig repartition_source(const PipelineConfig& config, const OperatorConfig& op,
                                std::vector<FieldType> schema) {
  SourceConfig source;
  source.name = {op.name.text + ".input", op.name.where};
  source.plugin = {"kafka", op.name.where};
  JsonValue json = JsonValue::object();
  json.set("brokers", JsonValue::string(config.commit.brokers.text));
  json.set("topics", JsonValue::string(repartition_topic(config, op)));
  json.set("start", JsonValue::string("earliest"));
  json.set("group", JsonValue::string("connect-" + config.name.text + "." + op.name.text));
  json.set("repartition", JsonValue::boolean(true));
  json.set("kafka", properties_of(config));
  source.plugin_config = to_json(json);
  source.schema = std::move(schema);
  EventTimeConfig time;
  time.where = op.name.where;
  time.out_of_orderness_us = kNeverUs;
  time.max_future_us = kNeverUs;  // Judged in front of the topic.
  time.idle_timeout_us = kTimeMax;
  source.event_time = std::move(time);
  source.on_all_idle = SourceConfig::OnAllIdle::kHold;
  return source;
}

/// The one field that `op` groups by, if its text is the message key.
std::string single_field(const OperatorConfig& op) {
  if (!op.group_by || op.group_by->entries.size() != 1) return "";
  const NamedExpression& entry = op.group_by->entries[0];
  return op.group_by->fields_only ? entry.alias.text : entry.expression.text;
}

std::optional<PipelineConfig> back_of(const PipelineConfig& config, const OperatorConfig& op,
                                      const Graph& front, Faults& faults) {
  const Names names = behind(config, op.name.text);
  PipelineConfig back = config;
  back.name.text += "." + op.name.text;
  back.commit.together_for = op.name.text;
  back.commit.together_by = single_field(op);
  back.sources = {repartition_source(config, op, schema_of(config, op.from[0].name, front))};
  std::erase_if(back.operators,
                [&](const OperatorConfig& one) { return !names.contains(one.name.text); });
  for (OperatorConfig& one : back.operators) {
    if (one.name.text == op.name.text) {
      one.from[0].name = back.sources[0].name.text;
      continue;
    }
    const auto inside = [&](const InputRef& input) { return names.contains(input.name); };
    if (std::all_of(one.from.begin(), one.from.end(), inside) &&
        (!one.join || inside(one.join->with)))
      continue;
    faults.add(one.name.where,
               "\"" + one.name.text + "\" reads from both sides of the repartition topic of \"" +
                   op.name.text + "\", whose tasks have different partitions",
               "write one side to a topic, and read that in a separate pipeline");
    return std::nullopt;
  }
  back.sinks = sinks_of(config, names, true);
  return back;
}

Result<void> plan_into(const PipelineConfig& config, const PluginIndex& plugins, Faults& faults,
                       std::vector<Stage>& out) {
  const Cuts cuts = first_cuts(config);
  PipelineConfig front = front_of(config, cuts);
  auto plan = make_plan(front, plugins, faults);
  if (!plan) return plan.error();
  if (!*plan) return {};
  std::vector<PipelineConfig> backs;
  for (const OperatorConfig* op : cuts) {
    auto back = back_of(config, *op, (*plan)->graph, faults);
    if (!back) return {};
    backs.push_back(std::move(*back));
  }
  out.push_back({std::move(front), std::move(**plan)});
  for (const PipelineConfig& back : backs) MILLRACE_TRY(plan_into(back, plugins, faults, out));
  return {};
}

}  // namespace

Result<std::vector<Stage>> plan_stages(const PipelineConfig& config, const PluginIndex& plugins,
                                       Faults& faults) {
  std::vector<Stage> out;
  if (config.commit.log == CommitConfig::Log::kKafka) {
    auto known = kafka::check_properties({config.commit.brokers.text, config.commit.client});
    if (!known) faults.add(config.commit.where, known.error().message);
  }
  MILLRACE_TRY(plan_into(config, plugins, faults, out));
  if (!faults.empty()) out.clear();
  return out;
}

}  // namespace millrace
