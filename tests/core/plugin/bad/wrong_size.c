/* The module is fine, its component's struct_size is not. */
#include "table.h"

static mr_component component = COMPONENT("org.example.wrong_size");
static const mr_component* const list[] = {&component};
static const mr_module module = {sizeof(mr_module), MR_ABI_MINOR, 0, 1, list, NULL};
MR_EXPORT const mr_module* millrace_module_v1(void) {
  component.struct_size = 0xFFFFFFFFu;
  return &module;
}
