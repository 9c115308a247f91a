/* Speaks only ABI 2. */
#include <millrace/abi.h>

MR_EXPORT const void* millrace_module_v2(void);
MR_EXPORT const void* millrace_module_v2(void) { return NULL; }
