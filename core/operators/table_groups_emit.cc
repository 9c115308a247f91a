// Which groups are shown, and when.
#include <algorithm>

#include "operators/table_groups_work.h"

namespace millrace {

using Trigger = EmitConfig::Trigger;

/// A ranked result depends on all groups; the others only on their own.
void TableGroupsNode::group_changed(Work& work, const std::string& key, uint32_t record,
                                    EventTime now) {
  if (plan_.emit.mode == Mode::kAppend) return;
  if (plan_.emit.trigger != Trigger::kRecord) {
    if (plan_.emit.mode == Mode::kUpdate) sent_.note_change(key);
    return;
  }
  if (plan_.emit.mode == Mode::kComplete) return show_all(work, record, now);
  show(work, {key}, record, now);
}

FiredGroup TableGroupsNode::fired(const std::string& key, EventTime now) {
  TableGroups::Group* group = groups_.find_group(key);
  if (group && group->stale) refold(*group);
  FiredGroup out;
  out.key = key;
  out.state = group ? group->state : groups_.empty_state();
  out.window = {};
  out.time = now;
  if (plan_.emit.mode == Mode::kUpdate) out.emission = &sent_.slot(key);
  return out;
}

void TableGroupsNode::fire(Work& work, std::vector<FiredGroup> due, FiringKind kind,
                           uint32_t release) {
  output_.fire(work.out, due, groups_.layout(), release, work.ports[Port::kMain], kind);
}

/// `keys`: what changed; those that are no group any more are taken back.
void TableGroupsNode::show(Work& work, const std::vector<std::string>& keys, uint32_t release,
                           EventTime now) {
  std::vector<FiredGroup> gone, due;
  for (const std::string& key : keys) {
    if (!groups_.find_group(key)) {
      gone.push_back(fired(key, now));
    } else if (!plan_.grouped.ranked()) {
      due.push_back(fired(key, now));
    }
  }
  if (plan_.grouped.ranked()) {
    for (const auto& [key, group] : groups_.groups()) due.push_back(fired(key, now));
  }
  if (!gone.empty()) fire(work, std::move(gone), FiringKind::kVanished, release);
  if (!due.empty()) fire(work, std::move(due), FiringKind::kRows, release);
}

void TableGroupsNode::show_all(Work& work, uint32_t release, EventTime now) {
  changed_since_shown_ = false;
  std::vector<FiredGroup> due;
  for (const auto& [key, group] : groups_.groups()) due.push_back(fired(key, now));
  fire(work, std::move(due), FiringKind::kRows, release);
}

void TableGroupsNode::trigger(Work& work, uint32_t release, EventTime now) {
  if (plan_.emit.mode == Mode::kComplete) return show_all(work, release, now);
  if (!sent_.any_changed()) return;
  const std::vector<std::string> changed = sent_.take_changed();
  work.gone.insert(work.gone.end(), changed.begin(), changed.end());
  show(work, changed, release, now);
}

/// The end of input: append shows its rows, the others what was not shown yet; nothing is repeated.
void TableGroupsNode::end(Work& work, uint32_t release) {
  const bool append = plan_.emit.mode == Mode::kAppend;
  if (append || plan_.emit.mode == Mode::kComplete) {
    if (!append && plan_.emit.trigger == Trigger::kRecord) return;
    if (changed_since_shown_) show_all(work, release, append ? kTimeNone : timer_.running());
  } else if (plan_.emit.trigger != Trigger::kRecord) {
    trigger(work, release, timer_.running());
  }
}

Result<void> TableGroupsNode::finish(Work& work, const Chunk& chunk, const TableInput::Cut& cut) {
  Rows& out = work.ports[Port::kMain];
  if (auto finished = output_.finish(work.out, shape(), out, &snapshots_); !finished) {
    return Error{finished.error().code, name() + ": " + finished.error().message};
  }
  for (const std::string& key : work.gone) sent_.forget(key);
  work.now[Port::kMain] = {&out, out.selection()};
  input_.count(work.in, cut, input_view(chunk), input_rows(chunk), 0, counters, work.failed);
  output_.add_failed(work.out, work.failed);
  counters.out += out.selection().count;
  Rows& errors = work.ports[Port::kErrors];
  work.error_rows.write(work.failed, errors, name());
  work.now[Port::kErrors] = {&errors, errors.selection()};
  return {};
}

}  // namespace millrace
