/// The layout of every ABI struct, checked at compile time. A failing line here is a broken border:
/// every plugin ever built would read the wrong bytes. Grow a struct at its tail and add lines;
/// never edit one. Valid for all 64-bit platforms that Millrace supports.
#ifndef MILLRACE_ABI_LAYOUT_H
#define MILLRACE_ABI_LAYOUT_H

#include <assert.h>
#include <millrace/abi.h>
#include <millrace/ext/arrow.h>
#include <millrace/ext/epoch_sink.h>
#include <millrace/ext/event_times.h>
#include <millrace/ext/json.h>
#include <millrace/ext/partitions.h>
#include <millrace/ext/txn.h>

static_assert(sizeof(void*) == 8 && sizeof(void (*)(void)) == 8,
              "Millrace is for 64-bit platforms");

#define MR_SIZE(T, size) static_assert(sizeof(T) == (size), "size of " #T)
#define MR_AT(T, member, at) static_assert(offsetof(T, member) == (at), #T "." #member)
/// Sizes of 1.0 never grow, whatever is appended later.
#define MR_MIN(T, size) static_assert(sizeof(T) >= (size), "minimum size of " #T)

MR_SIZE(mr_str, 16);
MR_AT(mr_str, ptr, 0);
MR_AT(mr_str, len, 8);

MR_SIZE(mr_span, 8);
MR_AT(mr_span, off, 0);
MR_AT(mr_span, len, 4);

MR_SIZE(mr_header, 16);
MR_AT(mr_header, name, 0);
MR_AT(mr_header, value, 8);

MR_SIZE(mr_pair, 32);
MR_AT(mr_pair, name, 0);
MR_AT(mr_pair, value, 16);

MR_SIZE(mr_bytes_col, 24);
MR_AT(mr_bytes_col, base, 0);
MR_AT(mr_bytes_col, size, 8);
MR_AT(mr_bytes_col, spans, 16);

MR_SIZE(mr_err, 32);
MR_AT(mr_err, struct_size, 0);
MR_AT(mr_err, rc, 4);
MR_AT(mr_err, retry_after_ms, 8);
MR_AT(mr_err, msg_cap, 12);
MR_AT(mr_err, msg_len, 16);
MR_AT(mr_err, reserved, 20);
MR_AT(mr_err, msg, 24);

MR_SIZE(mr_batch, 192);
MR_AT(mr_batch, struct_size, 0);
MR_AT(mr_batch, flags, 4);
MR_AT(mr_batch, count, 8);
MR_AT(mr_batch, source_id, 12);
MR_AT(mr_batch, key, 16);
MR_AT(mr_batch, value, 40);
MR_AT(mr_batch, time_us, 64);
MR_AT(mr_batch, header_bytes, 72);
MR_AT(mr_batch, header_first, 96);
MR_AT(mr_batch, headers, 104);
MR_AT(mr_batch, partition, 112);
MR_AT(mr_batch, position, 120);
MR_AT(mr_batch, origin, 128);
MR_AT(mr_batch, pipeline, 136);
MR_AT(mr_batch, epoch, 152);
MR_AT(mr_batch, first_row, 160);
MR_AT(mr_batch, owner, 168);
MR_AT(mr_batch, retain, 176);
MR_AT(mr_batch, release, 184);

MR_SIZE(mr_need, 48);
MR_AT(mr_need, struct_size, 0);
MR_AT(mr_need, records, 4);
MR_AT(mr_need, columns, 8);
MR_AT(mr_need, headers, 12);
MR_AT(mr_need, batch_flags, 16);
MR_AT(mr_need, reserved, 20);
MR_AT(mr_need, key_bytes, 24);
MR_AT(mr_need, value_bytes, 32);
MR_AT(mr_need, header_bytes, 40);

MR_SIZE(mr_room, 120);
MR_AT(mr_room, struct_size, 0);
MR_AT(mr_room, records, 4);
MR_AT(mr_room, key, 8);
MR_AT(mr_room, key_spans, 16);
MR_AT(mr_room, value, 24);
MR_AT(mr_room, value_spans, 32);
MR_AT(mr_room, header_bytes, 40);
MR_AT(mr_room, header_first, 48);
MR_AT(mr_room, headers, 56);
MR_AT(mr_room, time_us, 64);
MR_AT(mr_room, partition, 72);
MR_AT(mr_room, position, 80);
MR_AT(mr_room, origin, 88);
MR_AT(mr_room, dedupe_hash, 96);
MR_AT(mr_room, dedupe_time_us, 104);
MR_AT(mr_room, dedupe_group, 112);

