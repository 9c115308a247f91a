#pragma once

/// `dedupe`, which: last (semantics R33). A record opens a round of its id at t_first; records of
/// that id up to t_first + keep belong to the round, those with an earlier t too. The round's row
/// is the one with the largest time (of equal ones the later in the log), so that its time is never
/// behind t_first, which W_out promises. It is handed out once W - L > t_first + keep, in order of
/// (t_first, log).
/// Pure. Threads: one.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "window/key_map.h"
#include "window/time_slices.h"

namespace millrace {

class LastSeen {
 public:
  struct Round : SliceRow {
    EventTime first = 0, last = 0;
    uint64_t sequence = 0;    ///< Of its first record: order among equal t_first.
    bool handed_out = false;  ///< By the end of input; what still comes for it is a duplicate.
    const std::string* key = nullptr;
    std::string row;
  };

  explicit LastSeen(int64_t keep_us) : keep_us_(keep_us), slices_(keep_us) {}

  /// True: a duplicate. `row` is asked for its bytes only if they are to be kept.
  template <class RowBytes>
  bool seen(std::string_view key, EventTime t, RowBytes row) {
    const auto rounds = find_or_make(ids_, key).first;
    Round* round = find_round(rounds->second, t);
    const bool duplicate = round != nullptr;
    if (!round) round = &open_round(rounds->first, rounds->second, t);
    if (duplicate && (t < round->last || round->handed_out)) return true;
    keep_row(*round, t, row());
    return duplicate;
  }

  /// W - L at which the next round is due; kTimeMax and false: there is none.
  bool next_due(EventTime& w) const;
  /// Takes the next round that is due at `w` = W - L. Null: none. Holds until forget().
  const Round* take_due(EventTime w);
  /// Drops slices whose rounds were all handed out at `w`.
  void forget(EventTime w);

  /// A round of the last commit; `w` as stored: those due by then were handed out.
  Round& restore(EventTime slice, std::string_view key, Round round, EventTime w);
  /// What the next round is numbered, also behind rounds that are gone.
  uint64_t next_sequence() const { return sequence_; }
  void restore_sequence(uint64_t next) { sequence_ = next; }

  TimeSlices<Round>& slices() { return slices_; }
  size_t bytes() const { return row_bytes_ + slices_.rows() * (sizeof(Round) + kIndexBytes); }

 private:
  static constexpr size_t kIndexBytes = 176;  ///< Nodes of both indexes, about.
  using Rounds = std::vector<Round*>;         ///< By t_first.
  Round* find_round(const Rounds& rounds, EventTime t) const;
  Round& open_round(const std::string& key, Rounds& rounds, EventTime t);
  void keep_row(Round& round, EventTime t, std::string row);
  void drop_round(const Round& round);

  int64_t keep_us_;
  TimeSlices<Round> slices_;
  KeyMap<Rounds> ids_;
  std::map<std::pair<EventTime, uint64_t>, Round*>
      due_;  ///< Not handed out, by (t_first, sequence).
  uint64_t sequence_ = 0;
  size_t row_bytes_ = 0;
};

}  // namespace millrace
