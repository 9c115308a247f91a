// Sinks for what the configuration gives none.
#include <algorithm>

#include "json/write.h"
#include "plan/planner.h"

namespace millrace {

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
