#pragma once

/// Is this a module of ABI 1 that this host can use? Everything is read defensively, but a wild
/// pointer still crashes: which is why a file is first judged in a child process.

#include <millrace/abi.h>

#include "base/result.h"

namespace millrace {

/// kPluginRefused with a sentence that says what is wrong and who should change what.
Result<void> check_module(const mr_module* module);

}  // namespace millrace
