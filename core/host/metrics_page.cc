#include "host/metrics_page.h"

#include <prometheus/client_metric.h>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>

#include <map>

#include "plugin/live_metrics.h"

namespace millrace {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

/// One name with its samples.
class Family {
 public:
  Family(std::string name, std::string help, MetricType type) {
    family_.name = std::move(name);
    family_.help = std::move(help);
    family_.type = type;
  }
  template <class Number>
  void add(Labels labels, Number value) {
    ClientMetric& metric = family_.metric.emplace_back();
    metric.label = std::move(labels);
    (family_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) =
        static_cast<double>(value);
  }
  void move_to(std::vector<MetricFamily>& out) {
    if (!family_.metric.empty()) out.push_back(std::move(family_));
  }

 private:
  MetricFamily family_;
};

class RunMetrics final : public prometheus::Collectable {
 public:
  RunMetrics(std::string pipeline, Execution& runner)
      : pipeline_(std::move(pipeline)), runner_(runner) {}

  std::vector<MetricFamily> Collect() const override {
    std::vector<MetricFamily> out;
    add_counters(runner_.so_far(), out);
    Gauges gauges;
    runner_.look_at_graph([&](const Graph& graph) { add_gauges(graph, gauges); });
    for (Family* family : {&gauges.watermark, &gauges.state, &gauges.open}) family->move_to(out);
    add_figures(out);
    add_plugins(out);
    return out;
  }

 private:
  /// Of all tasks together: a name may occur once on a page.
  struct Gauges {
    Family watermark{"millrace_watermark_seconds", "W of a source, in seconds since 1970",
                     MetricType::Gauge};
    Family state{"millrace_state_bytes", "Memory that the state of an operator takes",
                 MetricType::Gauge};
    Family open{"millrace_open_windows", "What an operator holds until W comes", MetricType::Gauge};
  };
  Labels labels(const char* role, const std::string& name, const char* fate = nullptr) const {
    Labels out{{"pipeline", pipeline_}, {role, name}};
    if (fate) out.push_back({"fate", fate});
    return out;
  }
  void add_counters(const RunResult& result, std::vector<MetricFamily>& out) const;
  void add_gauges(const Graph& graph, Gauges& out) const;
  void add_figures(std::vector<MetricFamily>& out) const;
  void add_plugins(std::vector<MetricFamily>& out) const;

