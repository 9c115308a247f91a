/* Needs a function that nobody has. */
#include <millrace/abi.h>

void nobody_has_this(void);
MR_EXPORT const mr_module* millrace_module_v1(void) {
  nobody_has_this();
  return NULL;
}
