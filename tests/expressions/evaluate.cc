// Evaluates expressions over rows, for the comparison with PostgreSQL (README.md here).
//   evaluate_expressions --functions | --departures   the tables, as a line of JSON per entry
//   evaluate_expressions < CASE                       a line of JSON per expression
// CASE: a line `name type name type …`, rows as PostgreSQL's COPY writes them, an empty line, then
// an expression per line. A result is {"refused": reason}, or {"type": …, "rows": […]} with a text,
// null or {"e": SQLSTATE} per row. Every expression is evaluated over all rows at once, row by row,
// and under two random selections; if these disagree the result is {"inconsistent": …}.
#include <iostream>
#include <random>

#include "cases.h"
#include "expr/departures.h"
#include "expr/function.h"

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

std::string result_of(const std::string& text, const Table& table) {
  // jsonb is written as PostgreSQL does it by its cast; a raw cell is as it came.
  auto program = compile_expression(text, table.schema());
  if (program && program->type() == Type::kJsonb)
    program = compile_expression("(" + text + ")::text", table.schema());
  if (!program) return "{\"refused\":" + quoted(program.error().summary()) + "}";
  Scratch scratch;
  Cells cells(table.rows());
  run(*program, table, Selection::all(table.rows()), scratch, cells);
  for (uint32_t row = 0; row < table.rows(); ++row) {
    Cells alone(table.rows());
    run(*program, table, {&row, 1}, scratch, alone);
    if (alone[row] != cells[row])
      return "{\"inconsistent\":" +
             quoted("row " + std::to_string(row) + " alone: " + alone[row] +
                    ", with others: " + cells[row]) +
             "}";
  }
  std::minstd_rand random(7);
  for (int i = 0; i < 2; ++i) {
    std::vector<uint32_t> chosen;
    for (uint32_t row = 0; row < table.rows(); ++row) {
      if (random() % 3 == 0) chosen.push_back(row);
    }
    Cells some(table.rows());
    run(*program, table, {chosen.data(), static_cast<uint32_t>(chosen.size())}, scratch, some);
    for (const uint32_t row : chosen) {
      if (some[row] != cells[row])
        return "{\"inconsistent\":" +
               quoted("row " + std::to_string(row) + " in a selection: " + some[row] +
                      ", in all: " + cells[row]) +
               "}";
    }
  }
  std::string out = "{\"type\":" + quoted(type_name(program->type())) + ",\"rows\":[";
  for (uint32_t row = 0; row < table.rows(); ++row) out += (row ? "," : "") + cells[row];
  return out + "]}";
}

void print_functions() {
  for (const Function* function : functions()) {
    std::string args;
    for (uint8_t i = 0; i < function->arg_count; ++i)
      args += (i ? "," : "") + quoted(type_name(function->args[i]));
    std::cout << "{\"name\":" << quoted(function->name) << ",\"args\":[" << args
              << "],\"any\":" << (function->any_args ? "true" : "false")
              << ",\"result\":" << quoted(type_name(function->result))
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
  const Table table(std::cin);
  if (!table.fault().empty()) return std::cerr << table.fault() << "\n", 1;
  std::string text;
  while (std::getline(std::cin, text)) std::cout << result_of(text, table) << "\n";
  return 0;
}

}  // namespace
}  // namespace millrace

int main(int count, char** words) { return millrace::main_of(count, words); }
