#pragma once

/// A broken promise by our own code: print, abort, restart from the last commit. On in release
/// builds too. Input from networks, files and plugins never asserts.

namespace millrace {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}

#define MILLRACE_ASSERT(expression) \
  ((expression) ? (void)0 : ::millrace::assertion_failed(#expression, __FILE__, __LINE__))
