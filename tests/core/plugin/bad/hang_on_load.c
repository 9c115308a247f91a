/* Never comes back from a constructor. */
#include <millrace/abi.h>
#include <unistd.h>

__attribute__((constructor)) static void hang(void) {
  for (;;) pause();
}
MR_EXPORT const mr_module* millrace_module_v1(void) { return NULL; }
