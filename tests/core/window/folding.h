#pragma once

/// Folds small records into windows and reads them back: count(*), sum(int8) and sum(float8).

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/hash.h"
#include "window/window_groups.h"

namespace millrace {

inline std::ostream& operator<<(std::ostream& out, const Span& span) {
  return out << "[" << span.start << "," << span.end << ")";
}

inline const AggregateFunction& aggregate(std::string_view name, std::optional<Type> argument) {
  for (const AggregateFunction& function : aggregate_functions()) {
    if (function.name == name && function.argument == argument && !function.any_argument) {
      return function;
    }
  }
  ADD_FAILURE() << "no aggregate " << name;
  return aggregate_functions()[0];
}

inline AggregateLayout small_layout() {
  return AggregateLayout({&aggregate("count", std::nullopt), &aggregate("sum", Type::kInt8),
                          &aggregate("sum", Type::kFloat8)});
}

/// Adds a record of value `value` to a slot of small_layout().
inline void fold(const AggregateLayout& layout, std::byte* slot, int64_t value, double fraction) {
  Column ints, floats;
  ints.reset(Type::kInt8, 1);
  ints.ints[0] = value;
  floats.reset(Type::kFloat8, 1);
  floats.floats[0] = fraction;
  const Column* arguments[] = {nullptr, &ints, &floats};
  for (size_t i = 0; i < layout.size(); ++i) {
    std::byte* state = slot + layout.offset(i);
    layout.function(i).kernel.update(&state, arguments[i], Selection::all(1));
  }
}

inline void fold(WindowGroups& groups, EventTime t, const std::string& key, int64_t value,
                 double fraction = 0) {
  std::byte* slot = groups.slice_at(t).state(hash_bytes(key), key);
  fold(groups.layout(), slot, value, fraction);
}

struct Sums {
  int64_t count = 0, sum = 0;
  double total = 0;
  bool operator==(const Sums&) const = default;
};
inline std::ostream& operator<<(std::ostream& out, const Sums& sums) {
  return out << sums.count << "/" << sums.sum << "/" << sums.total;
}

inline Sums read_sums(const AggregateLayout& layout, const std::byte* slot) {
  Column ints, floats;
  ints.reset(Type::kInt8, 0);
  floats.reset(Type::kFloat8, 0);
  RowErrors errors;
  errors.start(4);
  layout.function(0).kernel.emit(slot + layout.offset(0), ints, errors);
  layout.function(1).kernel.emit(slot + layout.offset(1), ints, errors);
  layout.function(2).kernel.emit(slot + layout.offset(2), floats, errors);
  EXPECT_TRUE(errors.empty());
  return {ints.ints[0], ints.ints[1], floats.floats[0]};
}

using GroupRows = std::map<std::string, Sums>;

/// The groups of a window by key.
inline GroupRows rows_of(WindowGroups& groups, const Span& window) {
  GroupRows out;
  for (const WindowGroups::ClosedGroup& group : groups.groups_of(window)) {
    const bool fresh = out.emplace(group.key, read_sums(groups.layout(), group.state)).second;
    EXPECT_TRUE(fresh) << "group " << group.key << " came twice";
  }
  return out;
}

struct Fired {
  Span window;
  GroupRows rows;
  bool operator==(const Fired&) const = default;
};
inline std::ostream& operator<<(std::ostream& out, const Fired& fired) {
  out << "[" << fired.window.start << "," << fired.window.end << ")";
  for (const auto& [key, sums] : fired.rows) out << " " << key << "=" << sums;
  return out;
}

/// Closes all that is due at `w`.
inline std::vector<Fired> fire(WindowGroups& groups, EventTime w) {
  std::vector<Fired> out;
  for (WindowGroups::Due due; groups.next_due(due) && w >= due.closes_at;) {
    out.push_back({due.window, rows_of(groups, due.window)});
    groups.close(due.window);
  }
  return out;
}

/// All windows that hold `t`, by end, as the slicer tells them.
inline std::vector<Span> windows_of(const Slicer& slicer, EventTime t) {
  std::vector<Span> out;
  const EventTime last = slicer.last_end_of(t);
  Span window = slicer.first_window_ending_after(slicer.slice_of(t).start);
  out.push_back(window);
  while (window.end < last) {
    window = slicer.first_window_ending_after(window.end);
    out.push_back(window);
  }
  return out;
}

}  // namespace millrace
