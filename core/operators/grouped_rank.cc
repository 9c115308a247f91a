// The order of the rows of one firing, and which of them are left.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "nodes/stage.h"
#include "operators/grouped_output.h"
#include "window/group_key.h"

namespace millrace {

/// Orders, numbers and limits every firing. Returns the rows that are left, ascending; work.ranked
/// has them in the order they are shown.
Selection GroupedOutput::rank(Work& work, Selection live, Rows& out) const {
  const Inputs inputs{work.derived.view, out.count};
  std::vector<const Column*> keys, per;
  const auto run = [&](const Program& program, Scratch& scratch) {
    const size_t failed_before = work.output_errors.size();
    const Column& column = evaluate(program, inputs, live, scratch, work.output_errors);
    if (work.output_errors.size() != failed_before)
      live = work.output_errors.drop_failed(live, out.live);
    return &column;
  };
  for (size_t i = 0; i < plan_.select.order.size(); ++i) {
    keys.push_back(run(plan_.select.order[i].key, work.order_scratch[i]));
  }
  for (size_t i = 0; i < plan_.select.limit_by.size(); ++i) {
    per.push_back(run(plan_.select.limit_by[i], work.limit_scratch[i]));
  }
  work.ranked.clear();
  uint32_t next = 0;
  for (Firing& firing : work.firings) {
    const size_t first = work.ranked.size();
    while (next < live.count && live[next] < firing.end) work.ranked.push_back(live[next++]);
    firing.ranked_end = static_cast<uint32_t>(first);
    rank_firing(work, firing, keys, per);
  }
  out.live.resize(work.ranked.size());
  std::copy(work.ranked.begin(), work.ranked.end(), out.live.begin());
  std::sort(out.live.begin(), out.live.end());
  return {out.live.data(), static_cast<uint32_t>(out.live.size())};
}

/// The rows of the firing are the last ones of work.ranked, from firing.ranked_end on, in group
/// order, which decides between equal keys.
void GroupedOutput::rank_firing(Work& work, Firing& firing, const std::vector<const Column*>& keys,
                                const std::vector<const Column*>& per) const {
  uint32_t* begin = work.ranked.data() + firing.ranked_end;
  uint32_t* end = work.ranked.data() + work.ranked.size();
  std::stable_sort(begin, end, [&](uint32_t a, uint32_t b) {
    for (size_t i = 0; i < keys.size(); ++i) {
      const auto& order = plan_.select.order[i];
      const bool a_valid = keys[i]->valid(a), b_valid = keys[i]->valid(b);
      if (a_valid != b_valid) return a_valid != order.nulls_first;
      const int c = keys[i]->constant || !a_valid ? 0 : compare_groups({keys[i], 1}, a, b);
      if (c != 0) return order.descending ? c > 0 : c < 0;
    }
    return false;
  });
  std::map<std::string, int64_t, std::less<>> seen;
  std::string value;
  uint32_t* kept = begin;
  for (uint32_t* row = begin; row < end; ++row) {
    value.clear();
    write_group_key(per, *row, value);
    const int64_t number = ++seen[value];
    if (plan_.limit && number > *plan_.limit) continue;
    if (plan_.select.row_number) work.derived.columns[*plan_.select.row_number].ints[*row] = number;
    *kept++ = *row;
  }
  work.ranked.resize(static_cast<size_t>(kept - work.ranked.data()));
  firing.ranked_end = static_cast<uint32_t>(work.ranked.size());
}

}  // namespace millrace
