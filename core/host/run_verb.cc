#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <thread>

#include "base/duration.h"
#include "base/log.h"
#include "host/metrics_page.h"
#include "host/options.h"
#include "host/progress.h"
#include "host/report.h"
#include "host/setup.h"
#include "host/stop_watch.h"
#include "plugin/watchdog.h"
#include "worker/staged_run.h"

namespace millrace {
namespace {

constexpr int64_t kExplainEveryUs = 10 * kSecondUs;

Result<void> write_report(const std::string& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  out.flush();
  if (out) return {};
  return Error{Code::kFailed, "cannot write the report " + file};
}

unsigned lanes_of(const PipelineConfig& config) {
  if (config.lanes) return static_cast<unsigned>(*config.lanes);
  constexpr unsigned kLanesMax = 64;  // Keyed state has that many shards.
  return std::clamp(std::thread::hardware_concurrency(), 1u, kLanesMax);
}

Result<int64_t> run_for_of(const std::string& text) {
  if (text.empty()) return int64_t{0};
  const auto duration = parse_duration(text);
  if (duration && *duration > 0) return *duration;
  return Error{Code::kInvalidConfig,
               "--for " + text + ": not a duration; write 250ms, 5s, 10m, 2h or 7d"};
}

std::string_view outcome_of(const Result<void>& done, const RunResult& result) {
  if (!done) return "failed";
  return result.ending == Ending::kStopped ? "stopped" : "ended";
}

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

std::unique_ptr<Execution> execution_of(const PipelineConfig& config, const PluginIndex& plugins,
                                        std::vector<Stage>& stages, RunOptions options) {
  if (config.commit.log == CommitConfig::Log::kKafka)
    return std::make_unique<StagedRun>(stages, plugins, options);
  return std::make_unique<Runner>(config, plugins, std::move(options));
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

bool shows_rows(const PipelineConfig& config) {
  return std::any_of(config.sinks.begin(), config.sinks.end(),
                     [](const SinkConfig& sink) { return sink.plugin.text == "stdout"; });
}

}  // namespace

int run_verb(const RunArguments& arguments, const std::vector<std::string>& plugin_dirs) {
  const int64_t started = monotonic_us();
  const auto run_for = run_for_of(arguments.run_for);
  if (!run_for) return report_error(run_for.error());
  auto index = scan_plugins(plugin_dirs);
  if (!index) return report_error(index.error());
  Faults faults(arguments.config.file);
  auto loaded = load(arguments.config, *index, faults);
  if (!loaded) return report_faults(faults, *index);
  const PipelineConfig& config = loaded->pipeline;
  auto stages = plan_stages(config, *index, faults);
  if (!stages) return report_error(stages.error());
  if (!stages->empty()) refuse_endless(arguments, stages->front().plan, config, faults);
  refuse_unknown(arguments.forget, config, faults);
  refuse_for_workers(arguments, config, faults);
  refuse_for_kept(arguments, config, faults);
  if (!faults.empty()) return report_faults(faults, *index);
  if (!arguments.quiet) {
    for (const Stage& stage : *stages) {
      for (const std::string& delivery : stage.plan.deliveries) log_info(delivery);
      for (const std::string& note : stage.plan.nondeterministic)
        log_info("not deterministic: " + note);
    }
  }
  RunOptions options;
  options.fresh = arguments.fresh;
  options.until_end = arguments.until_end;
  options.drain = arguments.drain;
  options.forget = arguments.forget;
  options.lanes = lanes_of(config);
  const std::unique_ptr<Execution> execution =
      execution_of(config, *index, *stages, std::move(options));
  Execution& runner = *execution;
  RunResult result;
  Result<void> done;
  std::unique_ptr<MetricsPage> metrics;
  if (!config.metrics_listen.empty()) {
    auto opened = MetricsPage::open(config.metrics_listen.text, config.name.text, runner);
    if (!opened) return report_error(opened.error());
    metrics = std::move(*opened);
  }
  on_give_up([&] {
    if (arguments.report.empty()) return;
    (void)write_report(arguments.report, report_json(config.name.text, "failed",
                                                     usage_since(started), runner.so_far()));
  });
  {
    const auto explain = [&runner] {
      runner.look_at_graph([](const Graph& graph) {
        log_info("open windows\n" + waiting_text(waiting_operators(graph), wall_clock_us()));
      });
    };
    StopWatch watch([&runner] { runner.stop(); }, explain, *run_for,
                    arguments.explain_windows ? kExplainEveryUs : 0);
    std::unique_ptr<Progress> progress;
    if (!arguments.quiet) {
      progress = std::make_unique<Progress>(config.name.text, shows_rows(config),
                                            [&runner] { return runner.records(); });
    }
    done = runner.run(std::move(stages->front().plan), result);
  }
  on_give_up({});
  metrics.reset();
  const Usage usage = usage_since(started);
  int exit_code = done ? 0 : report_error(done.error());
  if (!arguments.report.empty()) {
    const std::string report =
        report_json(config.name.text, outcome_of(done, result), usage, result);
    if (auto written = write_report(arguments.report, report); !written) {
      exit_code = std::max(exit_code, report_error(written.error()));
    }
  }
  if (arguments.explain_windows)
    fmt::print(stderr, "open windows\n{}", waiting_text(result.waiting, wall_clock_us()));
  if (!arguments.quiet)
    fmt::print(stderr, "{} {}\n{}", config.name.text, outcome_of(done, result),
               summary_text(usage, result));
  return exit_code;
}

}  // namespace millrace
