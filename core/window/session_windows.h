#pragma once

/// Open sessions of one grouped operator (semantics R6, R7). A record alone is [t, t + G + 1), and
/// sessions that overlap are one, so records at most the gap G apart share a session. A session
/// closes when W reaches last + G + 1 + L. What is closed neither extends nor blocks: it is not
/// here. A record's candidate is its own range together with all open sessions that it overlaps; it
/// is late iff the candidate is closed already. For update, a session carries what readers have of
/// it and of the starts that vanished into it. Pure: no clock, no I/O, no expressions. Threads:
/// one.

#include <memory>
#include <vector>

#include "window/emission.h"
#include "window/slicer.h"
#include "window/timed_states.h"
#include "window/watermark.h"

namespace millrace {

class SessionWindows {
 public:
  /// What readers have of the result with this start.
  struct Shown {
    EventTime start;
    Emission emission;
  };
  struct Session : TimedEntry {                    // `first` and `last`: of its records.
    std::unique_ptr<Shown> shown;                  ///< update.
    std::vector<std::unique_ptr<Shown>> vanished;  ///< update: not yet told to readers.
    uint32_t changed_at = kNoOrdinal;  ///< Place in the operator's list of changed ones.
  };
  using States = TimedStates<Session>;

  /// `revises`: the operator emits updates.
  SessionWindows(AggregateLayout layout, int64_t gap_us, int64_t allowed_lateness_us, bool revises)
      : states_(std::move(layout)),
        gap_us_(gap_us),
        allowed_lateness_us_(allowed_lateness_us),
        revises_(revises) {}

  /// As rows show it: window_end is the last time that still extends it (R6).
  Span shown_window(const Session& session) const { return {session.first, reach(session.last)}; }
  /// The exclusive end.
  EventTime end_of(EventTime last) const { return saturating_add(reach(last), 1); }
  EventTime closes_at(const Session& session) const {
    return saturating_add(end_of(session.last), allowed_lateness_us_);
  }

  /// The session that a record at `t` goes to, judged against W as it stood before; null: late.
  /// `before_merge(swallowed)` is called before two sessions become one: states must be folded by
  /// then, and the session given is gone after it.
  template <class BeforeMerge>
  Session* place(uint64_t hash, std::string_view key, EventTime t, EventTime w,
                 BeforeMerge before_merge) {
    Session* newest = states_.newest(hash, key);
    if (newest && t >= newest->last && t <= reach(newest->last)) {  // Where most records fall.
      newest->last = t;
      states_.touch(*newest);
      return newest;
    }
    const Neighbours near = neighbours(newest, t);
    if (!near.older && !near.newer) return open(hash, key, near.behind, t, w);
    if (near.older && near.newer) {
      before_merge(*near.newer);
      merge(*near.older, *near.newer);
    }
    Session& session = near.older ? *near.older : *near.newer;
    extend(session, t);
    return &session;
  }

  /// W at which a session may be due. False: none is open.
  bool next_due(EventTime& closes_at) const;
  /// Fills `out` with the sessions that `w` closes, by (end, start). They stay until they are
  /// dropped.
  void take_due(EventTime w, std::vector<Session*>& out);
  static void sort_by_window(std::vector<Session*>& sessions);
  /// The session was fired for the last time.
  void drop(Session& session);

  /// Sessions with an end up to this count as closed, whatever W says (R20).
  EventTime closed_upto() const { return closed_upto_; }
  EventTime fired_upto() const { return fired_upto_; }
  void restore_closed(EventTime fired_upto, EventTime closed_upto) {
    fired_upto_ = fired_upto;
    closed_upto_ = closed_upto;
  }
  /// The end of input closed everything so far.
  void seal_closed() { closed_upto_ = std::max(closed_upto_, fired_upto_); }

  /// A session of the last commit: its place among those of its group and its due time.
  Session& restore(std::string_view key, EventTime first, EventTime last);

  States& states() { return states_; }
  const States& states() const { return states_; }
  size_t bytes() const {
    return states_.bytes() + (revises_ ? states_.entries() * sizeof(Shown) : 0);
  }

 private:
  struct Neighbours {
    Session* older = nullptr;   ///< Overlaps, and began before the newer one.
    Session* newer = nullptr;   ///< Overlaps too, if both do.
    Session* behind = nullptr;  ///< The next one in time that does not overlap.
  };
  EventTime reach(EventTime last) const { return saturating_add(last, gap_us_); }
  Neighbours neighbours(Session* newest, EventTime t) const;
  Session* open(uint64_t hash, std::string_view key, Session* behind, EventTime t, EventTime w);
  void merge(Session& into, Session& swallowed);
  void extend(Session& session, EventTime t);
  void show_as(Session& session, EventTime start);

  States states_;
  int64_t gap_us_, allowed_lateness_us_;
  bool revises_;
  EventTime fired_upto_ = kTimeNone;  ///< Largest end that was closed.
  EventTime closed_upto_ = kTimeNone;
};

}  // namespace millrace
