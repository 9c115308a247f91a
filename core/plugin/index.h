#pragma once

/// Which components there are. A name is looked up only in an index of configured absolute
/// directories and built-in tables; files are listed and inspected by a child process (this
/// program with a hidden verb), so that a bad file cannot take the host down.

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "plugin/component.h"

namespace millrace {

/// What is known of one component without loading its library into this process.
struct ComponentInfo {
  Kind kind;
  std::string id, name, version, title, doc, license, url;
  std::string config_schema;  ///< JSON text.
  uint64_t caps = 0;
  uint32_t status = MR_STATUS_UNSTATED, trust = MR_TRUST_UNSTATED;
  std::string file;  ///< Empty: built in.
};

/// A file that may not be loaded, and why.
struct RefusedFile {
  std::string file;
  std::string reason;
};

class PluginIndex {
 public:
  /// Looks through `directories` (absolute; missing ones are skipped) for *.mrp.so.
  /// `self` is the program to run as the inspecting child. Later directories do not
  /// override earlier ones, and files not what is built in: the same name twice in a role is a
  /// refusal of the second file. What good files gave is remembered (cache.h), so that a second
  /// start runs no child. `builtin` live for ever.
  static Result<PluginIndex> scan(const std::vector<std::string>& directories,
                                  const std::string& self,
                                  const std::vector<const mr_module*>& builtin = {});

  const std::vector<ComponentInfo>& components() const { return components_; }
  const std::vector<RefusedFile>& refused() const { return refused_; }
  /// By last label of the id, or by the whole id. Null when there is none.
  const ComponentInfo* find(Kind kind, std::string_view name) const;
  /// Loads the library (once; never unloaded) and gives the component.
  /// kPluginRefused with the reason if it may not be loaded.
  Result<Component> load(const ComponentInfo& info) const;

  void add(ComponentInfo info) { components_.push_back(std::move(info)); }
  /// Components that are linked into this program, through the same tables. `module` lives for
  /// ever.
  Result<void> add_builtin(const mr_module& module);

 private:
  void add_file(const std::string& file, std::vector<ComponentInfo> components);
  std::vector<ComponentInfo> components_;
  std::vector<RefusedFile> refused_;
  std::vector<const mr_component*> builtin_;
};

/// The child's part: loads one file and prints its components as JSON on stdout.
/// Exit code 0, or 3 with the reason on stderr.
int inspect_file_main(const char* file);

}  // namespace millrace
