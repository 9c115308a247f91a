#pragma once

/// One side of a stream–stream join: its living records by key (semantics R32). A record lives
/// until W >= t + life; it is found by the other side while it lives, and only then. Records whose
/// end somebody asks for (outer, anti) are handed out once, at that end, unless they were matched.
/// Pure. Threads: one.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "window/key_map.h"
#include "window/time_slices.h"

namespace millrace {

class JoinBuffer {
 public:
  struct Row;
  struct Partners {
    std::vector<Row*> rows;  ///< By (time, sequence), from `first` on.
    size_t first = 0;
  };
  using Key = std::pair<const std::string, Partners>;
  struct Row : SliceRow {
    EventTime time = 0;
    uint64_t sequence = 0;  ///< Place in the log, among the rows of this side.
    bool matched = false;
    Key* key = nullptr;  ///< Null: a NULL key, which nothing matches.
    std::string bytes;
  };

  /// `life_us`: a left record's is after + 1 + L, a right record's before + 1 + L.
  JoinBuffer(int64_t life_us, bool asks_ends)
      : life_us_(life_us), asks_ends_(asks_ends), slices_(life_us) {}

  bool alive(EventTime t, EventTime w) const { return w < saturating_add(t, life_us_); }
  EventTime end_of(EventTime t) const { return saturating_add(t, life_us_); }
  bool asks_ends() const { return asks_ends_; }

  /// `key` null: the record can match nothing. `matched` is noted only where somebody asks for
  /// ends: elsewhere it would make the state depend on partners that are gone.
  Row& add(const std::string_view* key, EventTime t, std::string bytes, bool matched);
  /// Living rows with from <= t <= to, by (time, sequence), appended to `out`.
  void find(std::string_view key, EventTime from, EventTime to, EventTime w,
            std::vector<Row*>& out) const;
  void mark_matched(Row& row);

  /// W at which the next unmatched row ends; false: there is none.
  bool next_end(EventTime& w) const;
  /// The next unmatched row that ended at `w`, by (time, sequence). Null: none. Holds until
  /// drop_ended().
  Row* take_ended(EventTime w);
  /// Drops slices in which nothing lives at `w`. What is returned keeps their rows' bytes.
  TimeSlices<Row>::Gone drop_ended(EventTime w);

  /// A row of the last commit; `w` as stored: rows that had ended by then were handed out.
  Row& restore(EventTime slice, const std::string_view* key, Row row, EventTime w);

  TimeSlices<Row>& slices() { return slices_; }
  /// What the next row is numbered. Numbers go on behind rows that are gone, so that reading them
  /// again from an older commit comes to the same state.
  uint64_t next_sequence() const { return sequence_; }
  void restore_sequence(uint64_t next) { sequence_ = next; }
  /// Rows whose end is asked for and that were not matched.
  size_t unmatched() const { return ends_.size(); }
  size_t rows() const { return slices_.rows(); }
  size_t bytes() const { return row_bytes_ + rows() * sizeof(Row) + keys_.size() * kKeyBytes; }

 private:
  static constexpr size_t kKeyBytes = 128;  ///< One key of the index, about.
  void index(Row& row, const std::string_view* key);
  void unindex(const Row& row);

  int64_t life_us_;
  bool asks_ends_;
  TimeSlices<Row> slices_;
  KeyMap<Partners> keys_;
  std::map<std::pair<EventTime, uint64_t>, Row*> ends_;  ///< Unmatched; only if somebody asks.
  uint64_t sequence_ = 0;
  size_t row_bytes_ = 0;
};

}  // namespace millrace
