#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "base/noun.h"
#include "host/options.h"
#include "host/places.h"
#include "host/setup.h"
#include "kafka/topics.h"
#include "plan/expression_places.h"
#include "plan/infer.h"
#include "plan/plan.h"
#include "plan/state_bound.h"
#include "worker/stages.h"

namespace millrace {
namespace {

void print_inputs(const Node& node) {
  for (const Input& input : node.inputs()) {
    // The versions of a table are read under its own name.
    constexpr std::array<std::string_view, kPorts> kSuffix = {"", ".late", ".errors", ".gaps", ""};
    fmt::print(" {}{}", input.node->name(), kSuffix[static_cast<size_t>(input.port)]);
  }
}

/// A node's fields with their types. What nobody reads is not decoded (sources) or not computed.
void print_fields(const Node& node, std::string_view done, std::string_view not_done) {
  const Shape& shape = node.shape();
  for (uint32_t i = 0; i < shape.schema.size(); ++i) {
    const bool hidden = i >= shape.visible;
    if (hidden && !node.is_wanted(i)) continue;
    fmt::print("      {} {}: {}\n", shape.schema[i].name, type_name(shape.schema[i].type),
               node.is_wanted(i) ? done : not_done);
  }
}

/// What each operator computes where.
void print_places(const PipelineConfig& config) {
  fmt::print("computed where\n");
  fmt::print("  fields: decoded once per record, for all that read them; others are skipped\n");
  for (const OperatorConfig& op : config.operators) {
    for (const std::string& line : expression_places(op))
      fmt::print("  {}: {}\n", op.name.text, masked(line));
  }
}

void print_graph(const Plan& plan, bool explain) {
  fmt::print("sources\n");
  for (const PlannedSource& source : plan.sources) {
    constexpr std::string_view kReplay[] = {"cannot replay", "replays for some time",
                                            "replays exactly"};
    fmt::print("  {} ({}): {}, {}\n", source.name, source.plugin,
               source.traits.bounded ? "ends" : "endless",
               source.has_journal ? "replays what its journal holds"
                                  : kReplay[static_cast<size_t>(source.traits.replay)]);
  }
  if (explain) {
    for (const SourceStart& source : plan.graph.sources) {
      fmt::print("    fields of {}\n", source.node->name());
      print_fields(*source.node, "decoded", "skipped, not read");
    }
  }
  fmt::print("operators\n");
  for (const NamedOperator& op : plan.graph.operators) {
    fmt::print("  {} from", op.node->name());
    print_inputs(*op.node);
    fmt::print("{}{}\n", op.identity.empty() ? "" : "; keeps ", masked(op.identity));
    if (explain) print_fields(*op.node, "computed", "passes as it came");
  }
  fmt::print("sinks\n");
  for (const SinkNode* sink : plan.graph.sinks) {
    fmt::print("  {} from", sink->name());
    print_inputs(*sink);
    fmt::print("; {}\n", sink->plan().delivery);
  }
}

/// What each operator's state is bounded by, and the wall behind all of that.
void print_bounds(const Plan& plan, const PipelineConfig& config) {
  fmt::print("state\n");
  for (const NamedOperator& op : plan.graph.operators) {
    int64_t disorder_us = 0;
    for (const SourceStart& source : plan.graph.sources) {
      if (!op.node->reached_from(source.node->index())) continue;
      disorder_us = std::max(disorder_us, source.node->tracker().rules().out_of_orderness_us);
    }
    const OperatorConfig* configured = config.find_operator(op.node->name());
    const std::string bound =
        configured ? state_bound(*configured, disorder_us, !op.identity.empty()) : "";
    fmt::print("  {}: {}\n", op.node->name(), bound.empty() ? "none" : bound);
  }
  fmt::print(
      "  all together at most {} MiB (limits.state), above which the run stops with the figures; "
      "partitions and\n"
      "  inputs that are far apart in time keep more windows open\n",
      state_limit_bytes(config.limits) >> 20);
}

/// Topics that a run makes or checks.
void print_topics(const PipelineConfig& config) {
  if (config.commit.log != CommitConfig::Log::kKafka) return;
  const std::string& name = config.name.text;
  std::vector<kafka::TopicPlan> topics{kafka::changelog_plan(name, 0)};
  if (config.dead_letters_on) topics.push_back(kafka::dead_letters_plan(name));
  for (const SinkConfig& sink : config.sinks) {
    if (sink.repartition) topics.push_back(kafka::repartition_plan(name + "." + sink.name.text, 0));
  }
  fmt::print("topics that are made when missing, with replication {}\n", config.commit.replication);
  for (const kafka::TopicPlan& topic : topics) {
    fmt::print("  {}: {}", topic.name,
               topic.partitions ? counted(topic.partitions, "partition")
                                : std::string("as many partitions as the sources' topics"));
    for (const auto& [setting, value] : topic.settings) fmt::print(", {}={}", setting, value);
    fmt::print("\n");
  }
}

void print_stage(const Stage& stage, bool explain) {
  const Plan& plan = stage.plan;
  print_graph(plan, explain);
  print_topics(stage.config);
  if (!plan.graph.tzdata.empty())
    fmt::print("time zones\n  rules of tzdata {}\n", plan.graph.tzdata);
  if (explain) print_places(stage.config);
  if (explain) print_bounds(plan, stage.config);
  fmt::print("not deterministic\n");
  if (plan.nondeterministic.empty()) fmt::print("  nothing: the same input gives the same bytes\n");
  for (const std::string& note : plan.nondeterministic) fmt::print("  {}\n", note);
}

}  // namespace

int check_verb(const ConfigArguments& arguments, bool explain,
               const std::vector<std::string>& plugin_dirs) {
  auto index = scan_plugins(plugin_dirs);
  if (!index) return report_error(index.error());
  Faults faults(arguments.file);
  auto loaded = load(arguments, *index, faults);
  if (!loaded) return report_faults(faults, *index);
  auto stages = plan_stages(loaded->pipeline, *index, faults);
  if (!stages) return report_error(stages.error());
  if (stages->empty()) return report_faults(faults, *index);
  refuse_unwritable(loaded->pipeline, !arguments.state_dir.empty(), faults);
  if (!faults.empty()) return report_faults(faults, *index);
  fmt::print("{}: nothing to refuse\n", arguments.file);
  for (const Stage& stage : *stages) {
    if (stages->size() > 1) fmt::print("stage {}\n", stage.config.name.text);
    print_stage(stage, explain);
  }
  if (explain) fmt::print("{}\n", loaded->printed);
  return 0;
}

}  // namespace millrace
