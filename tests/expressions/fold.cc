// Folds aggregates over rows, for the comparison with PostgreSQL (README.md here).
//   fold_aggregates --aggregates   the table, a line of JSON per entry
//   fold_aggregates < CASE         a line of JSON per expression: {"groups": [{"value": …, "type":
//   …} or {"e": SQLSTATE}]}, or {"refused": …}
// CASE is as for evaluate_expressions, with the row's group, from 0, in a column `g`; each
// expression is one of a grouped select. Per group it is computed over all rows in one state; with
// the rows cut at random places, a state for each part, every state written and read back, and
// neighbours merged in random order; and, where the order of the rows does not count, with the
// parts shuffled too. The answers must agree, to the last digit but for float8.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>

#include "aggregates/aggregate.h"
#include "cases.h"

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

/// How a group's rows come into its state.
enum class Way : uint8_t { kWhole, kParts, kShuffled };

/// Cuts `rows` into parts: all of them in one, or at random places.
std::vector<Selection> parts_of(const std::vector<uint32_t>& rows, Way way,
                                std::minstd_rand& random) {
  std::vector<Selection> parts;
  const auto size = static_cast<uint32_t>(rows.size());
  for (uint32_t begin = 0; begin < size || parts.empty();) {
    const uint32_t count =
        way == Way::kWhole ? size : std::min<uint32_t>(random() % 9, size - begin);
    parts.push_back({rows.data() + begin, count});
    begin += count;
  }
  if (way == Way::kShuffled) std::shuffle(parts.begin(), parts.end(), random);
  return parts;
}

/// Whether the rows' order shows: in lists, in the time of first and last, in which of two equal
/// values is kept, and in the last bits of float8.
bool order_counts(const AggregateFunction& function) {
  for (const std::string_view list : {"array_agg", "string_agg", "jsonb_agg", "first", "last"}) {
    if (function.name == list) return true;
  }
  const auto varied = [](Type type) {
    return type == Type::kNumeric || type == Type::kInterval || type == Type::kFloat8;
  };
  const bool keeps_one = function.name == "min" || function.name == "max" ||
                         function.name == "mode" || function.name == "percentile_disc";
  return function.argument && varied(*function.argument) &&
         (keeps_one || *function.argument == Type::kFloat8);
}

class Folding {
 public:
  Folding(const GroupedSelect& select, const Table& table) : select_(select), table_(table) {}

  std::string answer(Selection group, Way way) {
    std::minstd_rand random(3 + static_cast<uint32_t>(way));
    std::vector<Column> columns(select_.derived.size());
    std::vector<const Column*> views;
    RowErrors errors;
    errors.start(1);
    for (size_t i = 0; i < select_.calls.size(); ++i) {
      columns[i].reset(select_.derived[static_cast<uint32_t>(i)].type, 0);
      if (const std::string fault =
              fold_call(select_.calls[i], group, way, random, columns[i], errors);
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
  std::string fold_call(const GroupedSelect::Call& call, Selection group, Way way,
                        std::minstd_rand& random, Column& out, RowErrors& errors) {
    RowErrors row_errors;
    row_errors.start(table_.rows());
    Scratch filter_scratch, argument_scratch;
    Selection rows = group;
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
    if (way == Way::kShuffled && order_counts(*call.function)) way = Way::kParts;
    std::vector<std::unique_ptr<State>> states;
    for (const Selection part : parts_of(live, way, random)) {
      states.push_back(std::make_unique<State>(call.function->kernel));
      states.back()->fold(argument, part);
    }
    while (states.size() > 1) {
      const size_t left = random() % (states.size() - 1);
      states[left]->merge_stored(*states[left + 1]);
      states.erase(states.begin() + static_cast<std::ptrdiff_t>(left) + 1);
    }
    states[0]->emit(out, errors);
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

/// The rows of each group; a table without rows has one.
std::vector<std::vector<uint32_t>> groups_of(const Table& table) {
  std::vector<std::vector<uint32_t>> groups(1);
  const auto column = table.schema().find("g");
  if (!column) return groups;
  const Column& numbers = *table.inputs().columns[*column];
  for (uint32_t row = 0; row < table.rows(); ++row) {
    const auto group = static_cast<size_t>(numbers.ints[row]);
    if (group >= groups.size()) groups.resize(group + 1);
    groups[group].push_back(row);
  }
  return groups;
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
  std::string out;
  for (const std::vector<uint32_t>& group : groups_of(table)) {
    const Selection rows{group.data(), static_cast<uint32_t>(group.size())};
    const std::string whole = folding.answer(rows, Way::kWhole);
    for (const Way way : {Way::kParts, Way::kShuffled}) {
      const std::string parts = folding.answer(rows, way);
      if (!close(whole, parts))
        return "{\"inconsistent\":" + quoted("in one state " + whole + ", merged " + parts) + "}";
    }
    out += (out.empty() ? "" : ",") + whole;
  }
  return "{\"groups\":[" + out + "]}";
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
