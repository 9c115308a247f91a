#include "host/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <system_error>

#include "base/log.h"
#include "config/fault.h"
#include "host/options.h"
#include "host/process.h"
#include "plugin/component.h"
#include "plugin/index.h"

namespace millrace {
namespace {

constexpr const char* kVersion = "0.1.0";

constexpr const char* kExitCodes =
    "Exit codes: 0 done; 1 the run failed; 2 the command line or configuration is wrong; 3 a "
    "plugin was refused.";

constexpr const char* kFooter = R"(Examples:
  millrace run edits.json                     run until the sources end, or Ctrl-C
  millrace run edits.json --for 10m           stop after ten minutes; windows stay open
  millrace run edits.json --fresh             start over: forget state and earlier output
  millrace render edits.json --out page.html  the charts of its "page" sinks, as a file
  millrace check edits.json                   report everything that run would refuse
  millrace test cases/                        run pipelines against expected output
  millrace infer sample.jsonl                 the schema block of a file's records
  millrace state edits.json                   positions, watermarks, open windows, sizes
  millrace docs wikipedia                     every key of a plugin
  millrace docs expressions                   every operator, function and aggregate
)";

struct Verbs {
  std::vector<std::string> plugin_dirs;
  RunArguments run;
  RenderArguments render;
  ConfigArguments check, cache;
  StateArguments state;
  bool explain = false, json = false;
  std::string id, file, format;
  std::vector<std::string> cases;
  int exit_code = 0;
};

void add_config(CLI::App& verb, ConfigArguments& config) {
  verb.add_option("CONFIG", config.file, "the pipeline, a JSON file (comments allowed)")
      ->required();
  verb.add_option("--set", config.overrides,
                  "override one value: --set lanes=2 --set sinks.out.path=x.jsonl")
      ->allow_extra_args(false);
  verb.add_option("--state", config.state_dir, "directory of the state, instead of commit.dir");
}

void add_run(CLI::App& app, Verbs& verbs) {
  CLI::App* verb =
      app.add_subcommand("run", "run a pipeline until its sources end or a signal stops it");
  RunArguments& run = verbs.run;
  add_config(*verb, run.config);
  verb->add_flag("--until-end", run.until_end,
                 "read endless sources up to where they stand at the start, then stop");
  verb->add_flag("--drain", run.drain,
                 "also close all windows when stopped, as at the end of bounded input");
  verb->add_option("--for", run.run_for, "stop after this long: 250ms 5s 10m 2h");
  verb->add_flag("--fresh", run.fresh,
                 "start over: forget state and positions, remove what file sinks wrote before");
  verb->add_option("--forget", run.forget, "drop the state of one operator, source or sink")
      ->allow_extra_args(false);
  verb->add_option("--report", run.report, "write the ledger of the run to this file as JSON");
  verb->add_flag("--explain-windows", run.explain_windows,
                 "every 10 s and at the end: which windows are open, what holds the watermark "
                 "back, what would release it");
  verb->add_flag("--quiet", run.quiet, "print no progress and no summary");
  verb->footer(
      "SIGINT or SIGTERM: commit, close, exit 0. A second signal exits at once.\n"
      "SIGUSR1: explain once why windows are open, like --explain-windows.");
  verb->callback([&verbs] { verbs.exit_code = run_verb(verbs.run, verbs.plugin_dirs); });
}

void add_render(CLI::App& app, Verbs& verbs) {
  CLI::App* verb = app.add_subcommand(
      "render", "run a pipeline to the end of its sources and write its page to a file");
  RenderArguments& render = verbs.render;
  add_config(*verb, render.run.config);
  verb->add_option("--out", render.out, "the HTML file to write; it needs no other files")
      ->required();
  verb->add_option("--for", render.run.run_for, "stop after this long: 250ms 5s 10m 2h");
  verb->add_flag("--fresh", render.run.fresh,
                 "start over: forget state and positions, remove what file sinks wrote before");
  verb->add_flag("--quiet", render.run.quiet, "print no progress and no summary");
  verb->footer(
      "A normal run that also feeds the other sinks, except that \"page\" sinks do not listen. It "
      "continues\n"
      "where the last run stopped; if the pipeline has ended, it only writes what is committed.");
  verb->callback([&verbs] { verbs.exit_code = render_verb(verbs.render, verbs.plugin_dirs); });
}

void add_check(CLI::App& app, Verbs& verbs) {
  CLI::App* verb = app.add_subcommand(
      "check", "report everything that run would refuse, and print the resolved graph");
  add_config(*verb, verbs.check);
  verb->add_flag(
      "--explain", verbs.explain,
      "also print the types of all fields, what is computed where, and what bounds the state");
  verb->callback(
      [&verbs] { verbs.exit_code = check_verb(verbs.check, verbs.explain, verbs.plugin_dirs); });
}

void add_state(CLI::App& app, Verbs& verbs) {
  CLI::App* verb = app.add_subcommand(
      "state", "show positions, watermarks, open windows and sizes; edit them while nothing runs");
  StateArguments& state = verbs.state;
  add_config(*verb, state.config);
  verb->add_flag("--json", state.json, "as JSON");
  verb->add_option("--set-position", state.positions,
                   "SOURCE/PARTITION=POSITION: continue after it; the watermark stays")
      ->allow_extra_args(false);
  verb->add_option("--forget", state.forget, "drop the state of one operator, source or sink")
      ->allow_extra_args(false);
  verb->add_option("--export", state.export_file,
                   "write the whole state to this file as ndjson, also while it runs");
  verb->add_option("--import", state.import_file,
                   "replace the state with the output of --export, from here or elsewhere");
  verb->callback([&verbs] { verbs.exit_code = state_verb(verbs.state, verbs.plugin_dirs); });
}

void add_cache(CLI::App& app, Verbs& verbs) {
  CLI::App* cache = app.add_subcommand("cache", "inspect the copy of the state in Redis");
  cache->require_subcommand(1);
  CLI::App* verb = cache->add_subcommand(
      "show", "show what Redis holds of this pipeline, and whether it is complete");
  add_config(*verb, verbs.cache);
  verb->add_flag("--json", verbs.json, "as JSON");
  verb->callback(
      [&verbs] { verbs.exit_code = cache_show_verb(verbs.cache, verbs.json, verbs.plugin_dirs); });
}

void add_test(CLI::App& app, Verbs& verbs) {
  CLI::App* verb =
      app.add_subcommand("test", "run pipelines against their inputs and expected output");
  verb->add_option("DIR", verbs.cases,
                   "a folder with pipeline.json, input* and expected*, or a folder of such folders")
      ->required();
  verb->footer(
      R"(pipeline.json is the configuration used in production; file names connect it to the test:
  input-edits.jsonl           replaces source edits, whatever its plugin (input.jsonl: the only source)
  expected-out.jsonl          the exact output of the sink, operator or side output named out (expected.jsonl: the only sink)
  expected-out.subset.jsonl   only these members of each row are compared
  report.json                 members that the report must contain
Sinks without an expectation, the cache and a remote commit log are left out. Exit 1 when a case fails.)");
  verb->callback([&verbs] { verbs.exit_code = test_verb(verbs.cases, verbs.plugin_dirs); });
}

void add_plugin_verbs(CLI::App& app, Verbs& verbs) {
  CLI::App* plugins = app.add_subcommand("plugins", "list the installed plugins");
  plugins->add_flag("--json", verbs.json, "as JSON");
  plugins->callback([&verbs] { verbs.exit_code = plugins_verb(verbs.json, verbs.plugin_dirs); });

  CLI::App* inspect =
      app.add_subcommand("inspect", "describe one plugin in full, by id, name or file");
  inspect->add_option("ID", verbs.id, "id, name or file")->required();
  inspect->add_flag("--json", verbs.json, "as JSON");
  inspect->callback(
      [&verbs] { verbs.exit_code = inspect_verb(verbs.id, verbs.json, verbs.plugin_dirs); });

  CLI::App* docs = app.add_subcommand("docs",
                                      "print the keys of a plugin or of the configuration "
                                      "(\"config\"), or all \"expressions\", as Markdown");
  docs->add_option("ID", verbs.id, "id or name; \"config\" or \"expressions\"")->required();
  docs->callback([&verbs] { verbs.exit_code = docs_verb(verbs.id, verbs.plugin_dirs); });

  CLI::App* schema =
      app.add_subcommand("schema", "print the JSON Schema of the whole configuration, for editors");
  schema->callback([&verbs] { verbs.exit_code = schema_verb(verbs.plugin_dirs); });

  CLI::App* infer =
      app.add_subcommand("infer", "read a sample of a file and print its schema block");
  infer->add_option("FILE", verbs.file, "ndjson or CSV, optionally compressed")->required();
  infer->add_option("--format", verbs.format, "ndjson or csv; default: by the file's name");
  infer->callback(
      [&verbs] { verbs.exit_code = infer_verb(verbs.file, verbs.format, verbs.plugin_dirs); });
}

/// The first word that is no verb, or flag that no verb has, with the nearest that there is.
void suggest(CLI::App& app, int argc, char** argv) {
  std::vector<std::string> verbs, flags;
  const auto add_flags = [&flags](const CLI::App& of) {
    for (const CLI::Option* option : of.get_options()) {
      for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    }
  };
  add_flags(app);
  const CLI::App* verb = nullptr;
  for (const CLI::App* one : app.get_subcommands({})) {
    verbs.push_back(one->get_name());
    if (app.got_subcommand(one->get_name())) verb = one;
  }
  if (verb) add_flags(*verb);
  for (int i = 1; i < argc; ++i) {
    const std::string word(argv[i], std::string_view(argv[i]).find('=') == std::string_view::npos
                                        ? std::string_view(argv[i]).size()
                                        : std::string_view(argv[i]).find('='));
    const std::vector<std::string>& known = word.starts_with("--") ? flags : verbs;
    if (verb && !word.starts_with("--")) continue;
    if (std::find(known.begin(), known.end(), word) != known.end()) continue;
    const std::string hint = spelling_hint(word, known);
    if (!hint.empty()) {
      std::fprintf(stderr, "%s: %s\n", word.c_str(), hint.c_str());
    } else if (!word.starts_with('-')) {
      std::fprintf(stderr, "there is no verb \"%s\"\n", word.c_str());
    }
    return;
  }
}

/// What was printed did not arrive. A reader that has seen enough (`| head`) is no news.
int unwritten(int error_number) {
  if (error_number != EPIPE) {
    std::fprintf(stderr, "millrace: cannot write to standard output: %s\n",
                 std::strerror(error_number));
  }
  std::fclose(stdout);  // Else what is left would be tried once more at exit.
  return 1;
}

/// simdjson's kernel for older processors does not check what we rely on.
bool processor_is_too_old() {
#if defined(__x86_64__)
  return !__builtin_cpu_supports("sse4.2");
#else
  return false;
#endif
}

void add_verbs(CLI::App& app, Verbs& verbs) {
  app.set_version_flag("--version", kVersion);
  app.require_subcommand(1);
  app.fallthrough();
  // Each verb inherits the footer that stands when it is made.
  app.footer(kExitCodes);
  app.add_option("--plugins", verbs.plugin_dirs, "an additional directory of plugins")
      ->allow_extra_args(false);
  app.add_flag_callback(
      "--verbose", [] { set_log_level(LogLevel::kDebug); }, "log more");
  add_run(app, verbs);
  add_render(app, verbs);
  add_check(app, verbs);
  add_state(app, verbs);
  add_cache(app, verbs);
  add_test(app, verbs);
  add_plugin_verbs(app, verbs);
  app.footer(std::string(kFooter) + kExitCodes);
}

}  // namespace

