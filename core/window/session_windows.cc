#include "window/session_windows.h"

#include <algorithm>

#include "base/hash.h"

namespace millrace {

using Session = SessionWindows::Session;

/// At most two open sessions of a group overlap a record: sessions are further apart than the gap.
SessionWindows::Neighbours SessionWindows::neighbours(Session* newest, EventTime t) const {
  Neighbours found;
  Session* at = newest;
  while (at && at->first > reach(t)) {
    found.behind = at;
    at = States::older(*at);
  }
  if (!at || t > reach(at->last)) return found;
  Session* before = States::older(*at);
  const bool both = before && t <= reach(before->last);
  found.older = both ? before : at;
  found.newer = both ? at : nullptr;
  return found;
}

/// Nothing is near, so the candidate is the record alone.
Session* SessionWindows::open(uint64_t hash, std::string_view key, Session* behind, EventTime t,
                              EventTime w) {
  const EventTime end = end_of(t);
  if (end <= closed_upto_ || is_closed(end, allowed_lateness_us_, w)) return nullptr;
  Session& session = states_.add(hash, key, behind, t, t);
  states_.wait(session, saturating_add(end, allowed_lateness_us_));
  if (revises_) show_as(session, t);
  return &session;
}

void SessionWindows::merge(Session& into, Session& swallowed) {
  states_.layout().merge(States::state_of(into), States::state_of(swallowed));
  into.last = swallowed.last;
  if (revises_) {
    into.vanished.push_back(std::move(swallowed.shown));
    for (auto& shown : swallowed.vanished) into.vanished.push_back(std::move(shown));
  }
  states_.remove(swallowed);
}

void SessionWindows::extend(Session& session, EventTime t) {
  states_.touch(session);
  session.last = std::max(session.last, t);
  if (t >= session.first) return;
  session.first = t;
  if (!revises_) return;
  session.vanished.push_back(std::move(session.shown));
  show_as(session, t);
}

void SessionWindows::show_as(Session& session, EventTime start) {
  session.shown = std::make_unique<Shown>(Shown{start, {}});
}

bool SessionWindows::next_due(EventTime& closes_at) const { return states_.next_wait(closes_at); }

/// A session waits for the time that was its end when it was put into the heap; if it has grown
/// since, it waits again. So a record that extends a session does not touch the heap.
void SessionWindows::take_due(EventTime w, std::vector<Session*>& out) {
  out.clear();
  while (Session* session = states_.take_waiting(w)) {
    if (closes_at(*session) <= w) {
      out.push_back(session);
    } else {
      states_.wait(*session, closes_at(*session));
    }
  }
  sort_by_window(out);
}

void SessionWindows::sort_by_window(std::vector<Session*>& sessions) {
  std::ranges::sort(sessions, {}, [](const Session* s) { return std::pair(s->last, s->first); });
}

void SessionWindows::drop(Session& session) {
  fired_upto_ = std::max(fired_upto_, end_of(session.last));
  states_.remove(session);
}

Session& SessionWindows::restore(std::string_view key, EventTime first, EventTime last) {
  const uint64_t hash = hash_bytes(key);
  Session* behind = nullptr;
  for (Session* at = states_.newest(hash, key); at && at->first > last; at = States::older(*at))
    behind = at;
  Session& session = states_.add(hash, key, behind, first, last);
  states_.wait(session, closes_at(session));
  if (revises_) show_as(session, first);
  return session;
}

}  // namespace millrace
