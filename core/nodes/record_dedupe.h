#pragma once

/// `dedupe_key` of a source whose plugin does not tell repeats itself (sources.md P4): what the
/// host's duplicate filter is asked about each record. Threads: the one that polls the source.

#include <memory>
#include <string>
#include <vector>

#include "columns/json_decode.h"
#include "columns/json_encode.h"
#include "nodes/event_times.h"
#include "record/batch.h"

namespace millrace {

struct RecordDedupePlan {
  std::vector<WantedField> key;
  EventTimePlan time;
};

class RecordDedupe {
 public:
  explicit RecordDedupe(RecordDedupePlan plan);
  RecordDedupe(const RecordDedupe&) = delete;

  /// By record of `batch`: a hash of its key's values, its event time, its partition. The hash is
  /// 0, so that nobody asks, where a value is NULL or of another type, or the time of no use.
  /// Valid until the next call.
  const DedupeColumns& read(const BatchRef& batch, int64_t arrival_us);

 private:
  int64_t time_of(const BatchRef& batch, uint32_t record, int64_t arrival_us);
  uint64_t hash_of(uint32_t record);

  const RecordDedupePlan plan_;
  EventTimes times_;
  std::unique_ptr<JsonDecoder> decoder_;
  std::vector<Column> columns_;  ///< The key's, then the time if it is a field.
  std::vector<const Column*> key_;
  std::vector<std::string_view> values_;
  std::vector<BrokenValue> broken_;
  ByteBuffer text_;
  DedupeColumns out_;
};

}  // namespace millrace
