/* A shared library that is no plugin. */
#include <millrace/abi.h>

MR_EXPORT int unrelated(void);
MR_EXPORT int unrelated(void) { return 1; }
