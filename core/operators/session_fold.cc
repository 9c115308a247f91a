// Judge, fold, close, in the order of the task.
#include <algorithm>

#include "operators/session_work.h"

namespace millrace {

void SessionNode::fold_rows(Work& base, Fold& fold, const GroupedInput::Cut& cut) {
  auto& work = static_cast<SessionWork&>(base);
  const Rows& stage = *work.in.stage.rows;
  for (uint32_t i = cut.first; i < cut.behind; ++i) {
    const uint32_t record = stage.record_of(work.in.live[i]);
    advance(work, fold, record);
    place_row(work, fold, i, fold.w[record]);
  }
}

void SessionNode::place_row(SessionWork& work, Fold& fold, size_t i, EventTime w) {
  const uint32_t row = work.in.live[i];
  const EventTime t = work.in.time(row);
  Session* session =
      sessions_.place(work.in.hashes[i], work.in.key(i), t, w, [&](Session& swallowed) {
        this->fold(work);
        forget_change(swallowed);
      });
  // The closest window of a late record is the session that it would have been (R6, R13).
  if (!session) return add_late(work, row, w, {t, sessions_.end_of(t) - 1}, sessions_.end_of(t));
  if (!fold.due || session->first == session->last) {
    fold.next_close = std::min(fold.next_close, sessions_.closes_at(*session));
    fold.due = true;
  }
  input_.collect(work.in, States::state_of(*session), row);
  if (plan_.emit.mode != Mode::kAppend) record_trigger(work, *session, i, w);
}

FiredGroup SessionNode::fired(Session& session, EventTime time) const {
  return {session.key, States::state_of(session), sessions_.shown_window(session), time,
          session.shown ? &session.shown->emission : nullptr};
}

/// Sessions that the same record released fire together, in the order of rows. With a rank or a
/// limit it is those of one window: of one start and one end.
void SessionNode::fire_due(Work& base, Fold& fold, EventTime w, uint32_t upto) {
  auto& work = static_cast<SessionWork&>(base);
  sessions_.take_due(w, work.due);
  const auto end = work.due.data() + work.due.size();
  for (Session** begin = work.due.data(); begin < end;) {
    const Session& first = **begin;
    const uint32_t release = release_of(fold, sessions_.closes_at(first), upto);
    Session** behind = std::find_if(begin, end, [&](const Session* session) {
      if (plan_.grouped.ranked())
        return session->first != first.first || session->last != first.last;
      return session->last != first.last &&
             release_of(fold, sessions_.closes_at(*session), upto) != release;
    });
    close(work, begin, behind, release);
    begin = behind;
  }
  set_next_due(fold);
}

void SessionNode::close(SessionWork& work, Session* const* begin, Session* const* end,
                        uint32_t release) {
  for (auto at = begin; at < end; ++at) {
    Session& session = **at;
    const Span window = sessions_.shown_window(session);
    if (plan_.emit.mode == Mode::kComplete) {
      kept_.keep(session.hash, session.key, window, States::state_of(session));
      continue;
    }
    take_vanished(work, session, window.end);
    work.groups.push_back(fired(session, window.end));
  }
  fire_vanished(work, release);
  fire_rows(work, release,
            plan_.emit.mode == Mode::kUpdate ? FiringKind::kFinal : FiringKind::kRows);
  for (auto at = begin; at < end; ++at) {
    forget_change(**at);
    if ((*at)->shown) work.gone.push_back(std::move((*at)->shown));
    sessions_.drop(**at);
  }
}

}  // namespace millrace
