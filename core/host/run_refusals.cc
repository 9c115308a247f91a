#include "host/run_refusals.h"

#include <algorithm>

namespace millrace {
namespace {

/// A source without an end must be told when to stop (E2).
void refuse_endless(const RunArguments& arguments, const Plan& plan, const PipelineConfig& config,
                    Faults& faults) {
  if (!arguments.until_end || !arguments.run_for.empty()) return;
  for (size_t i = 0; i < plan.sources.size(); ++i) {
    if (plan.sources[i].can_end) continue;
    faults.add(config.sources[i].name.where,
               "this source has no end, so --until-end cannot stop it", "use --for 10m");
  }
}

/// Every worker would do it to the tasks that it is given, again and again.
void refuse_for_workers(const RunArguments& arguments, const PipelineConfig& config,
                        Faults& faults) {
  if (config.commit.log != CommitConfig::Log::kKafka) return;
  if (arguments.fresh) {
    faults.add(config.commit.where,
               "--fresh is not for the kafka commit log, whose state is shared",
               "take another \"pipeline\" name, or stop all workers and delete the topic " +
                   config.name.text + ".changelog and their state directories");
  }
  if (!arguments.forget.empty()) {
    faults.add(config.commit.where,
               "--forget is not for the kafka commit log, whose state is shared",
               "take another \"pipeline\" name");
  }
}

/// What is forgotten would come back with the next replay (R39).
void refuse_for_kept(const RunArguments& arguments, const PipelineConfig& config, Faults& faults) {
  if (config.commit.keep != CommitConfig::Keep::kCache || arguments.forget.empty()) return;
  faults.add(config.commit.where, "--forget is not for \"keep\": \"cache\"",
             "start anew with --fresh");
}

/// `--forget NAME` of something that is not there is a slip of the pen.
void refuse_unknown(const std::vector<std::string>& forget, const PipelineConfig& config,
                    Faults& faults) {
  std::vector<std::string> names;
  for (const SourceConfig& source : config.sources) names.push_back(source.name.text);
  for (const OperatorConfig& op : config.operators) names.push_back(op.name.text);
  for (const SinkConfig& sink : config.sinks) names.push_back(sink.name.text);
  for (const std::string& name : forget) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    ConfigFault fault;
    fault.file = "--forget " + name;
    fault.message = "there is no source, operator or sink of that name";
    fault.hint = spelling_hint(name, names);
    faults.add(std::move(fault));
  }
}

}  // namespace

void refuse_arguments(const RunArguments& arguments, const PipelineConfig& config,
                      const Plan* first, Faults& faults) {
  if (first != nullptr) refuse_endless(arguments, *first, config, faults);
  refuse_unknown(arguments.forget, config, faults);
  refuse_for_workers(arguments, config, faults);
  refuse_for_kept(arguments, config, faults);
}

}  // namespace millrace
