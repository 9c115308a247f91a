#pragma once

/// Loading plugin libraries into this process. A library is loaded once and never unloaded: its
/// statics, thread-locals and threads would not survive it.
/// Threads: any.

#include <millrace/abi.h>

#include <string>

#include "base/result.h"

namespace millrace {

/// Checks the file, loads it (exact path, all symbols at once, hidden from others), finds the entry
/// and checks the module behind it. kPluginRefused with the reason otherwise.
Result<const mr_module*> load_library(const std::string& path);

}  // namespace millrace
