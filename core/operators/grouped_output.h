#pragma once

/// What every grouped operator does with groups that fire: one row per group, in the one order of
/// results (semantics R49: window end, window start, group order), `having`, `order_by`, `limit`
/// and `select` over it, and what of that is new to the reader (R24 to R28).
/// Firing only appends to the derived columns; finish() computes everything once per range, column
/// by column. A result that does not fit leaves by `.errors` as the row that it would have been
/// (R47).
/// Threads: the applying one.

#include "expr/compile.h"
#include "nodes/error_rows.h"
#include "window/aggregate_layout.h"
#include "window/emission.h"
#include "window/slicer.h"

namespace millrace {

struct GroupedPlan {
  GroupedSelect select;
  std::vector<std::string> group_names;
  bool windowed = true;  ///< Rows begin with window_start and window_end.
  /// The identity of a result has window_end too (R40); else (group, window_start) is enough.
  bool end_in_identity = false;
  std::optional<int64_t> limit;  ///< Per firing, or per value of select.limit_by.
  EmitConfig::Mode mode = EmitConfig::Mode::kAppend;
  int64_t complete_max_rows = 100000;
  bool over_table = false;     ///< Its rows can go again, and with the last one the group.
  int64_t session_gap_us = 0;  ///< Of sessions: from session_last to window_end.
  bool starts_vanish = false;  ///< update: windows merge, and results with them (R7).

  /// Which rows a firing shows depends on all rows of its window.
  bool ranked() const { return !select.order.empty() || limit || select.row_number; }
};

/// A group whose result is due. `key` and `state` are read by fire() only.
struct FiredGroup {
  std::string_view key;
  const std::byte* state;
  Span window;                   ///< As shown; unused without windows.
  EventTime time;                ///< The row's event time (R19).
  Emission* emission = nullptr;  ///< update: what readers have of it. Holds until finish().
};

enum class FiringKind : uint8_t {
  kRows,
  kFinal,     ///< update sends these rows whether they changed or not.
  kVanished,  ///< update: results that are no more (R7); deleted if readers have them. Their values
              ///< are unread.
};

class GroupedOutput {
 public:
  /// Rows that fired together: [begin, end) of the derived rows.
  struct Firing {
    uint32_t begin, end, release;
    FiringKind kind;
    uint32_t ranked_end = 0;
  };
  /// A row to write.
  struct Pick {
    enum Kind : uint8_t { kRow, kFinal, kDelete, kBegin, kEnd } kind;
    uint32_t row;  ///< Derived; of kEnd: how many rows the frame has.
    uint32_t release;
    int64_t snapshot;
  };
  /// What expressions of the output read of groups: keys, aggregates, bounds of the window.
  struct DerivedRows {
    std::vector<Column> columns;
    std::vector<const Column*> view;
  };
  struct Work {
    DerivedRows derived, candidates;  ///< candidates: groups before `having`, a few at a time.
    std::vector<Scratch> output_scratch, order_scratch, limit_scratch;
    Scratch having_scratch, candidate_scratch;
    RowErrors emit_errors, output_errors, candidate_errors;
    std::vector<RowError> emit_failures;
    ByteArena keys;   ///< Of fired groups; texts of the derived columns point here.
    ByteArena bytes;  ///< Of failed results and frames.
    size_t failed_results = 0;
    std::vector<FailedRow> failed;

    std::vector<Firing> firings;
    std::vector<Emission*> emissions;  ///< update: per derived row.
    bool any_vanished = false;
    Buffer<uint32_t> ranked;  ///< Rows of the firings in the order they are shown.
    Buffer<uint8_t> alive;    ///< Per derived row: shown, and computed.
    std::vector<Pick> picks;
    Buffer<EventTime> times;  ///< Per derived row.
    ByteBuffer text;
  };

  /// `plan` must outlive this.
  explicit GroupedOutput(const GroupedPlan& plan);

  /// Rows of the main port: visible fields, then hidden ones.
  Shape shape() const;
  /// Fields of shape() that somebody reads. Of these only `record_key()` costs something by itself.
  void want(const std::vector<bool>& fields);
  /// Once per work.
  void make(Work& work) const;
  /// Before the first firing of a range.
  void start(Work& work, Rows& out) const;
  /// Appends a row per group, sorted; `release` is the record that made them due. Releases rise.
  /// complete: all groups at once.
  void fire(Work& work, std::vector<FiredGroup>& groups, const AggregateLayout& layout,
            uint32_t release, Rows& out, FiringKind kind = FiringKind::kRows) const;
  /// Everything fired since `first` (a number in work.firings) becomes one firing: one frame, one
  /// limit. Their windows came in order.
  void join_firings(Work& work, size_t first) const;
  /// Behind the last firing of a range: `out` can be read. `out_shape`: of the main port.
  /// `snapshots` (how many there were) is for complete. Fails above complete_max_rows.
  Result<void> finish(Work& work, const Shape& out_shape, Rows& out,
                      int64_t* snapshots = nullptr) const;
  /// The rows that failed in finish().
  void add_failed(Work& work, std::vector<FailedRow>& failed) const;

 private:
  void reset_derived(DerivedRows& rows) const;
  // grouped_fire.cc
  void drop_hidden(Work& work, std::vector<FiredGroup>& groups,
                   const AggregateLayout& layout) const;
  std::vector<uint32_t> order_of(const std::vector<FiredGroup>& groups) const;
  void push_derived(DerivedRows& rows, const FiredGroup& group, const AggregateLayout& layout,
                    RowErrors& errors) const;
  Selection compute(Work& work, const Shape& out_shape, Rows& out) const;
  void write_record_keys(const Work& work, const Shape& out_shape, Rows& out) const;
  void render_failed(Work& work, const Shape& out_shape, const Rows& out) const;
  // grouped_rank.cc
  Selection rank(Work& work, Selection live, Rows& out) const;
  void rank_firing(Work& work, Firing& firing, const std::vector<const Column*>& keys,
                   const std::vector<const Column*>& per) const;
  // grouped_revise.cc
  void pick_ranked(Work& work) const;
  Selection without_vanished(Work& work, Selection live, Rows& out) const;
  void pick_deletes(Work& work, const Firing& firing, const Buffer<uint8_t>& failed) const;
  void pick_changes(Work& work, const Rows& out, const Shape& out_shape) const;
  Result<void> pick_frames(Work& work, int64_t& snapshots) const;
  void write_cells(const Work& work, uint32_t field, const Shape& out_shape, const Column& from,
                   Column& to) const;
  void write_marks(const Work& work, const Shape& out_shape, Rows& out) const;
  void write_picks(Work& work, const Shape& out_shape, Rows& out) const;
  bool in_identity(uint32_t field) const;

  const GroupedPlan& plan_;
  /// A group named like a bound of the window takes the bound's place: no member is written twice.
  std::optional<uint32_t> bounds_[2];
  std::vector<uint32_t> shown_groups_;   ///< The others.
  std::vector<uint32_t> shown_outputs_;  ///< Select entries that are not groups of the same name.
  uint32_t first_field_ = 0;             ///< Behind `op`.
  bool keys_wanted_ = false;             ///< Somebody reads `record_key()`, the last field.
};

}  // namespace millrace
