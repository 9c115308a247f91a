#pragma once

/// The nodes of a task's graph and the chunk that travels through it. Every node works in two
/// steps. `prepare` is a pure function of the chunk (decode, filter, select, keys): chunks are
/// prepared in parallel and in any order. `apply` changes state (watermark, windows, counters,
/// sinks): it runs in the one order of the task, on one thread at a time. So the number of lanes
/// cannot show in the output.
/// Nodes behind a stateful one prepare inside the ordered step: `parallel()` is false.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "columns/schema.h"
#include "config/pipeline_config.h"
#include "functions/row_errors.h"
#include "nodes/counters.h"
#include "nodes/rows.h"
#include "record/batch.h"
#include "window/duplicate_filter.h"
#include "window/partition_watermarks.h"

namespace millrace {

class CommitLog;
class JsonValue;
struct Commit;

/// Where rows leave a node. kVersions: a table's changes as a join as of event time needs them,
/// with the fields of kMain.
enum class Port : uint8_t { kMain, kLate, kErrors, kGaps, kVersions };
inline constexpr size_t kPorts = 5;

/// One T for each port.
template <class T>
class PerPort {
 public:
  T& operator[](Port port) { return of_[static_cast<size_t>(port)]; }
  const T& operator[](Port port) const { return of_[static_cast<size_t>(port)]; }

 private:
  T of_[kPorts];
};

/// What leaves a port.
struct Shape {
  Schema schema;         ///< Visible fields first, then hidden ones such as "event_time()".
  uint32_t visible = 0;  ///< Fields that rows are written with.
  std::vector<std::string> omitted_when_null;
  bool has_bytes = false;      ///< Rows are source records, passed on byte for byte.
  bool bytes_are_json = true;  ///< False: records are text lines.
  bool own_bytes = false;  ///< Those bytes lie in a batch of the operator's, not in the chunk's.
  /// Rows replace earlier ones of the same key, or delete them where `op` says so (E17).
  bool is_table = false;
  std::vector<uint32_t> key;  ///< Fields of the identity, if rows are a table.
  /// Fields whose text is the record's key (E27), where rows do not have that of a source record.
  std::vector<uint32_t> record_key;
  std::optional<uint32_t> op;  ///< Field "op": "delete", or NULL for an upsert.
  /// Bool field of windowed tables: true in the last row that comes of its key.
  std::optional<uint32_t> final_mark;
  std::optional<uint32_t>
      frame;  ///< Hidden text field: where it has a value, that is the whole row.
  std::vector<std::string> visible_names() const;
};

/// What an operator keeps open until W comes, for people who ask why.
struct OpenWork {
  uint64_t open = 0;
  const char* what = "windows";
  EventTime next_end = kTimeNone;  ///< Of the next one.
  EventTime closes_at = kTimeMax;  ///< W at which it goes; kTimeMax: at the end of input only.
};

/// One node's share of a chunk; reused when the chunk is. Nodes derive their own from it.
struct NodeWork {
  virtual ~NodeWork() = default;
  PerPort<Rows> ports;
  /// The rows of the range being applied, by port. Set by apply.
  PerPort<RowsView> now;
  RowErrors errors;
};

/// A piece of input on its way: one batch of one source, with its place in that source's order.
struct Chunk {
  uint32_t source = 0;  ///< Node index of its source.
  BatchRef batch;
  std::vector<DuplicateFilter::Entry> remembered;  ///< New entries of the duplicate filter.
  uint32_t skipped = 0;                            ///< Records that the filter dropped.
  std::vector<Reject> rejects;
  std::vector<Gap> gaps;
  std::vector<PartitionEvent> events;  ///< By rising place.
  bool tick = false;       ///< Empty; says that its source had nothing more at `arrival_us`.
  int64_t arrival_us = 0;  ///< Wall clock when it was polled.
  std::string snapshot;    ///< Resumes behind this chunk; meaningful if has_snapshot.
  bool has_snapshot = false;
  uint64_t skip = 0;  ///< Records behind the snapshot that were applied before a restart.
  bool end = false;   ///< The source ended behind it; this chunk may be empty.

  uint32_t records = 0;
  /// Places in the order: one per record, and one behind them all, where rejects at the end, gaps
  /// and the end of input stand.
  uint32_t places() const { return records + 1; }
  uint32_t applied = 0;  ///< Records before this one were applied.
  /// By record, a 1 for those of a partition that was idle and is still behind W (R17). Empty:
  /// none. Made when its source applies the record.
  std::vector<uint8_t> after_idle;
  bool is_after_idle(uint32_t record) const {
    return record < after_idle.size() && after_idle[record];
  }
  std::vector<std::unique_ptr<NodeWork>> work;  ///< By node index.
};

/// Records [begin, end) of a chunk; `last` when nothing of the chunk is left behind it.
struct Range {
  uint32_t begin = 0, end = 0;
  bool last = true;
};

class Node;

/// Where a node reads.
struct Input {
  Node* node = nullptr;
  Port port = Port::kMain;
};

class Node {
 public:
  Node(std::string name, std::vector<Input> inputs)
      : name_(std::move(name)), inputs_(std::move(inputs)) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;

