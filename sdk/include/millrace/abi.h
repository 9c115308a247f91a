/// The Millrace plugin border, major version 1, minor 0: plain C11, libc headers only.
///
/// A plugin is a shared library `NAME.mrp.so` that exports one function, `millrace_module_v1`. It
/// returns constant tables; the host calls through them and lends tables of its own. C++ authors
/// include `millrace/plugin.hpp` instead and never see this page; any language that can lay out C
/// structs can use it directly.
///
/// Reading order: status codes, threads, bytes and batches, output, host, lifecycle, roles, module.
///
/// How it grows. FROZEN structs never change. APPENDABLE structs start with `struct_size`, set by
/// whoever allocates them, and grow at the tail only; MR_<T>_MIN_SIZE is the size in 1.0 and never
/// grows. Read a later slot only through MR_HAS. New abilities are new headers under `ext/` with a
/// string id `millrace.<name>/<rev>`; an id never changes its meaning. Fixed-width types only.
#ifndef MILLRACE_ABI_H
#define MILLRACE_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define MR_NX noexcept
extern "C" {
#else
#define MR_NX
#endif

/// The platform's C calling convention.
#define MR_CALL
#define MR_EXPORT __attribute__((visibility("default")))
/// One slot of a table: a function pointer that never throws.
#define MR_F(ret, name, ...) ret(MR_CALL* name)(__VA_ARGS__) MR_NX
/// True if the table behind `p` is large enough to have slot `m` and the slot is filled.
#define MR_HAS(T, p, m) ((p)->struct_size >= offsetof(T, m) + sizeof((p)->m) && (p)->m)

#define MR_ABI_MAJOR 1u
#define MR_ABI_MINOR 0u

// ---------------------------------------------------------------------------------------------
// Status codes. Zero and above: the call worked. Below: it failed, and the hundreds say what the
// host does, so that a newer plugin may use codes that an older host has never heard of.
// ---------------------------------------------------------------------------------------------
typedef int32_t mr_rc;

#define MR_OK 0
#define MR_MORE 1     ///< There is more at once: call again.
#define MR_PENDING 2  ///< Not done yet; `mr_host.complete` will say when.
#define MR_IDLE 3     ///< Nothing now; call again at the deadline or after `mr_host.wake`.
#define MR_END 4      ///< There will never be more.

#define MR_E_RETRIABLE (-100)  ///< Close, wait (`retry_after_ms` or a back-off), open again.
#define MR_E_RECORD (-200)     ///< This record is bad: it goes to `.errors`, the rest goes on.
#define MR_E_CONFIG (-300)     ///< The configuration cannot work: refuse to start.
#define MR_E_FATAL (-400)      ///< Stop the pipeline.
#define MR_E_EXCEPTION (-401)  ///< An exception reached the border (fatal).
#define MR_E_NO_MEMORY (-402)  ///< Out of memory (fatal).
#define MR_E_CONTRACT (-500)  ///< One side broke this contract: stop the pipeline, name the plugin.
#define MR_E_CANCELLED (-600)  ///< The host asked to stop.
#define MR_E_FENCED (-601)     ///< A newer instance took over: stop, write nothing.

/// -401 -> -400. Codes between -1 and -99 have no class and count as fatal.
#define MR_RC_CLASS(rc) ((rc) / 100 * 100)

// ---------------------------------------------------------------------------------------------
// Threads. Every slot's comment ends with one of these words.
//
//   [control]  lifecycle calls of one instance
//   [data]     calls that move records of one instance
//   [any]      from any thread, at any time between create and destroy; must not block
//
//                 | [control] same instance | [data] same instance | [any] | another instance
//   [control]     | never overlap           | never overlap        | may   | may
//   [data]        | never overlap           | never overlap        | may   | may
//   [any]         | may                     | may                  | may   | may
//
// Calls of one instance may move between OS threads from one call to the next. Different
// instances of one component run at the same time: no unguarded globals. A plugin's own threads
// may call [any] functions of the host only, and must be joined when `close` returns.
// ---------------------------------------------------------------------------------------------

typedef struct mr_ctx mr_ctx;    ///< The host's view of one instance; opaque to the plugin.
typedef struct mr_self mr_self;  ///< The plugin's instance; opaque to the host.

/// All `*_us` are microseconds since 1970-01-01 UTC; finer input is floored.
#define MR_TIME_NONE INT64_MIN
#define MR_NULL_LEN 0xFFFFFFFFu
#define MR_NO_ORIGIN 0xFFFFFFFFu

// ---------------------------------------------------------------------------------------------
// Bytes (FROZEN)
// ---------------------------------------------------------------------------------------------

/// Bytes, UTF-8 where they are text, not terminated. `ptr` NULL = null. Lent until the call
/// returns.
typedef struct mr_str {
  const char* ptr;
  uint64_t len;
} mr_str;

/// A piece of an arena. `len` MR_NULL_LEN = null (a tombstone); `off` is then ignored.
typedef struct mr_span {
  uint32_t off, len;
} mr_span;

typedef struct mr_header {
  mr_span name, value;
} mr_header;

typedef struct mr_pair {
  mr_str name, value;
} mr_pair;

/// One arena of at most 4 GiB and one span per record. `spans` NULL = every record has null here.
typedef struct mr_bytes_col {
  const uint8_t* base;
  uint64_t size;
  const mr_span* spans;
} mr_bytes_col;

/// Why a call failed. Memory of the caller: write at most `msg_cap` bytes of UTF-8 to `msg`, set
/// `msg_len`. The text is for people and never holds a secret.
typedef struct mr_err {
  uint32_t struct_size;
  mr_rc rc;
  uint32_t retry_after_ms;  ///< For retriable errors; 0 = the host decides.
  uint32_t msg_cap, msg_len, reserved;
  char* msg;
} mr_err;

// ---------------------------------------------------------------------------------------------
// Batches (APPENDABLE)
// ---------------------------------------------------------------------------------------------

/// Values are JSON objects whose strings are PostgreSQL text input of the declared type and whose
/// nulls are NULL: how CSV and other untyped formats travel.
#define MR_BATCH_TEXT_CELLS 1u

/// A sealed, immutable batch. Lent until the call returns; keep it with `retain`. Arenas are
/// 64-byte aligned with 64 readable bytes behind the end (for SIMD parsers). A filter shares the
/// arenas and brings new spans; a rewrite replaces only `value`.
typedef struct mr_batch {
  uint32_t struct_size;
  uint32_t flags;  ///< MR_BATCH_*
  uint32_t count, source_id;
  mr_bytes_col key, value;
  const int64_t* time_us;        ///< Event time, MR_TIME_NONE = none; or NULL.
  mr_bytes_col header_bytes;     ///< `spans` is NULL: headers have their own.
  const uint32_t* header_first;  ///< count + 1 indices into `headers`; or NULL: no headers.
  const mr_header* headers;
  const uint32_t* partition;  ///< Or NULL: all 0.
  const uint64_t* position;   ///< Source position; NULL after repartitioning.
  const uint32_t* origin;     ///< Index of the input record, or MR_NO_ORIGIN; NULL: unknown.
  mr_str pipeline;            ///< Outbox tag of a sink's batch, with the two below.
  uint64_t epoch, first_row;  ///< `epoch` 0 elsewhere.
  void* owner;                ///< Of whoever made the batch.
  /// [any]
  MR_F(void, retain, const struct mr_batch* batch);
  /// The last one frees. [any]
  MR_F(void, release, const struct mr_batch* batch);
} mr_batch;

// ---------------------------------------------------------------------------------------------
// Output: where a call puts its results, in the order of the calls (APPENDABLE)
// ---------------------------------------------------------------------------------------------

/// Columns of a room besides value_spans. What nobody asks for costs nothing.
#define MR_COL_KEY 0x01u        ///< Without it: null keys.
#define MR_COL_HEADERS 0x02u    ///< Without it: no headers.
#define MR_COL_TIME 0x04u       ///< Without it: MR_TIME_NONE.
#define MR_COL_PARTITION 0x08u  ///< Without it: 0.
#define MR_COL_POSITION 0x10u   ///< Without it: 0.
#define MR_COL_ORIGIN 0x20u     ///< Processors. Without it: unknown.
#define MR_COL_DEDUPE 0x40u     ///< Sources: the host's duplicate filter is asked.

/// How much room `mr_out.reserve` shall lend.
typedef struct mr_need {
  uint32_t struct_size;
  uint32_t records;
  uint32_t columns;      ///< MR_COL_*
  uint32_t headers;      ///< With MR_COL_HEADERS.
  uint32_t batch_flags;  ///< MR_BATCH_* of the records to be written.
  uint32_t reserved;
  uint64_t key_bytes;  ///< With MR_COL_KEY.
  uint64_t value_bytes;
  uint64_t header_bytes;  ///< With MR_COL_HEADERS.
} mr_need;

/// Host memory lent for writing until the next call on the same mr_out, or the end of the call.
/// Columns that were not asked for are NULL; the plugin fills the first n records of all others,
/// then calls `commit(n)`. Spans count from the start of the room. Not zero-filled.
typedef struct mr_room {
  uint32_t struct_size, records;
  uint8_t* key;
  mr_span* key_spans;
  uint8_t* value;
  mr_span* value_spans;
  uint8_t* header_bytes;
  uint32_t* header_first;  ///< records + 1 entries: 0, then where the headers of each record end.
  mr_header* headers;
  int64_t* time_us;
  uint32_t* partition;
  uint64_t* position;
  uint32_t* origin;
  uint64_t* dedupe_hash;    ///< 0 = do not ask for this record.
  int64_t* dedupe_time_us;  ///< Or MR_TIME_NONE.
  uint32_t* dedupe_group;
} mr_room;

/// A known loss. Goes to the source's `.gaps`.
typedef struct mr_gap {
  uint32_t struct_size, partition;
  int64_t from_us, to_us;
  uint64_t from_position, to_position;
  uint32_t estimated;  ///< 0 or 1: the bounds are a guess.
  uint32_t reserved;
  mr_str reason;
} mr_gap;

typedef struct mr_out {
  uint32_t struct_size, reserved;
  void* self;
  /// The whole batch as it is. [data]
  MR_F(mr_rc, pass, struct mr_out* out, const mr_batch* in);
  /// Some records of it; `idx` strictly increasing. No payload is copied. [data]
  MR_F(mr_rc, select, struct mr_out* out, const mr_batch* in, const uint32_t* idx, uint32_t n);
  /// Room for new records. Takes back what was not committed of the last room. [data]
  MR_F(mr_rc, reserve, struct mr_out* out, const mr_need* need, mr_room* room);
  /// Room for new values of `in`; its other columns are shared. The record i of the room is the
  /// record i of `in`. MR_BATCH_TEXT_CELLS is not inherited. [data]
  MR_F(mr_rc, reserve_value, struct mr_out* out, const mr_batch* in, uint64_t value_bytes,
       mr_room* room);
  /// The first `n` records of the room are filled. Spans outside of the room: MR_E_CONTRACT. [data]
  MR_F(mr_rc, commit, struct mr_out* out, uint32_t n);
  /// A batch of the plugin's own: takes over one reference, also when it is refused. Its arenas
  /// keep the promises of mr_batch; `release` may come from any thread. [data]
  MR_F(mr_rc, donate, struct mr_out* out, mr_batch* batch);
  /// One record of `in` goes to `.errors`. arrow/1: `in` NULL, `index` is the row. [data]
  MR_F(mr_rc, reject, struct mr_out* out, const mr_batch* in, uint32_t index, mr_rc rc, mr_str why);
  /// Sources: bytes that never became a record go to `.errors`. [data]
  MR_F(mr_rc, reject_bytes, struct mr_out* out, uint32_t partition, uint64_t position,
       int64_t time_us, mr_str bytes, mr_rc rc, mr_str why);
  /// Sources: a known loss. [data]
  MR_F(mr_rc, gap, struct mr_out* out, const mr_gap* gap);
} mr_out;

/// Collects bytes for the commit. The host copies them.
typedef struct mr_buf {
  uint32_t struct_size, reserved;
  void* self;
  /// [data]; for a PENDING prepare also [any], until `complete`.
  MR_F(mr_rc, append, struct mr_buf* buf, mr_str bytes);
} mr_buf;

// ---------------------------------------------------------------------------------------------
// What the host offers (APPENDABLE)
// ---------------------------------------------------------------------------------------------
#define MR_LOG_ERROR 1u
#define MR_LOG_WARN 2u
#define MR_LOG_INFO 3u
#define MR_LOG_DEBUG 4u

#define MR_COUNTER 1u
#define MR_GAUGE 2u

typedef struct mr_host {
  uint32_t struct_size, abi_minor;
  const char *name, *version;
  /// One line, without secrets. [any]
  MR_F(void, log, mr_ctx* ctx, uint32_t level, mr_str text);
  /// The most talkative level that is heard: skip the formatting of others. [any]
  MR_F(uint32_t, log_level, mr_ctx* ctx);
  /// Declares a metric, returns its number; the same name gives the same number. [control]
  MR_F(uint32_t, metric, mr_ctx* ctx, uint32_t kind, mr_str name, mr_str help);
  /// Counters: adds. Gauges: sets. Once per batch, not per record. [any]
  MR_F(void, metric_add, mr_ctx* ctx, uint32_t metric, double value);
  /// 1 = the host wants the current call to return soon. [any]
  MR_F(uint32_t, cancelled, mr_ctx* ctx);
  /// "Poll me again": ends the pause after MR_IDLE. [any]
  MR_F(void, wake, mr_ctx* ctx);
  /// Ends a PENDING prepare: `rc` as prepare would have returned it, and why. [any]
  MR_F(void, complete, mr_ctx* ctx, uint64_t token, mr_rc rc, mr_str why);
  /// The table of an extension such as "millrace.json/1", constant for the life of the process;
  /// NULL = unknown. [any]
  MR_F(const void*, extension, mr_ctx* ctx, const char* id);
} mr_host;

// ---------------------------------------------------------------------------------------------
// Lifecycle, in order: create, open, [data] calls, cancel, close, destroy. After close, open may
// come again (retriable errors). Restart after an aborted commit: destroy, create, open with the
// last snapshot, which is also what happens after a crash. (APPENDABLE)
// ---------------------------------------------------------------------------------------------
#define MR_OPEN_FRESH 1u      ///< Forget what was before.
#define MR_OPEN_UNTIL_END 2u  ///< Fix a target now, answer MR_END when it is reached.

typedef struct mr_open {
  uint32_t struct_size, flags;
  mr_str restored_state;  ///< The snapshot of `last_epoch`, byte for byte; null = none.
  uint64_t last_epoch;    ///< The last successful commit; 0 = none yet.
} mr_open;

#define MR_REPLAY_NONE 0u
#define MR_REPLAY_WINDOW 1u  ///< Positions can be replayed for some time.
#define MR_REPLAY_EXACT 2u   ///< Any position, always the same records.

typedef struct mr_traits {
  uint32_t struct_size;
  uint32_t bounded;  ///< 1 = ends by nature.
  uint32_t replay;   ///< MR_REPLAY_*
  uint32_t reserved;
} mr_traits;

typedef struct mr_lifecycle {
  uint32_t struct_size, reserved;
  /// Optional. Finds faults that the schema cannot; no side effects. [control]
  MR_F(mr_rc, validate, const mr_host* host, mr_ctx* ctx, mr_str config, mr_err* err);
  /// `config`: JSON text, checked against the schema, defaults filled, secrets resolved. Cheap: no
  /// I/O. `host` and `ctx` are valid until destroy returns. [control]
  MR_F(mr_rc, create, const mr_host* host, mr_ctx* ctx, mr_str config, mr_self** self, mr_err* err);
  /// Optional, sources: as configured. [control]
  MR_F(mr_rc, traits, mr_self* self, mr_traits* traits);
  /// May block, but not after `cancel`. [control]
  MR_F(mr_rc, open, mr_self* self, const mr_open* how, mr_err* err);
  /// Optional. Wakes a blocked call, which then returns MR_E_CANCELLED soon. [any]
  MR_F(void, cancel, mr_self* self);
  /// Joins every thread that the plugin made; also after a failed open. [control]
  MR_F(mr_rc, close, mr_self* self, mr_err* err);
  /// [control]
  MR_F(void, destroy, mr_self* self);
  /// Optional. The plugin's side of an extension; NULL = not offered. [any]
  MR_F(const void*, extension, mr_self* self, const char* id);
} mr_lifecycle;

// ---------------------------------------------------------------------------------------------
// Roles (APPENDABLE)
// ---------------------------------------------------------------------------------------------

/// How much one poll may return.
typedef struct mr_budget {
  uint32_t struct_size, max_records;
  uint64_t max_bytes;
  int64_t deadline_us;         ///< CLOCK_MONOTONIC: return by then, with MR_IDLE if need be.
  const uint32_t* partitions;  ///< Those that have credit; NULL = all.
  uint32_t partition_count, reserved;
} mr_budget;

/// Commit `epoch` is durable, with these positions.
typedef struct mr_ack {
  uint32_t struct_size, count;
  uint64_t epoch;
  const uint32_t* partition;
  const uint64_t* position;
} mr_ack;

typedef struct mr_source {
  uint32_t struct_size, reserved;
  /// Answers OK, MORE, IDLE or END. Records only from partitions with credit, never more than the
  /// budget (one record larger than `max_bytes` is allowed). Records put out before a failure count
  /// as returned. [data]
  MR_F(mr_rc, poll, mr_self* self, const mr_budget* budget, mr_out* out, mr_err* err);
  /// Where to resume: after the last record that poll returned, never what was acked. [data]
  MR_F(mr_rc, snapshot, mr_self* self, uint64_t epoch, mr_buf* buf, mr_err* err);
  /// Optional: commit done, upstream may forget. [data]
  MR_F(mr_rc, ack, mr_self* self, const mr_ack* ack, mr_err* err);
  /// Optional: the next record of `partition` is the first after `position`. [data]
  MR_F(mr_rc, seek, mr_self* self, uint32_t partition, uint64_t position, mr_err* err);
} mr_source;

typedef struct mr_processor {
  uint32_t struct_size, reserved;
  /// Sets `consumed`, how many records of `in` are done. MORE: call again with the rest, which is
  /// `in` from `consumed` on, as a batch of its own. OK: all of it. [data]
  MR_F(mr_rc, process, mr_self* self, const mr_batch* in, uint32_t* consumed, mr_out* out,
       mr_err* err);
  /// Optional: no record before `w_us` will come, except late ones. [data]
  MR_F(mr_rc, watermark, mr_self* self, int64_t w_us, mr_out* out, mr_err* err);
  /// Optional: state of its own. [data]
  MR_F(mr_rc, snapshot, mr_self* self, uint64_t epoch, mr_buf* buf, mr_err* err);
} mr_processor;

typedef struct mr_sink {
  uint32_t struct_size, reserved;
  /// May buffer, if there is a `prepare`. `rejects` takes reject() only. [data]
  MR_F(mr_rc, write, mr_self* self, const mr_batch* rows, mr_out* rejects, mr_err* err);
  /// Optional: makes all rows written so far safe and appends what the commit must record (a name,
  /// a length). PENDING: `complete(token)` comes later; `buf` stays valid until then, and rows of
  /// the next epoch may be written meanwhile. Absent: rows are safe when write returns. [data]
  MR_F(mr_rc, prepare, mr_self* self, uint64_t epoch, uint64_t token, mr_buf* buf, mr_err* err);
  /// Optional: the commit holds; make the rows visible. Idempotent. [data]
  MR_F(mr_rc, commit, mr_self* self, uint64_t epoch, mr_err* err);
  /// Optional: the commit failed; drop the rows. Idempotent. [data]
  MR_F(mr_rc, abort, mr_self* self, uint64_t epoch, mr_err* err);
} mr_sink;

// ---------------------------------------------------------------------------------------------
// The module: constant data, found through the only export (APPENDABLE)
// ---------------------------------------------------------------------------------------------
#define MR_SOURCE 1u
#define MR_PROCESSOR 2u
#define MR_SINK 3u

#define MR_CAP_STATELESS 0x01u  ///< Processor: one instance per lane. Without it: one, in order.
/// Sinks: how they can be exact. None of these four = at least once at best.
#define MR_CAP_IDEMPOTENT 0x10u    ///< Writing a row twice changes nothing.
#define MR_CAP_TWO_PHASE 0x20u     ///< prepare before the commit, commit after it.
#define MR_CAP_IN_COMMIT 0x40u     ///< Rows ride in the host's own transaction (txn/1).
#define MR_CAP_EPOCH_MARKED 0x80u  ///< Stores the epoch beside the rows (epoch_sink/1).

#define MR_STATUS_UNSTATED 0u
#define MR_STATUS_STABLE 1u
#define MR_STATUS_BETA 2u
#define MR_STATUS_DRAFT 3u

#define MR_TRUST_UNSTATED 0u
#define MR_TRUST_UNTRUSTED_INPUT 1u  ///< Written and tested for hostile input.
#define MR_TRUST_OWN_INPUT 2u        ///< Only for input that its user controls.

typedef struct mr_component {
  uint32_t struct_size;
  uint32_t kind;        ///< MR_SOURCE, MR_PROCESSOR or MR_SINK.
  const char* id;       ///< Reverse domain name, "org.example.thing"; users write the last label.
  const char* version;  ///< Semantic version, "1.2.0".
  const char* title;    ///< A few words.
  const char* doc;      ///< One or more sentences.
  const char* license;  ///< SPDX.
  const char* url;      ///< May be NULL.
  /// JSON Schema draft-07 of `config`, without oneOf; plus "x-secret", "x-unit", "x-advanced".
  const char* config_schema;
  uint64_t caps;           ///< MR_CAP_*
  uint32_t status, trust;  ///< MR_STATUS_*, MR_TRUST_*
  const mr_lifecycle* life;
  const void* ops;  ///< mr_source, mr_processor or mr_sink, by kind.
} mr_component;

typedef struct mr_module {
  uint32_t struct_size;
  uint32_t abi_minor;         ///< MR_ABI_MINOR of the header that the plugin was built with.
  uint32_t needs_host_minor;  ///< The oldest host that will do.
  uint32_t count;
  const mr_component* const* components;  ///< Pointers, because elements may grow.
  const char* build;                      ///< Free text: compiler, date, commit. May be NULL.
} mr_module;

/// The only export. A function, because not every language can export data. [any]
MR_EXPORT const mr_module* millrace_module_v1(void) MR_NX;
#define MR_ENTRY_SYMBOL "millrace_module_v1"

/// Sizes in 1.0 (64-bit). What is smaller is broken or older than v1.
#define MR_BATCH_MIN_SIZE 192u
#define MR_OUT_MIN_SIZE 88u
#define MR_HOST_MIN_SIZE 88u
#define MR_LIFECYCLE_MIN_SIZE 72u
#define MR_SOURCE_MIN_SIZE 40u
#define MR_PROCESSOR_MIN_SIZE 32u
#define MR_SINK_MIN_SIZE 40u
#define MR_COMPONENT_MIN_SIZE 96u
#define MR_MODULE_MIN_SIZE 32u

#ifdef __cplusplus
}
#endif
#endif  // MILLRACE_ABI_H
