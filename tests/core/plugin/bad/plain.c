/* Nothing wrong with it. Prints while it is loaded, which must not disturb the inspection. */
#include <stdio.h>

#include "table.h"

__attribute__((constructor)) static void greet(void) { printf("[\"hello\"]\n"), fflush(stdout); }

static const mr_component component = COMPONENT("org.example.plain");
static const mr_component* const list[] = {&component};
static const mr_module module = {sizeof(mr_module), MR_ABI_MINOR, 0, 1, list, NULL};
MR_EXPORT const mr_module* millrace_module_v1(void) { return &module; }
