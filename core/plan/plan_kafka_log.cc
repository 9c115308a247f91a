// What the kafka log asks of a pipeline: Kafka at both ends, and state where the records of a key
// are.
#include "json/document.h"
#include "plan/key_locality.h"
#include "plan/planner.h"

namespace millrace {
namespace {

std::string text_of(const std::string& config, std::string_view key) {
  const auto parsed = parse_json(config, "");
  const JsonValue* value = parsed ? parsed->root.find(key) : nullptr;
  return value && value->is_string() ? value->as_string() : "";
}

}  // namespace

void Planner::check_kafka_log() {
  if (!under_kafka_log()) return;
  for (const SourceConfig& source : config_.sources) refuse_other_source(source);
  for (const OperatorConfig& op : config_.operators) refuse_spread_state(op);
}

void Planner::refuse_other_source(const SourceConfig& source) {
  if (source.plugin.text != "kafka") {
    faults_.add(source.name.where,
                "the kafka commit log takes Kafka sources only, since tasks follow partitions",
                "let a first pipeline under \"log\": \"local\" write this source's records to a "
                "topic, and read that");
    return;
  }
  if (text_of(source.plugin_config, "brokers") != config_.commit.brokers.text) {
    faults_.add(source.name.where,
                "source \"" + source.name.text +
                    "\" reads another cluster than commit.brokers, and a transaction spans one",
                "write the same \"brokers\" in both");
  }
  if (!text_of(source.plugin_config, "pattern").empty()) {
    faults_.add(source.name.where, "under the kafka commit log topics are listed, not matched",
                "use \"topics\"");
  }
  const std::string group = text_of(source.plugin_config, "group");
  if (group != text_of(config_.sources[0].plugin_config, "group")) {
    faults_.add(source.name.where, "all sources of a pipeline are read by one consumer group",
                "write the same \"group\" in all");
  }
}

void Planner::refuse_other_sink(const SinkConfig& sink, const Component& component) {
  const std::string what = "sink \"" + sink.name.text + "\" (" + component.name() + ") ";
  if (component.has_cap(MR_CAP_TWO_PHASE)) {
    faults_.add(sink.name.where,
                what + "cannot be shared by several workers, which the kafka commit log is for",
                "write to a topic, and let a second pipeline under \"log\": \"local\" bring that "
                "to the file");
  }
  const auto wanted = sink.delivery ? sink.delivery : config_.delivery;
  if (component.name() == "kafka" &&
      wanted.value_or(Delivery::kExactlyOnce) == Delivery::kExactlyOnce &&
      text_of(sink.plugin_config, "brokers") != config_.commit.brokers.text) {
    faults_.add(sink.name.where,
                what + "writes to another cluster than commit.brokers, and a transaction spans one",
                "write the same \"brokers\" in both, or \"delivery\": \"at_least_once\"");
  }
}

/// An operator whose results need records of several partitions would count each task's alone.
void Planner::refuse_spread_state(const OperatorConfig& op) {
  const bool ungrouped =
      !op.join && !op.dedupe && !op.table && op.plugin.empty() && !op.group_by && is_grouped(op);
  const bool together =
      op.name.text == config_.commit.together_for || (!ungrouped && sees_whole_groups(config_, op));
  if (!together) {
    faults_.add(op.name.where,
                "\"" + op.name.text +
                    "\" keeps state, and under the kafka commit log a task sees the records of one "
                    "partition only: group, join or deduplicate by the source's \"key\"",
                "declare \"key\" at the source if its messages are keyed so; else write the rows "
                "to a topic by that key first (a kafka sink with \"key\"), and read that");
  }
  const bool ranks_all = op.limit && !ranks_within_key(config_, op);
  const bool complete = op.emit && op.emit->mode == EmitConfig::Mode::kComplete;
  if (ranks_all || complete) {
    faults_.add(op.name.where,
                "\"" + op.name.text +
                    "\" ranks or shows the groups of all partitions together, "
                    "and under the kafka commit log a task sees one partition only",
                ranks_all ? "add \"limit_by\" with the source's key, or rank in a pipeline under "
                            "\"log\": \"local\" that reads the results"
                          : "emit \"append\" or \"update\"");
  }
}

}  // namespace millrace