  std::string pipeline_;
  Execution& runner_;
};

void RunMetrics::add_counters(const RunResult& result, std::vector<MetricFamily>& out) const {
  constexpr auto kCounter = MetricType::Counter;
  Family commits("millrace_commits_total", "Commits of this run", kCounter);
  Family records("millrace_source_records_total", "Committed records, by what became of them",
                 kCounter);
  Family bytes("millrace_source_bytes_total", "Bytes of committed records", kCounter);
  Family rows("millrace_operator_rows_total", "Committed rows of operators, by what became of them",
              kCounter);
  Family results("millrace_operator_results_total", "Rows that operators put out", kCounter);
  Family written("millrace_sink_records_total", "Rows that sinks took", kCounter);
  commits.add({{"pipeline", pipeline_}}, result.commits);
  for (const auto& [name, c] : result.total.sources) {
    records.add(labels("source", name, "passed"), c.records - c.errors - c.skipped);
    records.add(labels("source", name, "errors"), c.errors);
    records.add(labels("source", name, "skipped"), c.skipped);
    bytes.add(labels("source", name), c.bytes);
  }
  for (const auto& [name, c] : result.total.operators) {
    rows.add(labels("operator", name, "used"), c.used);
    rows.add(labels("operator", name, "late"), c.late);
    rows.add(labels("operator", name, "filtered"), c.filtered);
    rows.add(labels("operator", name, "duplicates"), c.duplicates);
    rows.add(labels("operator", name, "errors"), c.errors);
    results.add(labels("operator", name), c.out);
  }
  for (const auto& [name, c] : result.total.sinks) written.add(labels("sink", name), c.records);
  for (Family* family : {&commits, &records, &bytes, &rows, &results, &written})
    family->move_to(out);
}

void RunMetrics::add_gauges(const Graph& graph, Gauges& out) const {
  const auto of = [&](const char* role, const std::string& name) {
    Labels all = labels(role, name);
    if (graph.task) all.push_back({"task", std::to_string(*graph.task)});
    return all;
  };
  for (const SourceStart& source : graph.sources) {
    const EventTime w = source.node->tracker().now();
    if (w != kTimeNone)
      out.watermark.add(of("source", source.node->name()), static_cast<double>(w) / 1e6);
  }
  for (const NamedOperator& op : graph.operators) {
    if (op.identity.empty()) continue;
    out.state.add(of("operator", op.node->name()), op.node->state_bytes());
    if (const auto work = op.node->open_work())
      out.open.add(of("operator", op.node->name()), work->open);
  }
}

/// Figures of one name come together.
void RunMetrics::add_figures(std::vector<MetricFamily>& out) const {
  const std::vector<Figure> figures = runner_.figures();
  for (size_t i = 0; i < figures.size();) {
    Family family(figures[i].name, figures[i].help,
                  figures[i].counter ? MetricType::Counter : MetricType::Gauge);
    for (const std::string name = figures[i].name; i < figures.size() && figures[i].name == name;
         ++i) {
      Labels all{{"pipeline", pipeline_}};
      for (const auto& [label, value] : figures[i].labels) all.push_back({label, value});
      family.add(std::move(all), figures[i].value);
    }
    family.move_to(out);
  }
}

/// What the plugins count themselves, as millrace_plugin_NAME. Several instances of one name
/// (tasks) are one sample.
void RunMetrics::add_plugins(std::vector<MetricFamily>& out) const {
  std::map<std::string, Family> families;
  std::map<std::string, std::map<std::pair<Kind, std::string>, double>> values;
  for (const LiveMetrics& instance : live_metrics()) {
    if (instance.name.pipeline != pipeline_) continue;
    for (const Metric& metric : instance.metrics) {
      const bool counts = metric.kind == Metric::Kind::kCounter;
      const bool needs_total = counts && !metric.name.ends_with("_total");
      const std::string name = "millrace_plugin_" + metric.name + (needs_total ? "_total" : "");
      families.try_emplace(name, name, metric.help,
                           counts ? MetricType::Counter : MetricType::Gauge);
      values[name][{instance.kind, instance.name.name}] += metric.value;
    }
  }
  for (auto& [name, family] : families) {
    for (const auto& [whose, value] : values[name])
      family.add(labels(std::string(kind_name(whose.first)).c_str(), whose.second), value);
    family.move_to(out);
  }
}

}  // namespace

struct MetricsPage::Parts {
  Parts(const std::string& listen, std::string pipeline, Execution& runner)
      : metrics(std::make_shared<RunMetrics>(std::move(pipeline), runner)),
        exposer(listen, kThreads) {
    exposer.RegisterCollectable(metrics, "/metrics");
  }
  static constexpr size_t kThreads = 1;
  std::shared_ptr<RunMetrics> metrics;
  prometheus::Exposer exposer;  ///< Goes first: then no request is answered any more.
};

MetricsPage::MetricsPage(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
MetricsPage::~MetricsPage() = default;

Result<std::unique_ptr<MetricsPage>> MetricsPage::open(const std::string& listen,
                                                       std::string pipeline, Execution& runner) {
  try {
    auto parts = std::make_unique<Parts>(listen, std::move(pipeline), runner);
    return std::unique_ptr<MetricsPage>(new MetricsPage(std::move(parts)));
  } catch (const std::exception& e) {
    return Error{Code::kFailed, "metrics: cannot listen on " + listen + " (" + e.what() +
                                    "); is the port taken? choose another in metrics.listen"};
  }
}

}  // namespace millrace
