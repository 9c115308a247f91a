#include <filesystem>
#include <map>

#include "config/graph.h"
#include "config/node.h"

namespace millrace {
namespace {

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

/// The key that makes the operator keep state.
std::string state_key(const OperatorConfig& entry) {
  if (entry.join) return "join";
  if (entry.dedupe) return "dedupe";
  if (entry.table) return "table";
  if (entry.window) return "window";
  if (entry.group_by) return "group_by";
  return "having";
}

/// Windows, stream joins and dedupe need rows that are never revised (E17). Empty: not one of them.
std::string needs_stream(const OperatorConfig& entry) {
  if (entry.window) return "a window";
  if (entry.dedupe) return "dedupe";
  if (entry.join && entry.join->within) return "a join with \"within\"";
  return {};
}

class OperatorRules {
 public:
  OperatorRules(const ConfigGraph& graph, Faults& faults) : graph_(graph), faults_(faults) {}

  void check(const OperatorConfig& entry) {
    for (const InputRef* input : ConfigGraph::inputs_of(entry)) {
      check_side_output(entry, *input);
      check_table(entry, *input);
    }
    if (entry.event_time) check_event_time(entry);
    if (entry.join) check_join(entry, *entry.join);
  }

 private:
  void check_side_output(const OperatorConfig& entry, const InputRef& input) {
    if (!entry.keeps_state_by_keys()) return;
    const std::string side = graph_.side_output_behind(input);
    if (side.empty()) return;
    const bool direct = side == input.as_written.text;
    faults_.add(input.as_written.where,
                (direct ? quoted(side) + " is"
                        : quoted(input.name) + " reads " + quoted(side) + ", which is") +
                    " a side output without a watermark, but " + quoted(state_key(entry)) +
                    " keeps state",
                "only operators without state and sinks may read it");
  }

  void check_table(const OperatorConfig& entry, const InputRef& input) {
    const std::string reader = needs_stream(entry);
    if (reader.empty() || !graph_.is_table(input)) return;
    faults_.add(
        input.as_written.where,
        "rows of " + quoted(input.name) + " replace earlier ones, which " + reader + " cannot read",
        "let " + quoted(input.name) + " emit \"append\", or filter and aggregate its output");
  }

  void check_event_time(const OperatorConfig& entry) {
    if (entry.keeps_state_by_keys()) {
      faults_.add(entry.event_time->where,
                  "a new event time needs an operator without state, and this one has " +
                      quoted(state_key(entry)),
                  "set it on an operator in front of this one");
      return;
    }
    for (const InputRef* input : ConfigGraph::inputs_of(entry)) {
      const std::string above = graph_.state_behind(*input);
      if (above.empty()) continue;
      faults_.add(entry.event_time->where,
                  "a new event time behind " + quoted(above) +
                      ", which keeps state: its watermark would go by partitions of a source, and "
                      "the rows of " +
                      quoted(above) + " are of none",
                  "set it in front of " + quoted(above) +
                      ", on what that reads; behind it the time can be a field like any other");
      return;
    }
  }

