/* Crashes in a constructor. */
#include <millrace/abi.h>
#include <signal.h>

__attribute__((constructor)) static void crash(void) { raise(SIGSEGV); }
MR_EXPORT const mr_module* millrace_module_v1(void) { return NULL; }
