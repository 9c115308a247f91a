#include "aggregates/aggregate.h"

#include <algorithm>
#include <vector>

#include "aggregates/state.h"
#include "functions/casts.h"

namespace millrace {
void append_null(Column& out) { out.push_null(); }

void append_int(Column& out, int64_t value) {
  out.ints.push_back(value);
  out.pushed_valid();
}

void append_float(Column& out, double value) {
  out.floats.push_back(value);
  out.pushed_valid();
}

void append_text(Column& out, std::string_view value) {
  out.texts.push_back(out.bytes.store(value));
  out.pushed_valid();
}

void append_failure(Column& out, RowErrors& errors, std::string_view sqlstate, const char* text) {
  append_null(out);
  errors.add(static_cast<uint32_t>(out.size() - 1), sqlstate, nullptr, 0, text);
}

std::span<const AggregateFunction> aggregate_functions() {
  static const std::vector<AggregateFunction> kAll = [] {
    std::vector<AggregateFunction> all;
    for (const auto family : {sum_aggregates(), interval_aggregates(), extreme_aggregates(),
                              moment_aggregates(), logic_aggregates(), list_aggregates(),
                              array_aggregates(), timed_aggregates(), sketch_aggregates()}) {
      all.insert(all.end(), family.begin(), family.end());
    }
    return all;
  }();
  return kAll;
}

const AggregateFunction* find_aggregate(std::string_view name, std::optional<Type> argument) {
  const AggregateFunction* widened = nullptr;
  for (const AggregateFunction& function : aggregate_functions()) {
    if (function.name != name) continue;
    if (!argument) {
      if (!function.argument && !function.any_argument) return &function;
      continue;
    }
    if (function.any_argument || function.argument == argument) return &function;
    if (function.argument && !widened && casts_implicitly(*argument, *function.argument)) {
      widened = &function;
    }
  }
  return widened;
}

bool is_aggregate_name(std::string_view name) {
  const auto all = aggregate_functions();
  return std::any_of(all.begin(), all.end(),
                     [&](const AggregateFunction& function) { return function.name == name; });
}

}  // namespace millrace
