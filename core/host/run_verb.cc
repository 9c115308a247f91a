#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>

#include "base/duration.h"
#include "base/freed_memory.h"
#include "base/log.h"
#include "host/metrics_page.h"
#include "host/options.h"
#include "host/places.h"
#include "host/progress.h"
#include "host/report.h"
#include "host/run_refusals.h"
#include "host/setup.h"
#include "host/stop_watch.h"
#include "plugin/watchdog.h"
#include "worker/staged_run.h"

namespace millrace {
namespace {

constexpr int64_t kExplainEveryUs = 10 * kSecondUs;

Result<void> write_report(const std::string& file, const std::string& text) {
  std::error_code made;  // A file that cannot be opened tells what went wrong.
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), made);
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

std::unique_ptr<Execution> execution_of(const PipelineConfig& config, const PluginIndex& plugins,
                                        std::vector<Stage>& stages, RunOptions options) {
  if (config.commit.log == CommitConfig::Log::kKafka)
    return std::make_unique<StagedRun>(stages, plugins, options);
  return std::make_unique<Runner>(config, plugins, std::move(options));
}

bool shows_rows(const PipelineConfig& config) {
  return std::any_of(config.sinks.begin(), config.sinks.end(),
                     [](const SinkConfig& sink) { return sink.plugin.text == "stdout"; });
}

RunOptions options_of(const RunArguments& arguments, const PipelineConfig& config) {
  RunOptions out;
  out.fresh = arguments.fresh;
  out.until_end = arguments.until_end;
  out.drain = arguments.drain;
  out.forget = arguments.forget;
  out.lanes = lanes_of(config);
  return out;
}

/// What each sink's delivery is worth, and what makes results depend on the moment (R44).
void tell_promises(const std::vector<Stage>& stages) {
  for (const Stage& stage : stages) {
    for (const std::string& delivery : stage.plan.deliveries) log_info(delivery);
    for (const std::string& note : stage.plan.nondeterministic)
      log_info("not deterministic: " + note);
  }
}

void explain_windows(Execution& execution) {
  execution.look_at_graph([](const Graph& graph) {
    log_info("open windows\n" + waiting_text(waiting_operators(graph), wall_clock_us()));
  });
}

/// One run under the eyes of the user: signals, the live line, figures, the report.
class WatchedRun {
 public:
  WatchedRun(const RunArguments& arguments, const PipelineConfig& config, Execution& execution,
             int64_t started_us)
      : arguments_(arguments), config_(config), execution_(execution), started_us_(started_us) {}

  /// The exit code.
  int run(Plan first, int64_t run_for_us);

 private:
  Result<void> watch(Plan first, int64_t run_for_us);
  Result<void> report(std::string_view outcome, const Usage& usage, const RunResult& result) const;
  int tell(const Result<void>& done) const;

  const RunArguments& arguments_;
  const PipelineConfig& config_;
  Execution& execution_;
  const int64_t started_us_;
  RunResult result_;
};

int WatchedRun::run(Plan first, int64_t run_for_us) {
  std::unique_ptr<MetricsPage> metrics;
  if (!config_.metrics_listen.empty()) {
    auto opened = MetricsPage::open(config_.metrics_listen.text, config_.name.text, execution_);
    if (!opened) return report_error(opened.error());
    metrics = std::move(*opened);
  }
  on_give_up([this] { (void)report("failed", usage_since(started_us_), execution_.so_far()); });
  const Result<void> done = watch(std::move(first), run_for_us);
  on_give_up({});
  metrics.reset();
  return tell(done);
}

Result<void> WatchedRun::watch(Plan first, int64_t run_for_us) {
  StopWatch watch([this] { execution_.stop(); }, [this] { explain_windows(execution_); },
                  run_for_us, arguments_.explain_windows ? kExplainEveryUs : 0);
  const FreedMemory freed;
  std::optional<Progress> progress;
  if (!arguments_.quiet) {
    progress.emplace(config_.name.text, shows_rows(config_),
                     [this] { return execution_.records(); });
  }
  return execution_.run(std::move(first), result_);
}

Result<void> WatchedRun::report(std::string_view outcome, const Usage& usage,
                                const RunResult& result) const {
  if (arguments_.report.empty()) return {};
  return write_report(arguments_.report, report_json(config_.name.text, outcome, usage, result));
}

int WatchedRun::tell(const Result<void>& done) const {
  const Usage usage = usage_since(started_us_);
  const std::string_view outcome = outcome_of(done, result_);
  int exit_code = done ? 0 : report_error(done.error());
  if (auto written = report(outcome, usage, result_); !written)
    exit_code = std::max(exit_code, report_error(written.error()));
  if (arguments_.explain_windows)
    fmt::print(stderr, "open windows\n{}", waiting_text(result_.waiting, wall_clock_us()));
  if (!arguments_.quiet)
    fmt::print(stderr, "{} {}\n{}", config_.name.text, outcome, summary_text(usage, result_));
  return exit_code;
}

}  // namespace

int run_verb(const RunArguments& arguments, const std::vector<std::string>& plugin_dirs) {
  const int64_t started_us = monotonic_us();
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
  refuse_arguments(arguments, config, stages->empty() ? nullptr : &stages->front().plan, faults);
  refuse_unwritable(config, !arguments.config.state_dir.empty(), faults);
  refuse_unwritable_report(arguments.report, faults);
  if (!faults.empty()) return report_faults(faults, *index);
  if (!arguments.quiet) tell_promises(*stages);
  const auto execution = execution_of(config, *index, *stages, options_of(arguments, config));
  return WatchedRun(arguments, config, *execution, started_us)
      .run(std::move(stages->front().plan), *run_for);
}

}  // namespace millrace
