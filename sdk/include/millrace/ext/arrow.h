/// millrace.arrow/1, offered by a sink (mr_lifecycle.extension): takes rows as typed columns,
/// through the Arrow C data interface. That interface is two plain structs, declared here as
/// Arrow's own headers declare them, so a sink needs no library to read columns, and none to hand
/// them to Arrow.
///
/// The schema is a struct ("+s") with one child per field, in the order of the rows:
///   b bool | i int4 | l int8 | g float8 | tsu:UTC timestamptz, tsu: timestamp, in microseconds |
///   tdD date | u text, jsonb, and numeric and interval as PostgreSQL writes them.
/// A child's metadata holds "millrace.type": PostgreSQL's name of the type, `jsonb` for instance.
/// A field named "op" holds "delete" on rows that delete and is null on all others.
///
/// A sink with MR_CAP_EPOCH_MARKED gets the rows of an epoch by `write` below, then one
/// `write_epoch` without batches (epoch_sink.h), which ends the transaction that holds them all. An
/// epoch may come again from its first row, after close and open.
#ifndef MILLRACE_EXT_ARROW_H
#define MILLRACE_EXT_ARROW_H

#include <millrace/abi.h>

#define MR_EXT_ARROW "millrace.arrow/1"

#ifdef __cplusplus
extern "C" {
#endif

/* The guard that Arrow asks for: https://arrow.apache.org/docs/format/CDataInterface.html */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char *format, *name, *metadata;
  int64_t flags, n_children;
  struct ArrowSchema **children, *dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length, null_count, offset, n_buffers, n_children;
  const void** buffers;
  struct ArrowArray **children, *dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

#endif  // ARROW_C_DATA_INTERFACE

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
