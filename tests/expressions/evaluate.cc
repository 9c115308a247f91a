// Evaluates expressions over rows, for the comparison with PostgreSQL (README.md here).
//   evaluate_expressions --functions | --departures   the tables, as a line of JSON per entry
//   evaluate_expressions < CASE                       a line of JSON per expression
// CASE: a line `name type name type …`, rows as PostgreSQL's COPY writes them, an empty line, then
// an expression per line. A result is {"refused": reason}, or {"type": …, "constant": …, "rows":
// […]} with a text, null or {"e": SQLSTATE} per row. Every expression is evaluated over all rows at
// once, in batches of 1, 7 and 1024 rows, and under two random selections of all and of the 1024;
// if these disagree the result is {"inconsistent": …}.
#include <iostream>
#include <random>

#include "cases.h"
#include "expr/departures.h"
#include "expr/resolve.h"
#include "expr/table.h"
#include "functions/function.h"

namespace millrace {
namespace {

using Cells = std::vector<std::string>;  ///< Empty: not evaluated.

void run(const Program& program, const Table& table, Selection rows, Scratch& scratch,
         Cells& cells) {
  RowErrors errors;
  errors.start(table.rows());
  const Column& column = evaluate(program, table.inputs(), rows, scratch, errors);
  for (uint32_t i = 0; i < rows.count; ++i) {
    if (!errors.failed(rows[i])) cells[rows[i]] = cell_text(column, rows[i]);
  }
  for (const RowError& error : errors.list())
    cells[error.row] = "{\"e\":" + quoted(error.sqlstate) + "}";
}

/// The rows, and the same rows cut into other batches.
struct Batches {
  explicit Batches(std::istream& in) : all(in) {
    if (all.rows() == 0 || !all.fault().empty()) return;
    for (const uint32_t size : {1u, 7u}) {
      for (uint32_t first = 0; first < all.rows(); first += size)
        add(first, std::min(size, all.rows() - first));
    }
    constexpr uint32_t kLargest = 1024;
    add(0, kLargest);
  }
  void add(uint32_t first, uint32_t count) {
    parts.emplace_back(first, std::make_unique<Table>(all, first, count));
  }
  Table all;
  std::vector<std::pair<uint32_t, std::unique_ptr<Table>>> parts;  ///< Each with its first row.
};

/// What differs from `cells` when some rows of a batch are evaluated; empty: nothing.
std::string inconsistency(const Program& program, const Table& part, uint32_t first, Selection rows,
                          Scratch& scratch, const Cells& cells) {
  Cells some(part.rows());
  run(program, part, rows, scratch, some);
  for (uint32_t i = 0; i < rows.count; ++i) {
    const size_t row = (first + rows[i]) % cells.size();
    if (some[rows[i]] == cells[row]) continue;
    return "{\"inconsistent\":" +
           quoted("row " + std::to_string(row) + " in a batch of " + std::to_string(part.rows()) +
                  ", " + std::to_string(rows.count) + " of them live: " + some[rows[i]] +
                  ", in all: " + cells[row]) +
           "}";
  }
  return "";
}

/// Over other batches, and under random selections.
std::string check_batches(const Program& program, const Batches& batches, Scratch& scratch,
                          const Cells& cells) {
  std::minstd_rand random(7);
  const auto select = [&](const Table& part, uint32_t first) {
    std::vector<uint32_t> chosen;
    for (uint32_t row = 0; row < part.rows(); ++row) {
      if (random() % 3 == 0) chosen.push_back(row);
    }
    return inconsistency(program, part, first,
                         {chosen.data(), static_cast<uint32_t>(chosen.size())}, scratch, cells);
  };
  for (const auto& [first, part] : batches.parts) {
    const Selection all = Selection::all(part->rows());
    if (auto fault = inconsistency(program, *part, first, all, scratch, cells); !fault.empty())
      return fault;
  }
  if (batches.parts.empty()) return "";
  for (int i = 0; i < 2; ++i) {
    if (auto fault = select(batches.all, 0); !fault.empty()) return fault;
  }
  return select(*batches.parts.back().second, batches.parts.back().first);
}

std::string result_of(const std::string& text, const Batches& batches) {
  const Table& table = batches.all;
  auto program = compile_expression(text, table.schema());
  if (program && needs_cast_to_text(program->type()))
    program = compile_expression("(" + text + ")::text", table.schema());
  if (!program) return "{\"refused\":" + quoted(program.error().summary()) + "}";
  Scratch scratch;
  Cells cells(table.rows());
  run(*program, table, Selection::all(table.rows()), scratch, cells);
  if (auto fault = check_batches(*program, batches, scratch, cells); !fault.empty()) return fault;
  std::string out = "{\"type\":" + quoted(type_name(program->type())) +
                    ",\"constant\":" + (program->constant() ? "true" : "false") + ",\"rows\":[";
  for (uint32_t row = 0; row < table.rows(); ++row) out += (row ? "," : "") + cells[row];
  return out + "]}";
}

/// The types that stand for several are told apart: some of those have no order.
std::string_view declared_name(Type type) {
  if (type == kOrderedArray) return "orderedarray";
  if (type == kOrderedElement) return "orderedelement";
  return type == kTextsOfArray ? "textsofarray" : shown_type(type);
}

void print_functions() {
  for (const Function* function : functions()) {
    std::string args;
    for (uint8_t i = 0; i < function->arg_count; ++i)
      args += (i ? "," : "") + quoted(declared_name(function->args[i]));
    std::cout << "{\"name\":" << quoted(function->name) << ",\"args\":[" << args
              << "],\"any\":" << (function->any_args ? "true" : "false")
              << ",\"result\":" << quoted(declared_name(function->result))
              << ",\"cast\":" << (function->cast != Cast::kNone ? "true" : "false")
              << ",\"form\":" << (function->kernel ? "false" : "true")
              << ",\"ours\":" << (function->ours ? "true" : "false")
              << ",\"rest\":" << (function->rest != Rest::kNone ? "true" : "false") << "}\n";
  }
}

int main_of(int count, char** words) {
  const std::string_view verb = count > 1 ? words[1] : "";
  if (verb == "--functions") return print_functions(), 0;
  if (verb == "--departures") {
    for (const Departure& one : departures()) {
      std::cout << "{\"id\":" << quoted(one.id) << ",\"postgres\":" << quoted(one.postgres)
                << ",\"here\":" << quoted(one.here) << "}\n";
    }
    return 0;
  }
  const Batches batches(std::cin);
  if (!batches.all.fault().empty()) return std::cerr << batches.all.fault() << "\n", 1;
  std::string text;
  while (std::getline(std::cin, text)) std::cout << result_of(text, batches) << "\n";
  return 0;
}

}  // namespace
}  // namespace millrace

int main(int count, char** words) { return millrace::main_of(count, words); }
