#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/log.h"
#include "host/case_compare.h"
#include "host/case_folder.h"
#include "host/options.h"
#include "host/report.h"
#include "host/setup.h"
#include "json/document.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

std::string read_all(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A folder of its own for one case; the process works in it until this goes away.
class WorkFolder {
 public:
  explicit WorkFolder(const CaseFolder& test) : before_(fs::current_path()) {
    std::string name = (fs::temp_directory_path() / "millrace-test-XXXXXX").string();
    if (!mkdtemp(name.data())) return;
    path_ = name;
    fs::create_directory(path_ / "out");
    for (const CaseFile& input : test.inputs) fs::copy(input.path, path_ / input.path.filename());
    fs::current_path(path_);
  }
  ~WorkFolder() {
    std::error_code none;
    fs::current_path(before_, none);
    if (!path_.empty()) fs::remove_all(path_, none);
  }
  bool made() const { return !path_.empty(); }

 private:
  fs::path before_, path_;
};

/// What is wrong with the output, one text per file; none: the case passes.
std::vector<std::string> compare_outputs(const CaseFolder& test,
                                         const std::vector<CaseOutput>& outputs,
                                         const std::string& report) {
  std::vector<std::string> out;
  for (const CaseOutput& output : outputs) {
    const std::string expected = read_all(output.expected.path), written = read_all(output.written);
    const std::string found = output.expected.is_subset() ? compare_members(expected, written)
                                                          : compare_bytes(expected, written);
    if (!found.empty()) out.push_back(output.expected.path.filename().string() + ": " + found);
  }
  if (!fs::exists(test.report())) return out;
  const auto wanted = parse_json(read_all(test.report()), test.report().string());
  if (!wanted) {
    out.push_back(wanted.error().message);
  } else if (auto found = missing_members(wanted->root, parse_json(report, "report")->root);
             !found.empty()) {
    out.push_back("report.json: " + found);
  }
  return out;
}

/// Runs the connected case from nothing to its end in the present folder; the report's text.
Result<std::string> run_case(const PipelineConfig& config, const PluginIndex& plugins, Plan plan) {
  RunOptions options;
  options.fresh = true;
  options.until_end = true;
  options.lanes = config.lanes ? static_cast<unsigned>(*config.lanes) : 1;
  const int64_t started = monotonic_us();
  Runner runner(config, plugins, std::move(options));
  RunResult result;
  MILLRACE_TRY(runner.run(std::move(plan), result));
  return report_json(config.name.text, "ended", usage_since(started), result);
}

std::vector<std::string> play(const CaseFolder& test, const PluginIndex& plugins) {
  Faults faults(test.config().string());
  std::optional<ConfigDocument> document = read_document(test.config().string(), faults);
  if (!document) return {faults.text()};
  const std::vector<CaseOutput> outputs = connect_case(test, *document, faults);
  if (!faults.empty()) return {faults.text()};
  const WorkFolder work(test);
  if (!work.made()) return {"cannot make a folder in " + fs::temp_directory_path().string()};
  auto loaded = load_config_document(std::move(*document), {}, IndexedSchemas(plugins), faults);
  if (!loaded || !faults.empty()) return {faults.text()};
  if (auto local = refuse_kafka_log(loaded->pipeline, "millrace test"); !local)
    return {local.error().message};
  auto plan = make_plan(loaded->pipeline, plugins, faults);
  if (!plan) return {masked(plan.error().message)};
  if (!*plan) return {faults.text()};
  auto report = run_case(loaded->pipeline, plugins, std::move(**plan));
  if (!report) return {masked(report.error().message)};
  return compare_outputs(test, outputs, *report);
}

/// Whether it passed; what failed is told at once.
bool play_and_tell(const CaseFolder& test, const PluginIndex& plugins) {
  const std::vector<std::string> complaints = play(test, plugins);
  fmt::print("{} {}\n", complaints.empty() ? "ok    " : "FAILED", test.folder.string());
  for (const std::string& complaint : complaints) fmt::print("    {}\n", complaint);
  std::fflush(stdout);
  return complaints.empty();
}

}  // namespace

int test_verb(const std::vector<std::string>& folders,
              const std::vector<std::string>& plugin_dirs) {
  set_log_level(LogLevel::kWarn);
  std::vector<CaseFolder> cases;
  for (const std::string& folder : folders) {
    std::vector<CaseFolder> found = find_cases(fs::absolute(folder));
    if (found.empty()) {
      return report_error({Code::kInvalidConfig,
                           folder + ": no pipeline.json in it, nor in a folder right below it"});
    }
    std::move(found.begin(), found.end(), std::back_inserter(cases));
  }
  auto index = scan_plugins(plugin_dirs);
  if (!index) return report_error(index.error());
  size_t passed = 0;
  for (const CaseFolder& test : cases) passed += play_and_tell(test, *index);
  fmt::print("{} passed, {} failed\n", passed, cases.size() - passed);
  return passed == cases.size() ? 0 : 1;
}

}  // namespace millrace
