#include <algorithm>

#include "columns/json_encode.h"
#include "json/document.h"
#include "json/write.h"
#include "plan/planner.h"

namespace millrace {
namespace {

bool is_view(const Component& component) {
  return component.name() == "stdout" || says(component, "x-view");
}

/// Frames replace the result before them. A file keeps them as data, and its reader takes the last
/// whole one; a view shows them; an idempotent sink may be given a result again.
bool takes_frames(const Component& component, bool view) {
  return view || component.name() == "file" || component.has_cap(MR_CAP_IDEMPOTENT);
}

/// What makes a sink exact (R54) under any log.
constexpr uint64_t kExact = MR_CAP_TWO_PHASE | MR_CAP_IDEMPOTENT | MR_CAP_EPOCH_MARKED;

std::string sinks_that_can(const PluginIndex& plugins) {
  std::string able;
  for (const ComponentInfo& info : plugins.components()) {
    if (info.kind == Kind::kSink && (info.caps & kExact))
      able += (able.empty() ? "" : ", ") + info.name;
  }
  return able;
}

/// The record's key, where rows do not carry it with the bytes of their source record: the columns
/// of `group_by` (E27), or what a `select` left of the record.
std::vector<std::string> record_key_of(const Shape& shape) {
  std::vector<std::string> out;
  for (uint32_t field : shape.record_key) out.push_back(quoted_path(shape.schema[field].name));
  if (out.empty() && !shape.has_bytes && shape.schema.find("record_key()"))
    out.emplace_back("record_key()");
  return out;
}

}  // namespace

Result<void> Planner::plan_sinks() {
  for (const SinkConfig& sink : config_.sinks) MILLRACE_TRY(plan_sink(sink));
  plan_.graph.written_sinks = plan_.graph.sinks.size();
  return {};
}

/// What the sink will give, and the way that gives it (R36).
void Planner::settle_delivery(const SinkConfig& sink, const Component& component, SinkPlan& plan) {
  if (is_view(component)) {
    plan.delivery = "view";
    return;
  }
  const bool exact = component.has_cap(kExact);
  const auto wanted = sink.delivery ? sink.delivery : config_.delivery;
  const Where& where = sink.delivery ? sink.delivery_where : config_.delivery_where;
  if (component.has_cap(MR_CAP_IN_COMMIT) && !exact) {
    faults_.add(sink.name.where,
                "sink \"" + sink.name.text + "\" (" + component.name() +
                    ") writes into the commit itself, which only the built-in kafka sink can");
  }
  if (wanted == Delivery::kExactlyOnce && !exact) {
    faults_.add(where,
                "sink \"" + sink.name.text + "\" (" + component.name() + ") cannot be exactly_once",
                "sinks that can: " + sinks_that_can(plugins_));
  }
  const Delivery given = wanted.value_or(exact ? Delivery::kExactlyOnce : Delivery::kAtLeastOnce);
  plan.delivery = std::string(delivery_name(given));
  if (given == Delivery::kAtMostOnce) plan.way = DeliveryWay::kHeld;
  if (given == Delivery::kExactlyOnce && !component.has_cap(MR_CAP_TWO_PHASE))
    plan.way = DeliveryWay::kOutbox;
  if (given == Delivery::kExactlyOnce && under_kafka_log() && component.name() == "kafka")
    plan.way = DeliveryWay::kInCommit;
}

Result<void> Planner::plan_sink(const SinkConfig& sink) {
  auto component = load(Kind::kSink, sink.plugin);
  if (!component) return component.error();
  std::vector<Input> inputs;
  for (const InputRef& ref : sink.from) {
    if (auto input = find_input(ref)) inputs.push_back(*input);
  }
  if (!*component) return {};
  if (sink.plugin_config.empty()) return {};  // At fault already.
  if (auto valid =
          Instance::validate(**component, {config_.name.text, sink.name.text}, sink.plugin_config);
      !valid) {
    faults_.add(sink.name.where, valid.error().message);
  }
  refuse_own_input(sink);
  if (under_kafka_log()) refuse_other_sink(sink, **component);
  SinkPlan plan;
  plan.component = **component;
  plan.config = sink.plugin_config;
  plan.csv = sink.format.text == "csv";
  plan.context = sink.context;
  plan.times = component->value().name() == "kafka";
  plan.headers = says(**component, "x-headers");
  plan.repartition = under_kafka_log() && sink.repartition;
  settle_delivery(sink, **component, plan);
  plan_.deliveries.push_back(sink.name.text + ": " + plan.delivery);
  if (inputs.size() != sink.from.size() || inputs.empty()) return {};
  if (plan.context && (inputs.size() != 1 || inputs[0].port != Port::kLate)) {
    faults_.add(sink.name.where, "\"context\" is for sinks that read one `.late` output");
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].node->shape(inputs[i].port).frame) continue;
    if (takes_frames(**component, is_view(**component)) && !plan.csv) continue;
    faults_.add(sink.from[i].as_written.where,
                "\"" + inputs[i].node->name() + "\" emits \"complete\" results, and sink \"" +
                    sink.name.text + "\" (" + (plan.csv ? "csv" : component->value().name()) +
                    ") cannot replace what it wrote",
                "emit \"append\" or \"update\", or use a sink that can: file as ndjson, stdout");
    return {};
  }
  if (plan.csv) {
    std::vector<std::string> names;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Shape& shape = inputs[i].node->shape(inputs[i].port);
      if (shape.has_bytes || (i > 0 && shape.visible_names() != names)) {
        faults_.add(sink.from[i].as_written.where, "csv needs the same columns in every row",
                    "select them in an operator");
        return {};
      }
      names = shape.visible_names();
    }
    plan.config =
        with_member(plan.config, "csv_header", JsonValue::string(CsvRowEncoder::header(names)));
  }
  if (refuse_deletes(sink, inputs, **component)) return {};
  if (!plan_keys(sink, inputs, plan)) return {};
  if (!plan_columns(sink, inputs, plan)) return {};
  SinkNode* node = plan_.graph.add(std::make_unique<SinkNode>(sink.name.text, config_.name.text,
                                                              std::move(inputs), std::move(plan)));
  plan_.graph.sinks.push_back(node);
  return {};
}

