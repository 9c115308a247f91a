/* The C part, with the layout of every struct checked. */
#include <millrace/abi_layout.h>

const mr_module* millrace_module_v1(void) { return NULL; }

int has_seek(const mr_source* ops);
int has_seek(const mr_source* ops) { return MR_HAS(mr_source, ops, seek) ? 1 : 0; }
