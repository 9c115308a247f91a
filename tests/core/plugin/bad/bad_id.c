/* The id is not a reverse domain name. */
#include "table.h"

static const mr_component component = COMPONENT("Not An Id");
static const mr_component* const list[] = {&component};
static const mr_module module = {sizeof(mr_module), MR_ABI_MINOR, 0, 1, list, NULL};
MR_EXPORT const mr_module* millrace_module_v1(void) { return &module; }
