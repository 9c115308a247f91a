#pragma once

/// How the host itself makes batches; only core/record includes this. A host batch owns blocks, or
/// shares those of a parent that it keeps alive, or both (a rewrite).

#include <array>
#include <atomic>
#include <span>

#include "record/arena.h"
#include "record/batch.h"

namespace millrace {

/// The per-record columns of one batch, cut from one block.
struct RecordColumns {
  static uint64_t bytes_for(uint64_t records) { return records * 44 + 4; }
  RecordColumns() = default;
  RecordColumns(uint8_t* block, uint64_t records);

  mr_span* value_spans = nullptr;
  mr_span* key_spans = nullptr;
  int64_t* time_us = nullptr;
  uint64_t* position = nullptr;
  uint32_t* partition = nullptr;
  uint32_t* origin = nullptr;
  uint32_t* header_first = nullptr;  ///< records + 1.
};

struct HostBatch {
  /// With the columns of `like` (zeroed: none); whoever shares them sets `parent`.
  explicit HostBatch(const mr_batch& like);
  mr_batch abi;
  std::atomic<uint32_t> references{1};
  BatchRef parent;
  Block columns, value, key, header_bytes, headers;

  /// The host batch behind `batch`, or null for a plugin's own.
  static const HostBatch* of(const mr_batch& batch);
  bool owns_arena() const { return value || key || header_bytes; }
};

/// A new batch of the records `indices` (valid, any order) that shares the arenas of `in`; its
/// origin is indices + `origin_base`. Null when out of memory.
BatchRef gather(const mr_batch& in, std::span<const uint32_t> indices, uint32_t origin_base);

/// A sentence about what is wrong with a batch from outside, or null.
const char* fault_of(const mr_batch& batch);

/// Same for one column of spans over an arena of `size` bytes.
bool spans_inside(const mr_span* spans, uint64_t count, uint64_t size);

}  // namespace millrace
