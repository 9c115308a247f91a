// Folds aggregates over rows, for the comparison with PostgreSQL (README.md here).
//   fold_aggregates --aggregates   the table, a line of JSON per entry
//   fold_aggregates < CASE         a line of JSON per expression: {"value": …, "type": …}, or {"e":
//   SQLSTATE}, or {"refused": …}
// CASE is as for evaluate_expressions; each expression is one of a grouped select without groups.
// It is computed over all rows in one state, and again with the rows cut at random places, a state
// for each part, every state written and read back, and merged in order: the answers must agree, to
// the last digit but for float8.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <random>

#include "cases.h"
#include "expr/aggregate.h"

namespace millrace {
namespace {

/// One aggregate's state, in memory of its own.
class State {
 public:
  explicit State(const AggregateKernel& kernel)
      : kernel_(kernel), memory_(kernel.state_bytes + 16) {
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
    at_ = memory_.data() + (16 - address % 16) % 16;
    kernel_.init(at_);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { kernel_.destroy(at_); }

  void fold(const Column* argument, Selection rows) {
    const std::vector<std::byte*> states(rows.count, at_);
    kernel_.update(states.data(), argument, rows);
  }
  void merge_stored(const State& from) {
    std::string bytes;
    from.kernel_.encode(from.at_, bytes);
    State read(kernel_);
    std::string_view rest = bytes;
    if (!kernel_.decode(read.at_, rest) || !rest.empty()) std::abort();
    std::string again;
    kernel_.encode(read.at_, again);
    if (again != bytes) std::abort();
    kernel_.merge(at_, read.at_);
  }
  void emit(Column& out, RowErrors& errors) const { kernel_.emit(at_, out, errors); }

 private:
  const AggregateKernel& kernel_;
  std::vector<std::byte> memory_;
  std::byte* at_;
};

/// Cuts `rows` into parts: all of them in one, or at random places.
std::vector<Selection> parts_of(const std::vector<uint32_t>& rows, bool cut,
                                std::minstd_rand& random) {
  std::vector<Selection> parts;
  const auto size = static_cast<uint32_t>(rows.size());
  for (uint32_t begin = 0; begin < size || parts.empty();) {
    const uint32_t count = cut ? std::min<uint32_t>(random() % 9, size - begin) : size;
    parts.push_back({rows.data() + begin, count});
    begin += count;
  }
  return parts;
}

class Folding {
 public:
  Folding(const GroupedSelect& select, const Table& table) : select_(select), table_(table) {}

  std::string answer(bool cut) {
    std::minstd_rand random(cut ? 3 : 1);
    std::vector<Column> columns(select_.derived.size());
    std::vector<const Column*> views;
    RowErrors errors;
    errors.start(1);
    for (size_t i = 0; i < select_.calls.size(); ++i) {
      columns[i].reset(select_.derived[static_cast<uint32_t>(i)].type, 0);
      if (const std::string fault = fold_call(select_.calls[i], cut, random, columns[i], errors);
          !fault.empty())
        return fault;
    }
    for (const Column& column : columns) views.push_back(&column);
    if (!errors.empty()) return "{\"e\":" + quoted(errors.list()[0].sqlstate) + "}";
    Scratch scratch;
    const Column& value =
        evaluate(select_.outputs[0], {views, 1}, Selection::all(1), scratch, errors);
    if (!errors.empty()) return "{\"e\":" + quoted(errors.list()[0].sqlstate) + "}";
    return "{\"value\":" + cell_text(value, 0) +
           ",\"type\":" + quoted(type_name(select_.outputs[0].type())) + "}";
  }

 private:
  std::string fold_call(const GroupedSelect::Call& call, bool cut, std::minstd_rand& random,
                        Column& out, RowErrors& errors) {
    RowErrors row_errors;
    row_errors.start(table_.rows());
    Scratch filter_scratch, argument_scratch;
    Selection rows = Selection::all(table_.rows());
    if (call.filter)
      rows =
          filter(select_.filters[*call.filter], table_.inputs(), rows, filter_scratch, row_errors);
    const Column* argument = nullptr;
    if (call.argument)
      argument = &evaluate(select_.arguments[*call.argument], table_.inputs(), rows,
                           argument_scratch, row_errors);
    if (!row_errors.empty()) return "{\"e\":" + quoted(row_errors.list()[0].sqlstate) + "}";
    std::vector<uint32_t> live;
    for (uint32_t i = 0; i < rows.count; ++i) live.push_back(rows[i]);
    State whole(call.function->kernel);
    for (const Selection part : parts_of(live, cut, random)) {
      if (!cut) {
        whole.fold(argument, part);
        continue;
      }
      State one(call.function->kernel);
      one.fold(argument, part);
      whole.merge_stored(one);
    }
    whole.emit(out, errors);
    return "";
  }

  const GroupedSelect& select_;
  const Table& table_;
};

bool close(const std::string& a, const std::string& b) {
  if (a == b) return true;
  constexpr std::string_view kStart = "{\"value\":\"";
  if (!a.starts_with(kStart) || !b.starts_with(kStart) || a.find("\"float8\"") == a.npos)
    return false;
  const double x = std::atof(a.c_str() + kStart.size()), y = std::atof(b.c_str() + kStart.size());
  return (std::isnan(x) && std::isnan(y)) ||
         std::fabs(x - y) <= 1e-6 * std::max({1.0, std::fabs(x), std::fabs(y)});
}

std::string answer_to(const std::string& text, const Table& table) {
  GroupedText grouped;
  grouped.select = {{"x", text}};
  auto select = compile_grouped(grouped, table.schema());
  if (select && needs_cast_to_text(select->outputs[0].type())) {
    grouped.select[0].text = "(" + text + ")::text";
    select = compile_grouped(grouped, table.schema());
  }
  if (!select) return "{\"refused\":" + quoted(select.error().summary()) + "}";
  Folding folding(*select, table);
  const std::string whole = folding.answer(false), parts = folding.answer(true);
  if (!close(whole, parts))
    return "{\"inconsistent\":" + quoted("in one state " + whole + ", merged " + parts) + "}";
  return whole;
}

int main_of(int count, char** words) {
  if (count > 1 && std::string_view(words[1]) == "--aggregates") {
    for (const AggregateFunction& one : aggregate_functions()) {
      std::cout << "{\"name\":" << quoted(one.name)
                << ",\"argument\":" << quoted(one.argument ? type_name(*one.argument) : "")
                << ",\"any\":" << (one.any_argument ? "true" : "false")
                << ",\"finish\":" << quoted(one.finish)
                << ",\"within_group\":" << (one.within_group ? "true" : "false")
                << ",\"stamped\":" << (one.stamped ? "true" : "false") << "}\n";
    }
    return 0;
  }
  const Table table(std::cin);
  if (!table.fault().empty()) return std::cerr << table.fault() << "\n", 1;
  std::string text;
  while (std::getline(std::cin, text)) std::cout << answer_to(text, table) << "\n";
  return 0;
}

}  // namespace
}  // namespace millrace

int main(int count, char** words) { return millrace::main_of(count, words); }
