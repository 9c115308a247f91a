#pragma once

/// Windows aligned to records, as Kafka Streams has them (semantics R5), difference D. Per group, a
/// record at t has the left window [t - D, t + 1); the right window behind a record at u is
/// [u + 1, u + D + 2) and exists once it holds a record. All are D + 1 long, so a window is known
/// by its end. Records of one group and time are one instant here: every window holds all of them
/// or none. A record is late for a window that is closed (R12) and late iff it is late for all that
/// hold it: its own left window, those of later records, and right windows of earlier ones. An
/// instant stays until the window behind it is closed: until then it may become a part of windows
/// that do not exist yet, also behind the end of bounded input (R20).
/// Pure: no clock, no I/O, no expressions. Threads: one.

#include <memory>
#include <utility>
#include <vector>

#include "window/emission.h"
#include "window/slicer.h"
#include "window/timed_states.h"
#include "window/watermark.h"

namespace millrace {

class RecordWindows {
 public:
  struct Instant : TimedEntry {  // `first` = `last`: its time.
    bool left_over = false;      ///< Its left window is closed: it waits for the one behind it.
    /// update: what readers have of its windows. A window that is the left one of one instant and
    /// the right one of another is known to the former.
    std::unique_ptr<Emission> left, right;
  };
  using States = TimedStates<Instant>;

  /// `revises`: the operator emits updates.
  RecordWindows(AggregateLayout layout, int64_t difference_us, int64_t allowed_lateness_us,
                bool revises)
      : states_(std::move(layout)),
        difference_us_(difference_us),
        allowed_lateness_us_(allowed_lateness_us),
        revises_(revises) {}

  EventTime left_end(EventTime t) const { return saturating_add(t, 1); }
  EventTime right_end(EventTime t) const {
    return saturating_add(saturating_add(t, difference_us_), 2);
  }
  Span window_ending(EventTime end) const { return {saturating_sub(end, difference_us_ + 1), end}; }
  bool open(EventTime end, EventTime w) const {
    return end > closed_upto_ && !is_closed(end, allowed_lateness_us_, w);
  }

  struct Placed {
    Instant* instant;      ///< Null: late.
    bool fresh = false;    ///< The first of its group and time.
    bool partial = false;  ///< Late for its own left window.
  };
  /// Where a record at `t` goes, judged against W as it stood before.
  Placed place(uint64_t hash, std::string_view key, EventTime t, EventTime w);

  /// A window of a group. `owner` is the instant that it is known to, see Instant.
  struct Window {
    EventTime end;
    Instant* owner;
    bool left;  ///< Of the owner.
  };
  /// The windows that the record just placed changed, by end; the one behind it only if it is
  /// fresh.
  void changed_windows(const Placed& placed, EventTime w, std::vector<Window>& out) const;
  /// The windows that the instant owns and that have not fired, left and right.
  void open_windows(Instant& instant, std::vector<Window>& out) const;
  /// The same window, in case another instant of the group is its owner by now.
  Window owned(const Window& window) const;
  /// Adds what the window holds to an initialised state, in order of time.
  void combine(const Window& window, std::byte* into) const;

  /// W at which a window may be due. False: there is none.
  bool next_due(EventTime& closes_at) const;
  /// The next end by which `w` closes windows, and those that there are, groups in no order. False:
  /// no more. Call close() behind each.
  bool take_due(EventTime w, EventTime& end, std::vector<Window>& out);
  /// The windows of that end fired. Instants that no window can hold any more go, but at the end of
  /// input, which closes only the windows that there are.
  void close(EventTime w);

  EventTime closed_upto() const { return closed_upto_; }
  EventTime fired_upto() const { return fired_upto_; }
  void restore_closed(EventTime fired_upto, EventTime closed_upto) {
    fired_upto_ = fired_upto;
    closed_upto_ = closed_upto;
  }
  /// W came to `w`, and what was due has fired: all that `w` closes is past, also where nothing
  /// was.
  void pass(EventTime w);
  /// The end of input closed everything so far (R20).
  void seal_closed();
  /// An instant of the last commit.
  Instant& restore(std::string_view key, EventTime t);

  States& states() { return states_; }
  const States& states() const { return states_; }
  size_t bytes() const { return states_.bytes(); }

 private:
  bool held_by_another(const Instant* older, const Instant* newer, EventTime t, EventTime w) const;
  void wait(Instant& instant);
  /// The window behind the instant, as its own. False: nothing is in it, or another one owns it.
  bool right_window(Instant& instant, Window& window) const;
  static Instant* newer_at(const Instant& instant, EventTime t);

  States states_;
  int64_t difference_us_, allowed_lateness_us_;
  bool revises_;
  std::vector<Instant*> over_;         ///< Taken by take_due(): no more windows of their own.
  std::vector<Instant*> waits_again_;  ///< Taken by take_due(): the window behind them is to come.
  EventTime fired_upto_ = kTimeNone;   ///< Windows with an end up to this closed in this run.
  EventTime closed_upto_ = kTimeNone;
};

}  // namespace millrace
