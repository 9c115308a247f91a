// Uses a function that nobody has.
#include <millrace/abi.h>

void nobody_has_this();
extern "C" MR_EXPORT const mr_module* millrace_module_v1(void) noexcept {
  nobody_has_this();
  return nullptr;
}
