#include "plugin/index.h"

#include <algorithm>
#include <filesystem>

#include "plugin/cache.h"
#include "plugin/inspect.h"
#include "plugin/library.h"
#include "plugin/module_check.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kSuffix = ".mrp.so";

/// Plugin files of one directory in byte order, so that "the second one" is always the same one.
/// A directory that is missing has none.
Result<std::vector<std::string>> files_of(const std::string& dir) {
  if (dir.empty() || dir[0] != '/') {
    return Error{Code::kInvalidConfig, "plugin directory " + dir + ": the path is not absolute"};
  }
  std::vector<std::string> files;
  std::error_code failed;
  for (fs::directory_iterator at(dir, failed), end; !failed && at != end; at.increment(failed)) {
    const std::string name = at->path().filename().string();
    if (name.size() > kSuffix.size() && name.ends_with(kSuffix)) files.push_back(at->path());
  }
  if (failed && failed != std::errc::no_such_file_or_directory) {
    return Error{Code::kPluginRefused, "plugin directory " + dir + ": " + failed.message()};
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// One file on its way through the scan.
struct Candidate {
  std::string file;
  FileIdentity identity{};
  Inspected result = std::vector<ComponentInfo>{};
};

/// Asks the cache first and children for the rest.
void inspect_all(std::vector<Candidate>& candidates, const std::string& self) {
  InspectionCache cache = InspectionCache::open(self);
  std::vector<std::string> unknown;
  std::vector<Candidate*> waiting;
  for (Candidate& candidate : candidates) {
    auto identity = check_plugin_file(candidate.file);
    if (!identity) {
      candidate.result = identity.error();
      continue;
    }
    candidate.identity = *identity;
    if (auto* known = cache.find(candidate.file, *identity)) {
      candidate.result = *known;
    } else {
      unknown.push_back(candidate.file);
      waiting.push_back(&candidate);
    }
  }
  auto results = inspect_files(unknown, self);
  for (size_t i = 0; i < waiting.size(); ++i) {
    waiting[i]->result = std::move(results[i]);
    if (waiting[i]->result) cache.put(unknown[i], waiting[i]->identity, *waiting[i]->result);
  }
  cache.save();
}

}  // namespace

Result<PluginIndex> PluginIndex::scan(const std::vector<std::string>& directories,
                                      const std::string& self,
                                      const std::vector<const mr_module*>& builtin) {
  PluginIndex index;
  for (const mr_module* module : builtin) MILLRACE_TRY(index.add_builtin(*module));
  std::vector<Candidate> candidates;
  for (const std::string& dir : directories) {
    auto files = files_of(fs::path(dir).lexically_normal().string());
    if (!files) return files.error();
    for (std::string& file : *files) {
      const bool known = std::any_of(candidates.begin(), candidates.end(),
                                     [&](const Candidate& c) { return c.file == file; });
      if (!known) candidates.push_back({.file = std::move(file)});
    }
  }
  inspect_all(candidates, self);
  for (Candidate& candidate : candidates) {
    if (!candidate.result) {
      index.refused_.push_back({candidate.file, candidate.result.error().message});
    } else {
      index.add_file(candidate.file, std::move(*candidate.result));
    }
  }
  return index;
}

void PluginIndex::add_file(const std::string& file, std::vector<ComponentInfo> components) {
  for (const ComponentInfo& info : components) {
    if (const ComponentInfo* other = find(info.kind, info.name)) {
      const std::string place = other->file.empty() ? "this program" : other->file;
      refused_.push_back({file, "the " + std::string(kind_name(info.kind)) + " \"" + info.name +
                                    "\" (" + info.id + ") is already in " + place + " (" +
                                    other->id + ")"});
      return;
    }
  }
  for (ComponentInfo& info : components) components_.push_back(std::move(info));
}

Result<void> PluginIndex::add_builtin(const mr_module& module) {
  MILLRACE_TRY(check_module(&module));
  for (uint32_t i = 0; i < module.count; ++i) {
    components_.push_back(info_of(*module.components[i], ""));
    builtin_.push_back(module.components[i]);
  }
  return {};
}

const ComponentInfo* PluginIndex::find(Kind kind, std::string_view name) const {
  for (const ComponentInfo& info : components_) {
    if (info.kind == kind && (info.name == name || info.id == name)) return &info;
  }
  return nullptr;
}

Result<Component> PluginIndex::load(const ComponentInfo& info) const {
  const mr_component* const* begin = builtin_.data();
  uint32_t count = static_cast<uint32_t>(builtin_.size());
  if (!info.file.empty()) {
    auto module = load_library(info.file);
    if (!module) return module.error().in(info.file);
    begin = (*module)->components;
    count = (*module)->count;
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (begin[i]->kind == static_cast<uint32_t>(info.kind) && info.id == begin[i]->id) {
      return Component{begin[i], info.file};
    }
  }
  return Error{Code::kPluginRefused, info.file + ": " + info.id + " is no longer in it"};
}

}  // namespace millrace
