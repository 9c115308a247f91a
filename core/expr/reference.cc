#include "expr/reference.h"

#include "aggregates/aggregate.h"
#include "expr/departures.h"
#include "expr/resolve.h"
#include "expr/table.h"
#include "functions/function.h"

namespace millrace {
namespace {

bool is_word(std::string_view name) {
  return std::isalpha(static_cast<unsigned char>(name[0])) != 0;
}

/// A bar ends a cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string code(std::string_view text) { return "`" + cell(text) + "`"; }

std::string arguments(const Function& function) {
  std::string out;
  for (uint8_t i = 0; i < function.arg_count; ++i) {
    if (i) out += ", ";
    out += function.any_args ? "any" : shown_type(function.args[i]);
  }
  if (function.rest != Rest::kNone) out += out.empty() ? "any…" : ", any…";
  return out;
}

std::string signature(const Function& function) {
  if (function.cast != Cast::kNone) {
    return std::string(type_name(function.args[0])) +
           "::" + std::string(type_name(function.result));
  }
  const std::string name(function.name);
  if (!function.kernel) return name;
  if (is_word(name) && name.find(' ') == std::string::npos)
    return name + "(" + arguments(function) + ")";
  if (is_word(name)) return "… " + name;
  const std::string first(shown_type(function.args[0]));
  if (function.arg_count == 1) return name + first;
  return first + " " + name + " " + std::string(shown_type(function.args[1]));
}

/// Whether users can write it: names with a blank are the compiler's own, but for `is null` and
/// kin.
bool is_shown(const Function& function) {
  return function.name.find(' ') == std::string_view::npos || function.name.starts_with("is ");
}

void append_functions(std::string& out) {
  out += "## Operators, functions and casts\n\n";
  out += "| | gives | | example | its value |\n|---|---|---|---|---|\n";
  for (const Function* function : functions()) {
    if (!is_shown(*function)) continue;
    std::string doc(function->doc);
    if (function->cast == Cast::kImplicit) doc += " Also where it is not written.";
    if (function->ours) doc += " PostgreSQL has none.";
    const std::string result(function->kernel ? shown_type(function->result) : "");
    out += "| " + code(signature(*function)) + " | " + result + " | " + cell(doc) + " | " +
           code(function->example) + " | " + code(function->example_result) + " |\n";
  }
}

void append_aggregates(std::string& out) {
  out +=
      "\n## Aggregates\n\nFor `select` of an operator with groups or a window. All take `filter "
      "(where …)` and, but for those that go by order,\n"
      "`distinct`. NULLs are skipped unless it says otherwise. States merge, and are stored with "
      "their version.\n\n"
      "| | of | gives | | state |\n|---|---|---|---|---|\n";
  for (const AggregateFunction& function : aggregate_functions()) {
    const std::string argument(function.argument       ? type_name(*function.argument)
                               : function.any_argument ? "any"
                                                       : "rows");
    const bool finished = !function.finish.empty();
    std::string result(type_name(function.result));
    if (function.finish == "percentile disc") result = argument;
    if (function.finish == "percentile cont" || function.finish == "approx percentile")
      result = "float8";
    if (function.finish == "approx top") result = "jsonb";
    if (finished && function.finish == "join texts") result = "text";
    out += "| " + code(function.example) + " | " + argument + " | " + result + " | " +
           cell(function.doc) + " | v" + std::to_string(function.state_version) + " |\n";
  }
}

void append_departures(std::string& out) {
  out +=
      "\n## Where PostgreSQL answers otherwise\n\nEverything else is compared with PostgreSQL 15 "
      "by a test (tests/expressions).\n\n"
      "| | PostgreSQL 15 | here | why |\n|---|---|---|---|\n";
  for (const Departure& one : departures()) {
    out += "| " + std::string(one.id) + " | " + cell(one.postgres) + " | " + cell(one.here) +
           " | " + cell(one.why) + " |\n";
  }
}

}  // namespace

std::string expression_reference() {
  std::string out =
      "# Expressions\n\n"
      "SQL expressions with PostgreSQL's grammar and PostgreSQL's answers. Fields are written by "
      "their dotted path\n"
      "(`length.new`); names with capitals or of SQL words are quoted (`\"user\"`). Types: bool, "
      "int4, int8, float8,\n"
      "numeric, text, timestamptz, timestamp, date, interval, jsonb, and arrays of these "
      "(`int8[]`). The record's own: "
      "`event_time()`, `record_key()` (behind a\n"
      "`group_by` its columns: one its text, several a JSON array),\n"
      "`source_position()`, `processing_time()`. An error of one record (division by zero, "
      "overflow, a bad cast) sends\n"
      "that record to `.errors` with the place in the expression.\n\n";
  append_functions(out);
  append_aggregates(out);
  append_departures(out);
  return out;
}

}  // namespace millrace