  const std::string& name() const { return name_; }
  const std::vector<Input>& inputs() const { return inputs_; }
  uint32_t index() const { return index_; }
  void set_index(uint32_t index) { index_ = index; }
  const Shape& shape(Port port = Port::kMain) const { return shapes_[port]; }

  virtual std::unique_ptr<NodeWork> make_work() const { return std::make_unique<NodeWork>(); }
  /// True: `prepare` may run ahead and beside others.
  virtual bool parallel() const { return inputs_parallel_; }
  virtual void prepare(Chunk& chunk) const = 0;
  /// True: `prepare` is called in the parallel step although the output is not ready there.
  virtual bool prepares_ahead() const { return parallel(); }
  /// Sets work.now for its ports. Failures stop the task.
  virtual Result<void> apply(Chunk& chunk, Range range) = 0;
  /// Marks in `wanted` (by field of `inputs()[i]`'s shape) what this node reads there.
  virtual void demand(size_t input, std::vector<bool>& wanted) const = 0;
  /// Fields of the main port that somebody reads; called once, before any work.
  virtual void set_wanted(std::vector<bool> wanted) { wanted_ = std::move(wanted); }
  /// Adds fields of the late port that somebody reads there; before demand().
  void want_late(const std::vector<bool>& fields);
  /// Whether somebody reads that field of the main port; others are not decoded or computed.
  bool is_wanted(uint32_t field) const { return field < wanted_.size() && wanted_[field]; }

  /// W of the main port before each place of the range and behind the last: places + 1 values.
  /// Null: no watermark here (side outputs, R45).
  virtual const EventTime* watermarks(const Chunk&) const { return nullptr; }
  virtual EventTime watermark() const { return kTimeNone; }
  /// No record can come any more: all sources above are bounded and were read to their end. The
  /// task tells sources in its one order, so this is a function of the log as W is.
  virtual bool at_end() const {
    for (const Input& input : inputs_) {
      if (!input.node->at_end()) return false;
    }
    return !inputs_.empty();
  }
  /// Its W moves by nothing that is to be expected: who merges inputs does not wait for it (R15).
  virtual bool idle() const {
    for (const Input& input : inputs_) {
      if (!input.node->idle()) return false;
    }
    return !inputs_.empty();
  }
  virtual bool has_watermark() const { return true; }
  /// True: wants to hear the time also where no input comes, by empty chunks.
  virtual bool goes_by_clock() const { return false; }
  /// True if records of the source with that node index can come here.
  bool reached_from(uint32_t source) const { return reached_from_[source]; }
  void set_reached_from(std::vector<bool> sources) { reached_from_ = std::move(sources); }

  /// Adds what changed since the last commit (R34). `meta` is this node's JSON object.
  virtual void save(uint64_t, Commit&, JsonValue&) {}
  /// From the last commit, before any work.
  virtual Result<void> restore(const JsonValue&, CommitLog&) { return {}; }
  virtual size_t state_bytes() const { return 0; }
  /// Nothing: it never waits for W.
  virtual std::optional<OpenWork> open_work() const { return std::nullopt; }
  /// The end of bounded input closed all windows: they stay closed in a later run (R20).
  virtual void seal_closed() {}

  OperatorCounters counters;

 protected:
  Shape& shape_of(Port port) { return shapes_[port]; }
  NodeWork& work_of(Chunk& chunk) const { return *chunk.work[index_]; }
  const NodeWork& input_work(const Chunk& chunk, size_t input = 0) const {
    return *chunk.work[inputs_[input].node->index()];
  }
  const Rows& input_rows(const Chunk& chunk, size_t input = 0) const {
    return input_work(chunk, input).ports[inputs_[input].port];
  }
  const RowsView& input_view(const Chunk& chunk, size_t input = 0) const {
    return input_work(chunk, input).now[inputs_[input].port];
  }
  bool inputs_parallel_ = true;
  std::vector<bool> late_wanted_;  ///< By field of the late port; may end early.
  std::vector<bool> wanted_;

 private:
  std::vector<bool> reached_from_;
  std::string name_;
  std::vector<Input> inputs_;
  uint32_t index_ = 0;
  PerPort<Shape> shapes_;
};

}  // namespace millrace
