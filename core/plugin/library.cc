#include "plugin/library.h"

#define BOOST_DLL_USE_STD_FS
#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>
#include <map>
#include <mutex>

#include "plugin/file_check.h"
#include "plugin/in_call.h"
#include "plugin/module_check.h"

namespace millrace {
namespace {

Error refused(std::string why) { return {Code::kPluginRefused, std::move(why)}; }

struct Loaded {
  boost::dll::shared_library library;
  const mr_module* module;
};

struct Libraries {
  std::mutex mutex;
  std::map<std::string, Loaded> loaded;  // Guarded by mutex.
};

/// Never destroyed, so that nothing is ever unloaded, not even at exit.
Libraries& libraries() {
  static Libraries* all = new Libraries;
  return *all;
}

/// Boost.DLL's exceptions say "boost::dll::shared_library::load() failed (dlerror system message:
/// …): Bad file descriptor [generic:9]"; only the middle helps.
std::string reason_of(const std::exception& e) {
  const std::string text = e.what();
  constexpr std::string_view kBefore = "(dlerror system message: ";
  const auto begin = text.find(kBefore);
  const auto end = text.rfind("): ");
  if (begin == std::string::npos || end == std::string::npos || end < begin) return text;
  return text.substr(begin + kBefore.size(), end - begin - kBefore.size());
}

std::string missing_entry(const boost::dll::shared_library& library) {
  for (int major = 2; major < 10; ++major) {
    const std::string symbol = "millrace_module_v" + std::to_string(major);
    if (library.has(symbol)) {
      return "it is built for Millrace ABI " + std::to_string(major) +
             ", this host speaks ABI 1; remedy: a newer Millrace";
    }
  }
  return "it does not export " MR_ENTRY_SYMBOL ": it is not a Millrace plugin";
}

/// dlsym also finds the symbol of a library that this one depends on.
bool comes_from(void* address, const std::string& path) {
  Dl_info info{};
  if (!dladdr(address, &info) || !info.dli_fname) return false;
  std::error_code ignored;
  return path == info.dli_fname || std::filesystem::equivalent(path, info.dli_fname, ignored);
}

Result<Loaded> load_file(const std::string& path) {
  using boost::dll::load_mode::rtld_local;
  using boost::dll::load_mode::rtld_now;
  const InCall marker(path.c_str(), path.c_str(), "loading");  // Constructors run here.
  try {
    boost::dll::shared_library library(path, rtld_now | rtld_local);
    if (!library.has(MR_ENTRY_SYMBOL)) return refused(missing_entry(library));
    auto& entry = library.get<decltype(millrace_module_v1)>(MR_ENTRY_SYMBOL);
    if (!comes_from(reinterpret_cast<void*>(&entry), path)) {
      return refused(MR_ENTRY_SYMBOL " belongs to a library that it depends on");
    }
    const mr_module* module = entry();
    MILLRACE_TRY(check_module(module));
    return Loaded{std::move(library), module};
  } catch (const std::exception& e) {  // Boost.DLL's, and what a constructor of the plugin threw.
    return refused("it cannot be loaded: " + reason_of(e));
  }
}

}  // namespace

Result<const mr_module*> load_library(const std::string& path) {
  if (auto fine = check_plugin_file(path); !fine) return fine.error();
  Libraries& all = libraries();
  std::lock_guard lock(all.mutex);
  if (auto known = all.loaded.find(path); known != all.loaded.end()) return known->second.module;
  auto loaded = load_file(path);
  if (!loaded) return loaded.error();
  const mr_module* module = loaded->module;
  all.loaded.emplace(path, std::move(*loaded));
  return module;
}

}  // namespace millrace
