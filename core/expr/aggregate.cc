#include "expr/aggregate.h"

#include <algorithm>
#include <vector>

#include "expr/aggregate_state.h"

namespace millrace {
namespace {

void append_valid(Column& out) {
  if (out.has_invalid) out.cells.push_back(kValid);
}

}  // namespace

void append_null(Column& out) {
  const size_t row = out.size();
  switch (out.type) {
    case Type::kBool:
      out.bools.push_back(0);
      break;
    case Type::kInt4:
    case Type::kInt8:
    case Type::kTimestamptz:
      out.ints.push_back(0);
      break;
    case Type::kFloat8:
      out.floats.push_back(0);
      break;
    case Type::kText:
    case Type::kJsonb:
      out.texts.push_back({});
      break;
  }
  if (out.has_invalid) {
    out.cells.push_back(kNull);
  } else {
    out.set_cell(row, kNull, row + 1);
  }
}

void append_int(Column& out, int64_t value) {
  out.ints.push_back(value);
  append_valid(out);
}

void append_float(Column& out, double value) {
  out.floats.push_back(value);
  append_valid(out);
}

void append_text(Column& out, std::string_view value) {
  out.texts.push_back(out.bytes.store(value));
  append_valid(out);
}

void append_failure(Column& out, RowErrors& errors, std::string_view sqlstate, const char* text) {
  append_null(out);
  errors.add(static_cast<uint32_t>(out.size() - 1), sqlstate, nullptr, 0, text);
}

std::span<const AggregateFunction> aggregate_functions() {
  static const std::vector<AggregateFunction> kAll = [] {
    std::vector<AggregateFunction> all;
    for (const auto family : {sum_aggregates(), extreme_aggregates()}) {
      all.insert(all.end(), family.begin(), family.end());
    }
    return all;
  }();
  return kAll;
}

bool is_aggregate_name(std::string_view name) {
  const auto all = aggregate_functions();
  return std::any_of(all.begin(), all.end(),
                     [&](const AggregateFunction& function) { return function.name == name; });
}

}  // namespace millrace