MR_SIZE(mr_gap, 64);
MR_AT(mr_gap, struct_size, 0);
MR_AT(mr_gap, partition, 4);
MR_AT(mr_gap, from_us, 8);
MR_AT(mr_gap, to_us, 16);
MR_AT(mr_gap, from_position, 24);
MR_AT(mr_gap, to_position, 32);
MR_AT(mr_gap, estimated, 40);
MR_AT(mr_gap, reserved, 44);
MR_AT(mr_gap, reason, 48);

MR_SIZE(mr_out, 88);
MR_AT(mr_out, struct_size, 0);
MR_AT(mr_out, reserved, 4);
MR_AT(mr_out, self, 8);
MR_AT(mr_out, pass, 16);
MR_AT(mr_out, select, 24);
MR_AT(mr_out, reserve, 32);
MR_AT(mr_out, reserve_value, 40);
MR_AT(mr_out, commit, 48);
MR_AT(mr_out, donate, 56);
MR_AT(mr_out, reject, 64);
MR_AT(mr_out, reject_bytes, 72);
MR_AT(mr_out, gap, 80);

MR_SIZE(mr_buf, 24);
MR_AT(mr_buf, struct_size, 0);
MR_AT(mr_buf, reserved, 4);
MR_AT(mr_buf, self, 8);
MR_AT(mr_buf, append, 16);

MR_SIZE(mr_host, 88);
MR_AT(mr_host, struct_size, 0);
MR_AT(mr_host, abi_minor, 4);
MR_AT(mr_host, name, 8);
MR_AT(mr_host, version, 16);
MR_AT(mr_host, log, 24);
MR_AT(mr_host, log_level, 32);
MR_AT(mr_host, metric, 40);
MR_AT(mr_host, metric_add, 48);
MR_AT(mr_host, cancelled, 56);
MR_AT(mr_host, wake, 64);
MR_AT(mr_host, complete, 72);
MR_AT(mr_host, extension, 80);

MR_SIZE(mr_open, 32);
MR_AT(mr_open, struct_size, 0);
MR_AT(mr_open, flags, 4);
MR_AT(mr_open, restored_state, 8);
MR_AT(mr_open, last_epoch, 24);

MR_SIZE(mr_traits, 16);
MR_AT(mr_traits, struct_size, 0);
MR_AT(mr_traits, bounded, 4);
MR_AT(mr_traits, replay, 8);
MR_AT(mr_traits, reserved, 12);

MR_SIZE(mr_lifecycle, 72);
MR_AT(mr_lifecycle, struct_size, 0);
MR_AT(mr_lifecycle, reserved, 4);
MR_AT(mr_lifecycle, validate, 8);
MR_AT(mr_lifecycle, create, 16);
MR_AT(mr_lifecycle, traits, 24);
MR_AT(mr_lifecycle, open, 32);
MR_AT(mr_lifecycle, cancel, 40);
MR_AT(mr_lifecycle, close, 48);
MR_AT(mr_lifecycle, destroy, 56);
MR_AT(mr_lifecycle, extension, 64);

MR_SIZE(mr_budget, 40);
MR_AT(mr_budget, struct_size, 0);
MR_AT(mr_budget, max_records, 4);
MR_AT(mr_budget, max_bytes, 8);
MR_AT(mr_budget, deadline_us, 16);
MR_AT(mr_budget, partitions, 24);
MR_AT(mr_budget, partition_count, 32);
MR_AT(mr_budget, reserved, 36);

MR_SIZE(mr_ack, 32);
MR_AT(mr_ack, struct_size, 0);
MR_AT(mr_ack, count, 4);
MR_AT(mr_ack, epoch, 8);
MR_AT(mr_ack, partition, 16);
MR_AT(mr_ack, position, 24);

MR_SIZE(mr_source, 40);
MR_AT(mr_source, struct_size, 0);
MR_AT(mr_source, reserved, 4);
MR_AT(mr_source, poll, 8);
MR_AT(mr_source, snapshot, 16);
MR_AT(mr_source, ack, 24);
MR_AT(mr_source, seek, 32);

MR_SIZE(mr_processor, 32);
MR_AT(mr_processor, struct_size, 0);
MR_AT(mr_processor, reserved, 4);
MR_AT(mr_processor, process, 8);
MR_AT(mr_processor, watermark, 16);
MR_AT(mr_processor, snapshot, 24);

MR_SIZE(mr_sink, 40);
MR_AT(mr_sink, struct_size, 0);
MR_AT(mr_sink, reserved, 4);
MR_AT(mr_sink, write, 8);
MR_AT(mr_sink, prepare, 16);
MR_AT(mr_sink, commit, 24);
MR_AT(mr_sink, abort, 32);