/// A sink that deletes only with some keys says so in its schema: `"x-deletes": {key: value}`.
/// Without them rows that delete would lie beside those that they take back (R25, R30).
bool Planner::refuse_deletes(const SinkConfig& sink, const std::vector<Input>& inputs,
                             const Component& component) {
  const auto schema = parse_json(component.abi->config_schema, "");
  const auto config = parse_json(sink.plugin_config, "");
  const JsonValue* needs = schema ? schema->root.find("x-deletes") : nullptr;
  if (!needs || !needs->is_object() || !config) return false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Shape& shape = inputs[i].node->shape(inputs[i].port);
    if (!shape.is_table || !shape.op) continue;
    for (const auto& [key, value, place] : needs->members()) {
      const JsonValue* have = config->root.find(key);
      if (have && to_json(*have) == to_json(value)) continue;
      faults_.add(sink.from[i].as_written.where,
                  "\"" + inputs[i].node->name() +
                      "\" is a table, whose rows also delete, and sink \"" + sink.name.text +
                      "\" (" + component.name() + ") would only add them",
                  "set \"" + key + "\": " + to_json(value));
      return true;
    }
  }
  return false;
}

/// A sink without `key` gets the record's, unless its schema says that it has no use for keys.
void Planner::plan_record_keys(const std::vector<Input>& inputs, SinkPlan& plan) {
  if (says(plan.component, "x-keyless")) return;
  std::vector<std::vector<Program>> keys(inputs.size());
  bool any = false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Shape& shape = inputs[i].node->shape(inputs[i].port);
    for (const std::string& key : record_key_of(shape)) {
      auto program = compile_expression(key, shape.schema);
      if (!program) continue;  // A name that no expression can have.
      keys[i].push_back(std::move(*program));
      any = true;
    }
  }
  if (any) plan.keys = std::move(keys);
}

/// `key`: expressions over the fields of the rows, mostly a plain field.
bool Planner::plan_keys(const SinkConfig& sink, const std::vector<Input>& inputs, SinkPlan& plan) {
  if (sink.key.empty()) {
    plan_record_keys(inputs, plan);
    return true;
  }
  for (const Input& input : inputs) {
    std::vector<Program>& keys = plan.keys.emplace_back();
    for (const Text& key : sink.key) {
      const Schema& schema = input.node->shape(input.port).schema;
      // Hidden fields have the names of functions: record_key().
      const bool is_field = schema.find(key.text).has_value() && !key.text.ends_with("()");
      auto program = compile_expression(is_field ? quoted_path(key.text) : key.text, schema);
      if (!program) {
        fault(key.where, program.error());
        return false;
      }
      keys.push_back(std::move(*program));
    }
  }
  return true;
}

