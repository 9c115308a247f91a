#include <fmt/format.h>

#include "host/options.h"
#include "host/setup.h"
#include "json/write.h"

namespace millrace {
namespace {

/// `--set` of one key of a sink, whatever its name holds.
std::string override_of(const std::string& sink, std::string_view key, std::string_view value) {
  std::string path = "/sinks/";
  for (const char c : sink) path += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  std::string text = fmt::format("{}/{}=", path, key);
  append_json_string(text, value);
  return text;
}

}  // namespace

/// A run whose pages are a file instead of a server: it goes on where the last one stopped, so what
/// is committed already is on the page, and what the sources have besides comes to it.
int render_verb(RenderArguments arguments, const std::vector<std::string>& plugin_dirs) {
  auto index = scan_plugins(plugin_dirs);
  if (!index) return report_error(index.error());
  Faults faults(arguments.run.config.file);
  const auto loaded = load(arguments.run.config, *index, faults);
  if (!loaded || !faults.empty()) return report_faults(faults, *index);
  RunArguments& run = arguments.run;
  bool found = false;
  for (const SinkConfig& sink : loaded->pipeline.sinks) {
    if (sink.plugin.text != "page") continue;
    found = true;
    run.config.overrides.push_back(override_of(sink.name.text, "listen", "none"));
    run.config.overrides.push_back(override_of(sink.name.text, "file", arguments.out));
  }
  if (!found) {
    fmt::print(stderr, "{}: no sink is a page; add one with \"plugin\": \"page\"\n",
               run.config.file);
    return 2;
  }
  run.until_end = run.run_for.empty();
  return run_verb(run, plugin_dirs);
}

}  // namespace millrace
