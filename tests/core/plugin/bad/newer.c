/* Built for a later minor that it cannot do without. */
#include "table.h"

static const mr_component component = COMPONENT("org.example.newer");
static const mr_component* const list[] = {&component};
static const mr_module module = {sizeof(mr_module), 7, 7, 1, list, NULL};
MR_EXPORT const mr_module* millrace_module_v1(void) { return &module; }
