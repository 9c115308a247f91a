// A sink itself: its plugin, what it may write and what it delivers. Its rows: plan_sink_rows.cc.
#include <algorithm>

#include "json/document.h"
#include "plan/planner.h"

namespace millrace {
namespace {

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

}  // namespace

bool is_view(const Component& component) {
  return component.name() == "stdout" || says(component, "x-view");
}

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

/// What the sink's own keys say, whatever rows it reads.
SinkPlan Planner::read_sink(const SinkConfig& sink, const Component& component) {
  SinkPlan plan;
  plan.component = component;
  plan.config = sink.plugin_config;
  plan.csv = sink.format.text == "csv";
  plan.context = sink.context;
  plan.times = component.name() == "kafka";
  plan.headers = says(component, "x-headers");
  plan.repartition = under_kafka_log() && sink.repartition;
  settle_delivery(sink, component, plan);
  return plan;
}

Result<void> Planner::plan_sink(const SinkConfig& sink) {
  auto component = load(Kind::kSink, sink.plugin);
  if (!component) return component.error();
  std::vector<Input> inputs;
  for (const InputRef& ref : sink.from) {
    if (auto input = find_input(ref)) inputs.push_back(*input);
  }
  if (!*component || sink.plugin_config.empty()) return {};  // At fault already.
  if (auto valid =
          Instance::validate(**component, {config_.name.text, sink.name.text}, sink.plugin_config);
      !valid) {
    faults_.add(sink.name.where, valid.error().message);
  }
  refuse_own_input(sink);
  if (under_kafka_log()) refuse_other_sink(sink, **component);
  SinkPlan plan = read_sink(sink, **component);
  plan_.deliveries.push_back(sink.name.text + ": " + plan.delivery);
  if (inputs.size() != sink.from.size() || inputs.empty()) return {};
  if (!plan_sink_rows(sink, inputs, plan)) return {};
  SinkNode* node = plan_.graph.add(std::make_unique<SinkNode>(sink.name.text, config_.name.text,
                                                              std::move(inputs), std::move(plan)));
  plan_.graph.sinks.push_back(node);
  return {};
}

}  // namespace millrace