int command_line_main(int argc, char** argv) {
  hold_standard_streams();
  tell_out_of_memory();
  direct_signals(argc, argv);
  // The child that looks into a library: nothing else of this program may be started for it.
  if (argc == 3 && std::string_view(argv[1]) == "inspect-file") return inspect_file_main(argv[2]);
  if (processor_is_too_old()) {
    std::fputs("millrace: this processor lacks SSE4.2 (x86-64-v2), which reading JSON needs\n",
               stderr);
    return 1;
  }
  install_crash_handler();
  Verbs verbs;
  CLI::App app("Millrace: streaming pipelines in one fast, exact binary.", "millrace");
  add_verbs(app, verbs);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error) == 0 ? 0 : 2;
    if (code != 0) suggest(app, argc, argv);
    return code;
  } catch (const std::system_error& error) {
    // A verb that prints found that its standard output takes no more, or a thread cannot be made.
    if (std::ferror(stdout)) return unwritten(error.code().value());
    std::fprintf(stderr,
                 "millrace: the system refuses what a run needs: %s; raise the limit of processes "
                 "(ulimit -u) or of memory (ulimit -v)\n",
                 error.what());
    return 1;
  }
  if (std::fflush(stdout) != 0) return unwritten(errno);
  return verbs.exit_code;
}

}  // namespace millrace
