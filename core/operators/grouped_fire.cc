// Groups that are due become derived rows, in the one order of results.
#include <algorithm>

#include "base/assert.h"
#include "nodes/stage.h"
#include "operators/grouped_output.h"
#include "window/group_key.h"

namespace millrace {
using Mode = EmitConfig::Mode;

namespace {

/// Groups that `having` judges at once: enough for its kernels, little enough for the caches.
constexpr size_t kCandidates = 1024;

}  // namespace

void GroupedOutput::reset_derived(DerivedRows& rows) const {
  for (uint32_t i = 0; i < rows.columns.size(); ++i) {
    rows.columns[i].reset(plan_.select.derived[i].type, 0);
  }
}

/// A row of `rows`; texts point into the group's key and state.
void GroupedOutput::push_derived(DerivedRows& rows, const FiredGroup& group,
                                 const AggregateLayout& layout, RowErrors& errors) const {
  const size_t group_count = plan_.select.groups.size();
  auto& columns = rows.columns;
  MILLRACE_ASSERT(read_group_key(group.key, {columns.data(), group_count}));
  for (size_t k = 0; k < layout.size(); ++k) {
    layout.function(k).kernel.emit(group.state + layout.offset(k), columns[group_count + k],
                                   errors);
  }
  if (plan_.windowed) {
    columns[plan_.select.window_start].ints.push_back(group.window.start);
    columns[plan_.select.window_start + 1].ints.push_back(group.window.end);
  }
  if (plan_.select.session_last)
    columns[*plan_.select.session_last].ints.push_back(group.window.end - plan_.session_gap_us);
  if (plan_.select.row_number) columns[*plan_.select.row_number].ints.push_back(0);
}

/// Takes out the groups that `having` does not show: bringing groups into order costs far more than
/// judging them, and often few are left (pairs seen at least five times). Those that cannot be
/// judged stay, for `.errors` has an order too. update needs all: a hidden row may delete one that
/// was shown.
void GroupedOutput::drop_hidden(Work& work, std::vector<FiredGroup>& groups,
                                const AggregateLayout& layout) const {
  if (!plan_.select.having || plan_.mode == Mode::kUpdate) return;
  size_t kept = 0;
  for (size_t first = 0; first < groups.size(); first += kCandidates) {
    const auto count = static_cast<uint32_t>(std::min(kCandidates, groups.size() - first));
    reset_derived(work.candidates);
    work.candidate_errors.start(count);
    for (uint32_t i = 0; i < count; ++i)
      push_derived(work.candidates, groups[first + i], layout, work.candidate_errors);
    Buffer<uint32_t> judged;
    const Selection live = filter(*plan_.select.having, {work.candidates.view, count},
                                  work.candidate_errors.drop_failed(Selection::all(count), judged),
                                  work.candidate_scratch, work.candidate_errors);
    uint32_t next = 0;
    for (uint32_t i = 0; i < count; ++i) {
      const bool shown = next < live.count && live[next] == i;
      next += shown;
      if (shown || work.candidate_errors.failed(i)) groups[kept++] = groups[first + i];
    }
  }
  groups.resize(kept);
}

std::vector<uint32_t> GroupedOutput::order_of(const std::vector<FiredGroup>& groups) const {
  std::vector<uint32_t> order(groups.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  if (order.size() < 2) return order;
  const size_t group_count = plan_.select.groups.size();
  std::vector<Column> keys(group_count);
  for (size_t i = 0; i < group_count; ++i) keys[i].reset(plan_.select.groups[i].type(), 0);
  for (const FiredGroup& group : groups) MILLRACE_ASSERT(read_group_key(group.key, keys));
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const Span &x = groups[a].window, &y = groups[b].window;
    if (x.end != y.end) return x.end < y.end;
    if (x.start != y.start) return x.start < y.start;
    return compare_groups(keys, a, b) < 0;
  });
  return order;
}

void GroupedOutput::fire(Work& work, std::vector<FiredGroup>& groups, const AggregateLayout& layout,
                         uint32_t release, Rows& out, FiringKind kind) const {
  drop_hidden(work, groups, layout);
  const auto begin = static_cast<uint32_t>(out.own_record.size());
  const auto end = static_cast<uint32_t>(begin + groups.size());
  for (FiredGroup& group : groups) group.key = work.keys.store(group.key);
  work.emit_errors.start(end);
  for (uint32_t i : order_of(groups)) {
    const FiredGroup& group = groups[i];
    push_derived(work.derived, group, layout, work.emit_errors);
    out.own_record.push_back(release);
    out.own_time.push_back(group.time);
    if (plan_.mode == Mode::kUpdate) work.emissions.push_back(group.emission);
  }
  if (kind != FiringKind::kVanished) {
    for (const RowError& error : work.emit_errors.list()) work.emit_failures.push_back(error);
  }
  work.firings.push_back({begin, end, release, kind});
  work.any_vanished = work.any_vanished || kind == FiringKind::kVanished;
}

void GroupedOutput::join_firings(Work& work, size_t first) const {
  if (work.firings.size() <= first) return;
  work.firings[first].end = work.firings.back().end;
  work.firings.resize(first + 1);
}

}  // namespace millrace