  void check_join(const OperatorConfig& entry, const JoinConfig& join) {
    if (entry.from.size() > 1) {
      faults_.add(entry.from[1].as_written.where, "a join has one input and \"with\"",
                  "join in two steps, or merge the inputs in an operator of their own");
    }
    if (join.with.name.empty() || entry.from.empty()) return;
    const std::string& left = entry.join_side(0);
    if (left == entry.join_side(1)) {
      const bool renamed = !join.with_as.empty();
      faults_.add(renamed ? join.with_as.where : join.with.as_written.where,
                  renamed ? "both sides of the join are called " + quoted(left)
                          : "joins " + quoted(left) + " with itself",
                  "give the other side a name of its own: \"as\": \"" +
                      std::string(left == "other" ? "another" : "other") + "\"");
    }
    const bool tables = graph_.is_table(entry.from[0]) && graph_.is_table(join.with);
    if (join.of_tables() && tables && join.with.name == entry.from[0].name) {
      faults_.add(join.with.as_written.where,
                  "joins the table " + quoted(join.with.name) +
                      " with itself by its key, where each row would meet itself only",
                  "select its fields twice; or give one side another key by an operator with "
                  "\"table\"");
    }
    if (join.of_tables() && !tables) {
      faults_.add(
          join.where, "\"within\" or \"as_of\" is missing",
          "\"within\" joins two streams, \"as_of\" a stream and a table; only two tables need "
          "neither");
    }
    if (join.as_of && !graph_.is_table(join.with)) {
      faults_.add(
          join.with.as_written.where,
          quoted(join.with.as_written.text) + " is a stream, and \"as_of\" looks into a table",
          "read it through an operator with \"table\": {\"key\": […]}, or join \"within\"");
    }
  }

  const ConfigGraph& graph_;
  Faults& faults_;
};

/// R39: state that only Redis holds must come back exactly from a replay.
void check_keep_cache(const PipelineConfig& config, Faults& faults) {
  if (config.commit.keep != CommitConfig::Keep::kCache) return;
  const auto refuse = [&](const Where& where, const std::string& what) {
    faults.add(where, what + " is refused with \"keep\": \"cache\"",
               "its state cannot be made again by a replay; keep it in the log");
  };
  if (!config.cache) {
    faults.add(config.commit.where, "\"keep\": \"cache\" needs \"cache\"",
               "e.g. \"cache\": {\"redis\": \"redis://127.0.0.1:6379/0\"}");
  }
  if (config.commit.log == CommitConfig::Log::kKafka) {
    faults.add(config.commit.where, "\"keep\": \"cache\" is for the local commit log",
               "under the kafka log the state is in the changelog");
  }
  for (const SourceConfig& source : config.sources) {
    const Where* where = find_written(source.written, "on_all_idle");
    if (where != nullptr && source.on_all_idle == SourceConfig::OnAllIdle::kClock) {
      refuse(*where, "\"clock\"");
    }
  }
  for (const OperatorConfig& entry : config.operators) {
    if (entry.table) refuse(entry.table->where, "\"table\"");
    if (entry.reset) refuse(entry.name.where, "\"reset\"");
    if (entry.window && entry.window->processing_time) {
      refuse(entry.window->where, "processing time");
    }
    if (entry.group_by && !entry.window)
      refuse(entry.group_by->where, "an aggregate without a window");
  }
}

/// Two writers on one file would cut each other's rows (R55).
void check_file_paths(const ConfigDocument& document, const PipelineConfig& config,
                      Faults& faults) {
  std::map<std::string, const SinkConfig*> owners;
  for (const SinkConfig& sink : config.sinks) {
    if (sink.plugin.text != "file") continue;
    const ConfigNode node(document, sink.name.where.pointer);
    for (const char* key : {"path", "dir"}) {
      const Text path = node.text(key);
      if (path.empty()) continue;
      std::error_code failure;
      std::string place = std::filesystem::absolute(path.text, failure).lexically_normal().string();
      if (place.size() > 1 && place.ends_with('/')) place.pop_back();
      const auto [owner, first] = owners.emplace(place, &sink);
      if (first) continue;
      faults.add(path.where, "the sink " + quoted(owner->second->name.text) + " writes there too",
                 "give each sink a place of its own, or name both inputs in one \"from\"");
    }
  }
}

}  // namespace

void check_rules(const ConfigDocument& document, const PipelineConfig& config, Faults& faults) {
  const ConfigGraph graph(config);
  if (!graph.find_cycles(faults)) {
    OperatorRules rules(graph, faults);
    for (const OperatorConfig& entry : config.operators) rules.check(entry);
  }
  check_keep_cache(config, faults);
  check_file_paths(document, config, faults);
}

}  // namespace millrace