/// Sinks that take columns (millrace.arrow/1) say so in their schema, since nothing is created yet.
bool Planner::plan_columns(const SinkConfig& sink, const std::vector<Input>& inputs,
                           SinkPlan& plan) {
  if (!says(plan.component, "x-columns")) return true;
  plan.columns = true;
  const auto same = [](const Shape& a, const Shape& b) {
    if (a.visible != b.visible) return false;
    for (uint32_t i = 0; i < a.visible; ++i) {
      if (a.schema[i].name != b.schema[i].name || a.schema[i].type != b.schema[i].type)
        return false;
    }
    return true;
  };
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Shape& shape = inputs[i].node->shape(inputs[i].port);
    if (plan.context || shape.frame) {
      faults_.add(sink.from[i].as_written.where,
                  "sink \"" + sink.name.text + "\" (" + plan.component.name() +
                      ") takes columns: no context, no \"complete\" results");
      return false;
    }
    if (shape.visible == 0 || !same(shape, inputs[0].node->shape(inputs[0].port))) {
      faults_.add(sink.from[i].as_written.where,
                  "sink \"" + sink.name.text + "\" (" + plan.component.name() +
                      ") needs the same columns in every row",
                  "select them in an operator");
      return false;
    }
  }
  return true;
}

/// Nothing is lost silently: what no sink reads of errors, late records and gaps goes to files.
Result<void> Planner::plan_dead_letters() {
  if (!config_.dead_letters_on) return {};
  // Several workers share no file.
  const char* plugin = under_kafka_log() ? "kafka" : "file";
  const ComponentInfo* info = plugins_.find(Kind::kSink, plugin);
  if (!info) {
    faults_.add(config_.dead_letters.where,
                std::string("dead letters need the ") + plugin + " sink, which is not installed",
                "set \"dead_letters\": \"none\" to go without");
    return {};
  }
  auto component = plugins_.load(*info);
  if (!component) return component.error();
  std::vector<Node*> owners;
  for (const SourceStart& source : plan_.graph.sources) owners.push_back(source.node);
  for (const NamedOperator& op : plan_.graph.operators) owners.push_back(op.node);
  for (Node* owner : owners) {
    for (const auto& [port, suffix] :
         {std::pair{Port::kErrors, ".errors"}, std::pair{Port::kLate, ".late"},
          std::pair{Port::kGaps, ".gaps"}}) {
      MILLRACE_TRY(add_dead_letters(*owner, port, suffix, *component));
    }
  }
  return {};
}

Result<void> Planner::add_dead_letters(Node& node, Port port, std::string_view suffix,
                                       const Component& component) {
  if (node.shape(port).visible == 0) return {};
  if (std::find(connected_.begin(), connected_.end(), std::pair{&node, port}) != connected_.end())
    return {};
  const std::string name = node.name() + std::string(suffix);
  JsonValue config = JsonValue::object();
  if (under_kafka_log()) {
    config.set("brokers", JsonValue::string(config_.commit.brokers.text));
    config.set("topic", JsonValue::string(config_.name.text + ".dead_letters"));
  } else {
    const std::string folder = config_.dead_letters.empty()
                                   ? config_.commit.dir + "/" + config_.name.text + "/dead_letters"
                                   : config_.dead_letters.text;
    config.set("path", JsonValue::string(folder + "/" + name + ".jsonl"));
    config.set("format", JsonValue::string("ndjson"));
    config.set("compression", JsonValue::string("none"));
  }
  SinkPlan plan;
  plan.component = component;
  plan.config = to_json(config);
  if (under_kafka_log()) plan.way = DeliveryWay::kInCommit;
  plan.context = port == Port::kLate;
  plan.headers = says(component, "x-headers");
  plan.delivery = "exactly_once";
  plan.lazy = true;
  plan_.graph.sinks.push_back(plan_.graph.add(
      std::make_unique<SinkNode>("dead_letters/" + name, config_.name.text,
                                 std::vector<Input>{{&node, port}}, std::move(plan))));
  return {};
}

}  // namespace millrace
