/* From before 1.0: the tables are smaller. */
#include "table.h"

static const mr_component component = COMPONENT("org.example.old");
static const mr_component* const list[] = {&component};
static const mr_module module = {16, 0, 0, 1, list, NULL};
MR_EXPORT const mr_module* millrace_module_v1(void) { return &module; }
