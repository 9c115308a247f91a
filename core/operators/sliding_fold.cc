// Judge, fold, fire, in the order of the task.
#include <algorithm>

#include "operators/sliding_work.h"

namespace millrace {

void SlidingNode::fold_rows(Work& base, Fold& fold, const GroupedInput::Cut& cut) {
  auto& work = static_cast<SlidingWork&>(base);
  const Rows& stage = *work.in.stage.rows;
  for (uint32_t i = cut.first; i < cut.behind; ++i) {
    const uint32_t record = stage.record_of(work.in.live[i]);
    advance(work, fold, record);
    place_row(work, fold, i, fold.w[record]);
  }
}

void SlidingNode::place_row(SlidingWork& work, Fold& fold, size_t i, EventTime w) {
  const uint32_t row = work.in.live[i];
  const EventTime t = work.in.time(row);
  const auto placed = windows_.place(work.in.hashes[i], work.in.key(i), t, w);
  if (!placed.instant) {
    const EventTime end = windows_.left_end(t);
    return add_late(work, row, w, windows_.window_ending(end), end);
  }
  counters.late_partial += placed.partial;
  if (placed.fresh) set_next_due(fold);
  input_.collect(work.in, States::state_of(*placed.instant), row);
  if (plan_.emit.mode != Mode::kAppend) record_trigger(work, placed, i, w);
}

void SlidingNode::record_trigger(SlidingWork& work, const RecordWindows::Placed& placed, size_t i,
                                 EventTime w) {
  const uint32_t row = work.in.live[i];
  const uint32_t record = work.in.stage.rows->record_of(row);
  const bool at_once = plan_.emit.trigger == Trigger::kRecord;
  if (at_once) fold(work);
  if (plan_.emit.mode == Mode::kComplete) {
    if (at_once) snapshot(work, record, work.in.time(row), w);
    return;
  }
  work.windows.clear();
  windows_.changed_windows(placed, w, work.windows);
  for (const Window& window : work.windows) {
    if (!at_once) {
      note_change(window);
      continue;
    }
    add_group(work, window);
    fire(work, record, FiringKind::kRows);
  }
}

/// All windows with one end have one start, and what W releases them by is the same.
void SlidingNode::fire_due(Work& base, Fold& fold, EventTime w, uint32_t upto) {
  auto& work = static_cast<SlidingWork&>(base);
  work.windows.clear();
  for (EventTime end = 0; windows_.take_due(w, end, work.windows); work.windows.clear()) {
    close(work, end, release_of(fold, saturating_add(end, plan_.allowed_lateness_us), upto));
    windows_.close(w);
  }
  set_next_due(fold);
}

void SlidingNode::close(SlidingWork& work, EventTime end, uint32_t release) {
  for (const Window& window : work.windows) add_group(work, window);
  if (plan_.emit.mode == Mode::kComplete) {
    for (size_t i = 0; i < work.windows.size(); ++i) {
      const Window& window = work.windows[i];
      kept_.keep(window.owner->hash, window.owner->key, windows_.window_ending(end),
                 work.combined[i]);
    }
    work.groups.clear();
  }
  fire(work, release, plan_.emit.mode == Mode::kUpdate ? FiringKind::kFinal : FiringKind::kRows);
  changed_.erase(end);
  for (const Window& window : work.windows) {
    auto& emission = window.left ? window.owner->left : window.owner->right;
    if (emission) work.gone.push_back(std::move(emission));
  }
}

void SlidingNode::add_group(SlidingWork& work, const Window& window) {
  std::byte* state = work.slots.take();
  layout_.init(state);
  windows_.combine(window, state);
  work.combined.push_back(state);
  Emission* emission = plan_.emit.mode == Mode::kUpdate ? &emission_of(window) : nullptr;
  work.groups.push_back(
      {window.owner->key, state, windows_.window_ending(window.end), window.end - 1, emission});
}

void SlidingNode::fire(SlidingWork& work, uint32_t release, FiringKind kind) {
  if (!work.groups.empty()) {
    output_.fire(work.out, work.groups, layout_, release, work.ports[Port::kMain], kind);
  }
  work.groups.clear();
  for (std::byte* state : work.combined) {
    layout_.destroy(state);
    work.slots.give_back(state);
  }
  work.combined.clear();
}

Emission& SlidingNode::emission_of(const Window& window) {
  auto& emission = window.left ? window.owner->left : window.owner->right;
  if (!emission) emission = std::make_unique<Emission>();
  windows_.states().touch(*window.owner);
  return *emission;
}

void SlidingNode::note_change(const Window& window) {
  Emission& emission = emission_of(window);
  if (emission.changed) return;
  emission.changed = true;
  changed_[window.end].push_back(window);
}

void SlidingNode::show_changed(Work& base, uint32_t release, EventTime) {
  auto& work = static_cast<SlidingWork&>(base);
  for (const auto& [end, windows] : changed_) {
    for (const Window& noted : windows) {
      const Window window = windows_.owned(noted);
      emission_of(window).changed = false;
      add_group(work, window);
    }
    fire(work, release, FiringKind::kRows);
  }
  changed_.clear();
}

bool SlidingNode::show_all(Work& base, uint32_t release, EventTime, uint64_t& rows) {
  auto& work = static_cast<SlidingWork&>(base);
  work.windows.clear();
  windows_.states().each([&](Instant& instant) { windows_.open_windows(instant, work.windows); });
  const bool all_shown = !plan_.grouped.select.having && !plan_.grouped.limit;
  rows = kept_.size() + work.windows.size();
  if (all_shown && rows > static_cast<uint64_t>(plan_.grouped.complete_max_rows)) return false;
  kept_.each([&](std::string_view key, const Span& window, const std::byte* state) {
    work.groups.push_back({key, state, window, window.end - 1});
  });
  for (const Window& window : work.windows) add_group(work, window);
  fire(work, release, FiringKind::kRows);
  return true;
}

}  // namespace millrace
