#include "host/setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/log.h"
#include "kafka/kafka.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

std::string self_path() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).string();
}

void add_absolute(const std::string& directory, std::vector<std::string>& out) {
  std::error_code error;
  const fs::path absolute = fs::canonical(directory, error);
  if (!error && std::find(out.begin(), out.end(), absolute.string()) == out.end()) {
    out.push_back(absolute.string());
  }
}

}  // namespace

Result<PluginIndex> scan_plugins(const std::vector<std::string>& plugin_dirs) {
  const std::string self = self_path();
  const std::string bin = fs::path(self).parent_path().string();
  std::vector<std::string> directories;
  add_absolute(bin + "/../plugins", directories);
  add_absolute(bin + "/../lib/millrace/plugins", directories);
  if (const char* path = secure_getenv("MILLRACE_PLUGIN_PATH")) {
    std::string_view rest = path;
    while (!rest.empty()) {
      const size_t colon = rest.find(':');
      add_absolute(std::string(rest.substr(0, colon)), directories);
      rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
    }
  }
  for (const std::string& directory : plugin_dirs) {
    if (!fs::is_directory(directory)) {
      return Error{Code::kInvalidConfig, "--plugins " + directory + ": there is no such directory"};
    }
    add_absolute(directory, directories);
  }
  auto index = PluginIndex::scan(directories, self, {&kafka_module()});
  if (index) {
    for (const RefusedFile& file : index->refused()) {
      log_warn("plugin library " + file.file + " is refused: " + file.reason);
    }
  }
  return index;
}

IndexedSchemas::IndexedSchemas(const PluginIndex& index) {
  for (const ComponentInfo& info : index.components()) {
    schemas_.push_back({std::string(kind_name(info.kind)), info.name, info.id, info.config_schema});
  }
}

const PluginSchema* IndexedSchemas::find(std::string_view kind, std::string_view name) const {
  for (const PluginSchema& schema : schemas_) {
    if (schema.kind == kind && (schema.name == name || schema.id == name)) return &schema;
  }
  return nullptr;
}

std::vector<std::string> IndexedSchemas::names(std::string_view kind) const {
  std::vector<std::string> out;
  for (const PluginSchema& schema : schemas_) {
    if (schema.kind == kind) out.push_back(schema.name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<LoadedConfig> load(const ConfigArguments& arguments, const PluginIndex& index,
                                 Faults& faults) {
  const IndexedSchemas schemas(index);
  auto loaded = load_config(arguments.file, arguments.overrides, schemas, faults);
  if (loaded && !arguments.state_dir.empty()) loaded->pipeline.commit.dir = arguments.state_dir;
  return loaded;
}

Result<void> refuse_kafka_log(const PipelineConfig& config, std::string_view verb) {
  if (config.commit.log != CommitConfig::Log::kKafka) return {};
  return Error{Code::kInvalidConfig,
               fmt::format("{} is not for the kafka commit log in this version: the state of its "
                           "tasks lies in topic {}.changelog; look at \"metrics\", or at the "
                           "consumer group with Kafka's own tools",
                           verb, config.name.text)};
}

int report_error(const Error& error) {
  fmt::print(stderr, "millrace: {}\n", masked(error.message));
  switch (error.code) {
    case Code::kInvalidConfig: return 2;
    case Code::kPluginRefused: return 3;
    default: return 1;
  }
}

int report_faults(const Faults& faults, const PluginIndex& index) {
  fmt::print(stderr, "{}\n", faults.text());
  const std::vector<ConfigFault> all = faults.sorted();
  const bool missing = std::any_of(all.begin(), all.end(), [](const ConfigFault& fault) {
    return fault.message.find(" plugin \"") != std::string::npos &&
           fault.message.ends_with("is installed");
  });
  if (!missing || index.refused().empty()) return 2;
  return 3;  // The refusals themselves were told when the index was made.
}

}  // namespace millrace