MR_SIZE(mr_component, 96);
MR_AT(mr_component, struct_size, 0);
MR_AT(mr_component, kind, 4);
MR_AT(mr_component, id, 8);
MR_AT(mr_component, version, 16);
MR_AT(mr_component, title, 24);
MR_AT(mr_component, doc, 32);
MR_AT(mr_component, license, 40);
MR_AT(mr_component, url, 48);
MR_AT(mr_component, config_schema, 56);
MR_AT(mr_component, caps, 64);
MR_AT(mr_component, status, 72);
MR_AT(mr_component, trust, 76);
MR_AT(mr_component, life, 80);
MR_AT(mr_component, ops, 88);

MR_SIZE(mr_module, 32);
MR_AT(mr_module, struct_size, 0);
MR_AT(mr_module, abi_minor, 4);
MR_AT(mr_module, needs_host_minor, 8);
MR_AT(mr_module, count, 12);
MR_AT(mr_module, components, 16);
MR_AT(mr_module, build, 24);

MR_SIZE(mr_json_v1, 72);
MR_AT(mr_json_v1, struct_size, 0);
MR_AT(mr_json_v1, reserved, 4);
MR_AT(mr_json_v1, parse, 8);
MR_AT(mr_json_v1, at, 16);
MR_AT(mr_json_v1, type, 24);
MR_AT(mr_json_v1, str, 32);
MR_AT(mr_json_v1, i64, 40);
MR_AT(mr_json_v1, f64, 48);
MR_AT(mr_json_v1, iterate, 56);
MR_AT(mr_json_v1, free, 64);

MR_SIZE(mr_partitions_v1, 40);
MR_AT(mr_partitions_v1, struct_size, 0);
MR_AT(mr_partitions_v1, reserved, 4);
MR_AT(mr_partitions_v1, assigned, 8);
MR_AT(mr_partitions_v1, at_end, 16);
MR_AT(mr_partitions_v1, revoking, 24);
MR_AT(mr_partitions_v1, watermark, 32);

MR_SIZE(mr_event_times_v1, 16);
MR_AT(mr_event_times_v1, struct_size, 0);
MR_AT(mr_event_times_v1, reserved, 4);
MR_AT(mr_event_times_v1, read, 8);

MR_SIZE(mr_txn_v1, 16);
MR_AT(mr_txn_v1, struct_size, 0);
MR_AT(mr_txn_v1, reserved, 4);
MR_AT(mr_txn_v1, produce, 8);

MR_SIZE(mr_epoch_sink_v1, 24);
MR_AT(mr_epoch_sink_v1, struct_size, 0);
MR_AT(mr_epoch_sink_v1, reserved, 4);
MR_AT(mr_epoch_sink_v1, last_epoch, 8);
MR_AT(mr_epoch_sink_v1, write_epoch, 16);

MR_SIZE(mr_arrow_v1, 24);
MR_AT(mr_arrow_v1, struct_size, 0);
MR_AT(mr_arrow_v1, reserved, 4);
MR_AT(mr_arrow_v1, bind, 8);
MR_AT(mr_arrow_v1, write, 16);

MR_MIN(mr_batch, MR_BATCH_MIN_SIZE);
MR_MIN(mr_out, MR_OUT_MIN_SIZE);
MR_MIN(mr_host, MR_HOST_MIN_SIZE);
MR_MIN(mr_lifecycle, MR_LIFECYCLE_MIN_SIZE);
MR_MIN(mr_source, MR_SOURCE_MIN_SIZE);
MR_MIN(mr_processor, MR_PROCESSOR_MIN_SIZE);
MR_MIN(mr_sink, MR_SINK_MIN_SIZE);
MR_MIN(mr_component, MR_COMPONENT_MIN_SIZE);
MR_MIN(mr_module, MR_MODULE_MIN_SIZE);
MR_MIN(mr_json_v1, MR_JSON_V1_MIN_SIZE);
MR_MIN(mr_partitions_v1, MR_PARTITIONS_V1_MIN_SIZE);
MR_MIN(mr_event_times_v1, MR_EVENT_TIMES_V1_MIN_SIZE);
MR_MIN(mr_txn_v1, MR_TXN_V1_MIN_SIZE);
MR_MIN(mr_epoch_sink_v1, MR_EPOCH_SINK_V1_MIN_SIZE);
MR_MIN(mr_arrow_v1, MR_ARROW_V1_MIN_SIZE);

#undef MR_SIZE
#undef MR_AT
#undef MR_MIN

#endif  // MILLRACE_ABI_LAYOUT_H
