/* Built for a later minor, with a larger table, but content with an older host. */
#include "table.h"

static const mr_component component = COMPONENT("org.example.newer_tolerant");
static const mr_component* const list[] = {&component};
static const struct {
  mr_module module;
  uint64_t later[4];
} larger = {{sizeof larger, 7, 0, 1, list, NULL}, {1, 2, 3, 4}};
MR_EXPORT const mr_module* millrace_module_v1(void) { return &larger.module; }
