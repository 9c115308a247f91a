#pragma once

/// What the command line said, as plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

struct ConfigArguments {
  std::string file;
  std::vector<std::string> overrides;  ///< `--set a.b=c`
  std::string state_dir;               ///< `--state`; empty: as configured.
};

struct RunArguments {
  ConfigArguments config;
  bool until_end = false, drain = false, fresh = false, quiet = false, explain_windows = false;
  std::string run_for;  ///< `--for 10m`
  std::vector<std::string> forget;
  std::string report;
};

struct RenderArguments {
  RunArguments run;
  std::string out;  ///< The file.
};

struct StateArguments {
  ConfigArguments config;
  bool json = false;
  std::vector<std::string> forget, positions;
  std::string export_file, import_file;
};

/// The verbs; each returns the exit code.
int run_verb(const RunArguments& arguments, const std::vector<std::string>& plugin_dirs);
int render_verb(RenderArguments arguments, const std::vector<std::string>& plugin_dirs);
int check_verb(const ConfigArguments& arguments, bool explain,
               const std::vector<std::string>& plugin_dirs);
int state_verb(const StateArguments& arguments, const std::vector<std::string>& plugin_dirs);
int cache_show_verb(const ConfigArguments& arguments, bool json,
                    const std::vector<std::string>& plugin_dirs);
int plugins_verb(bool json, const std::vector<std::string>& plugin_dirs);
int inspect_verb(const std::string& id_or_file, bool json,
                 const std::vector<std::string>& plugin_dirs);
int docs_verb(const std::string& id, const std::vector<std::string>& plugin_dirs);
int test_verb(const std::vector<std::string>& folders, const std::vector<std::string>& plugin_dirs);
int schema_verb(const std::vector<std::string>& plugin_dirs);
int infer_verb(const std::string& file, const std::string& format,
               const std::vector<std::string>& plugin_dirs);

}  // namespace millrace
