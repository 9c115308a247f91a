/// millrace.arrow/1, offered by a sink (mr_lifecycle.extension): takes rows as columns, through the
/// Arrow C data interface, whose two structs are declared by Arrow's own headers.
#ifndef MILLRACE_EXT_ARROW_H
#define MILLRACE_EXT_ARROW_H

#include <millrace/abi.h>

#define MR_EXT_ARROW "millrace.arrow/1"

#ifdef __cplusplus
extern "C" {
#endif

struct ArrowSchema;
struct ArrowArray;

typedef struct mr_arrow_v1 {
  uint32_t struct_size, reserved;
  /// After create, before open. Text comes as contiguous `u`. Takes over the schema. [control]
  MR_F(mr_rc, bind, mr_self* self, struct ArrowSchema* schema, mr_err* err);
  /// Instead of mr_sink.write; takes over the array. A reject names the row, with a NULL batch.
  /// [data]
  MR_F(mr_rc, write, mr_self* self, struct ArrowArray* rows, mr_out* rejects, mr_err* err);
} mr_arrow_v1;

#define MR_ARROW_V1_MIN_SIZE 24u

#ifdef __cplusplus
}
#endif
#endif  // MILLRACE_EXT_ARROW_H
