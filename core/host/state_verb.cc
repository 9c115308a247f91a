#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "base/log.h"
#include "cache/kept_log.h"
#include "host/options.h"
#include "host/setup.h"
#include "json/write.h"
#include "pipeline/stored_state.h"
#include "state/local_log.h"

namespace millrace {
namespace {

std::string text_of(const JsonValue* value) {
  if (!value || value->is_null()) return "none";
  return value->is_string() ? value->as_string() : to_json(*value);
}

void print_parts(const JsonValue& state, const char* part,
                 std::initializer_list<const char*> keys) {
  fmt::print("{}\n", part);
  for (const auto& [name, one, position] : state.find(part)->members()) {
    fmt::print("  {}:", name);
    for (const char* key : keys) {
      if (const JsonValue* value = one.find(key)) fmt::print(" {} {};", key, text_of(value));
    }
    fmt::print("\n");
  }
}

void print_state(const std::string& pipeline, const JsonValue& state) {
  fmt::print("{}: commit {}, {} bytes on disk, state {}\n", pipeline, text_of(state.find("commit")),
             text_of(state.find("bytes_on_disk")), text_of(state.find("state_id")));
  print_parts(state, "sources", {"snapshot", "skip", "seek", "watermark", "max_time"});
  print_parts(state, "operators",
              {"watermark", "slices", "first_slice", "last_slice", "blocks", "bytes"});
  print_parts(state, "sinks", {"delivered", "waiting_commits", "waiting_bytes"});
}

Result<void> write_export(CommitLog& log, const std::string& file) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  MILLRACE_TRY(export_state(log, [&](std::string_view line) {
    out << line << '\n';
    return Result<void>();
  }));
  out.flush();
  if (out) return {};
  return Error{Code::kFailed, "cannot write " + file};
}

Result<void> read_import(CommitLog& log, const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error{Code::kFailed, "cannot read " + file};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(std::move(line));
  auto done = import_state(log, lines);
  return done ? done : Result<void>(done.error().in(file));
}

bool changes(const StateArguments& arguments) {
  return !arguments.positions.empty() || !arguments.forget.empty() ||
         !arguments.import_file.empty();
}

Result<std::unique_ptr<LocalLog>> open_log(const PipelineConfig& config,
                                           const StateArguments& arguments) {
  const LocalLog::Options place = {config.commit.dir, config.name.text};
  if (changes(arguments)) return LocalLog::open(place);
  auto log = LocalLog::look(place);
  if (log && !(*log)->owned()) log_info(config.name.text + " is running; as of its last commit:");
  return log;
}

Result<void> work_on(CommitLog& log, const StateArguments& arguments) {
  if (changes(arguments) || !arguments.export_file.empty())
    MILLRACE_TRY(refuse_kept_elsewhere(log));
  if (!arguments.import_file.empty()) MILLRACE_TRY(read_import(log, arguments.import_file));
  std::vector<SeekTo> seeks;
  for (const std::string& position : arguments.positions) {
    auto to = parse_seek(position);
    if (!to) return to.error();
    seeks.push_back(std::move(*to));
  }
  if (!seeks.empty() || !arguments.forget.empty())
    MILLRACE_TRY(alter_state(log, arguments.forget, seeks));
  if (!arguments.export_file.empty()) MILLRACE_TRY(write_export(log, arguments.export_file));
  return {};
}

}  // namespace

int state_verb(const StateArguments& arguments, const std::vector<std::string>& plugin_dirs) {
  auto index = scan_plugins(plugin_dirs);
  if (!index) return report_error(index.error());
  Faults faults(arguments.config.file);
  auto loaded = load(arguments.config, *index, faults);
  if (!loaded) return report_faults(faults, *index);
  const PipelineConfig& config = loaded->pipeline;
  if (auto local = refuse_kafka_log(config, "millrace state"); !local)
    return report_error(local.error());
  const std::string folder = config.commit.dir + "/" + config.name.text + "/state";
  std::error_code error;
  if (arguments.import_file.empty() && !std::filesystem::exists(folder, error)) {
    return report_error(
        {Code::kFailed, "there is no state of " + config.name.text + " in " + config.commit.dir});
  }
  auto log = open_log(config, arguments);
  if (!log) return report_error(log.error());
  if (auto done = work_on(**log, arguments); !done) return report_error(done.error());
  auto state = describe_state(**log);
  if (!state) return report_error(state.error());
  if (arguments.json) {
    fmt::print("{}\n", to_json(*state));
  } else {
    print_state(config.name.text, *state);
  }
  return 0;
}

}  // namespace millrace
