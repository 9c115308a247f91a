// What update and complete emit before sessions close (semantics R7, R25, R26).
#include <algorithm>

#include "operators/session_work.h"

namespace millrace {

void SessionNode::record_trigger(SessionWork& work, Session& session, size_t i, EventTime w) {
  const uint32_t row = work.in.live[i];
  const bool at_once = plan_.emit.trigger == Trigger::kRecord;
  if (!at_once) {
    if (plan_.emit.mode == Mode::kUpdate) note_change(session);
    return;
  }
  fold(work);
  const uint32_t record = work.in.stage.rows->record_of(row);
  if (plan_.emit.mode == Mode::kComplete) return snapshot(work, record, work.in.time(row), w);
  const EventTime time = sessions_.shown_window(session).end;
  take_vanished(work, session, time);
  fire_vanished(work, record);
  work.groups.push_back(fired(session, time));
  fire_rows(work, record, FiringKind::kRows);
}

/// Deletes come first, by start; then the changed sessions, window by window.
void SessionNode::show_changed(Work& base, uint32_t release, EventTime) {
  auto& work = static_cast<SessionWork&>(base);
  work.due.clear();
  for (Session* session : changed_) {
    if (!session) continue;
    session->changed_at = kNoOrdinal;
    sessions_.states().touch(*session);
    take_vanished(work, *session, sessions_.shown_window(*session).end);
    work.due.push_back(session);
  }
  changed_.clear();
  fire_vanished(work, release);
  SessionWindows::sort_by_window(work.due);
  for (size_t i = 0; i < work.due.size(); ++i) {
    const Session &session = *work.due[i],
                  *next = i + 1 < work.due.size() ? work.due[i + 1] : nullptr;
    work.groups.push_back(fired(*work.due[i], sessions_.shown_window(session).end));
    const bool same_window = next && next->first == session.first && next->last == session.last;
    if (!same_window) fire_rows(work, release, FiringKind::kRows);
  }
}

void SessionNode::take_vanished(SessionWork& work, Session& session, EventTime time) {
  for (auto& vanished : session.vanished) {
    // Its end is not told any more; order is by start.
    work.vanished.push_back({session.key,
                             States::state_of(session),
                             {vanished->start, vanished->start},
                             time,
                             &vanished->emission});
    work.gone.push_back(std::move(vanished));
  }
  session.vanished.clear();
}

void SessionNode::fire_vanished(SessionWork& work, uint32_t release) {
  if (work.vanished.empty()) return;
  output_.fire(work.out, work.vanished, layout_, release, work.ports[Port::kMain],
               FiringKind::kVanished);
  work.vanished.clear();
}

void SessionNode::fire_rows(SessionWork& work, uint32_t release, FiringKind kind) {
  if (work.groups.empty()) return;
  output_.fire(work.out, work.groups, layout_, release, work.ports[Port::kMain], kind);
  work.groups.clear();
}

void SessionNode::note_change(Session& session) {
  if (session.changed_at != kNoOrdinal) return;
  session.changed_at = static_cast<uint32_t>(changed_.size());
  changed_.push_back(&session);
}

void SessionNode::forget_change(Session& session) {
  if (session.changed_at == kNoOrdinal) return;
  changed_[session.changed_at] = nullptr;
  session.changed_at = kNoOrdinal;
}

bool SessionNode::any_changed() const {
  return std::any_of(changed_.begin(), changed_.end(),
                     [](const Session* session) { return session; });
}

bool SessionNode::show_all(Work& base, uint32_t release, EventTime, uint64_t& rows) {
  auto& work = static_cast<SessionWork&>(base);
  const bool all_shown = !plan_.grouped.select.having && !plan_.grouped.limit;
  rows = kept_.size() + sessions_.states().entries();
  if (all_shown && rows > static_cast<uint64_t>(plan_.grouped.complete_max_rows)) return false;
  kept_.each([&](std::string_view key, const Span& window, const std::byte* state) {
    work.groups.push_back({key, state, window, window.end});
  });
  sessions_.states().each([&](Session& session) {
    work.groups.push_back(fired(session, sessions_.shown_window(session).end));
  });
  fire_rows(work, release, FiringKind::kRows);
  return true;
}

}  // namespace millrace
