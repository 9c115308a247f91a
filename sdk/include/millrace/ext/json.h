/// millrace.json/1, offered by the host: reads JSON documents, so that plugins need no parser for
/// their configuration. Not for the record path.
#ifndef MILLRACE_EXT_JSON_H
#define MILLRACE_EXT_JSON_H

#include <millrace/abi.h>

#define MR_EXT_JSON "millrace.json/1"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mr_json mr_json;  ///< A node. Lives as long as the root that parse gave.

#define MR_JSON_NULL 0u
#define MR_JSON_FALSE 1u
#define MR_JSON_TRUE 2u
#define MR_JSON_NUMBER 3u
#define MR_JSON_STRING 4u
#define MR_JSON_ARRAY 5u
#define MR_JSON_OBJECT 6u

/// Different documents may be used from different threads; one document is read-only after parse.
typedef struct mr_json_v1 {
  uint32_t struct_size, reserved;
  /// Copies what it needs of `text`. `err` may be NULL. Give `*root` back with `free`. [any]
  MR_F(mr_rc, parse, mr_ctx* ctx, mr_str text, mr_json** root, mr_err* err);
  /// `pointer`: RFC 6901, "" = the node itself. NULL = absent. [any]
  MR_F(const mr_json*, at, const mr_json* node, mr_str pointer);
  /// MR_JSON_*. [any]
  MR_F(uint32_t, type, const mr_json* node);
  /// Unescaped, lives as long as the root. Not a string: MR_E_RECORD. [any]
  MR_F(mr_rc, str, const mr_json* node, mr_str* text);
  /// Not a number that fits exactly: MR_E_RECORD. [any]
  MR_F(mr_rc, i64, const mr_json* node, int64_t* number);
  /// Not a number: MR_E_RECORD. [any]
  MR_F(mr_rc, f64, const mr_json* node, double* number);
  /// `*cursor` starts at 0. MORE with the next member (`key` null in arrays), then OK. [any]
  MR_F(mr_rc, iterate, const mr_json* node, uint64_t* cursor, mr_str* key, const mr_json** value);
  /// NULL is allowed. [any]
  MR_F(void, free, mr_json* root);
} mr_json_v1;

#define MR_JSON_V1_MIN_SIZE 72u

#ifdef __cplusplus
}
#endif
#endif  // MILLRACE_EXT_JSON_H
