#pragma once

/// From SQL text to programs. The grammar is PostgreSQL's own (libpg_query); names are resolved
/// and types checked here, so that what compiles can only fail per row.
/// Fields are written by their dotted path (`length.new`); `event_time()`, `record_key()`,
/// `source_position()`, `processing_time()` and `record_is_null()` read the schema fields of those
/// names, brackets included. Capitals fold as in SQL; quote what must keep them. Text compares by
/// bytes (collation "C"); lower, upper and ilike change ASCII letters only, as PostgreSQL does
/// under that collation. Threads: any.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregates/aggregate.h"
#include "expr/error.h"
#include "expr/program.h"

namespace millrace {

/// An expression of any type over `schema`; aggregates are refused. A bare literal is text.
Compiled<Program> compile_expression(std::string_view text, const Schema& schema);
/// The same, and it must be bool.
Compiled<Program> compile_filter(std::string_view text, const Schema& schema);

/// What an expression names, before any schema is known.
struct ExpressionUse {
  struct Field {
    std::string path;
    uint32_t position;
  };
  std::vector<Field> fields;  ///< In the order of the text, repeats included.
  bool aggregates = false;
};
Compiled<ExpressionUse> inspect_expression(std::string_view text);

/// A name and its expression, in the order of the configuration.
struct NamedText {
  std::string name;
  std::string text;
};

/// `select` with aggregates, as configured. A group_by entry that is a plain field has the
/// field's path as its name and its SQL spelling as its text.
struct GroupedText {
  std::vector<NamedText> group_by;
  std::vector<NamedText> select;
  std::string having;     ///< Empty: none. May use aggregates, groups and select names.
  bool windowed = false;  ///< `window_start` and `window_end` may be used beside aggregates.
  bool sessions = false;  ///< `session_last` too: the time of the last record.
  /// `expression [asc|desc] [nulls first|last]`, as in PostgreSQL: NULL counts as larger than
  /// everything. Aliases may be used.
  std::vector<std::string> order_by;
  std::vector<std::string> limit_by;  ///< Fields of the rows.
};

/// Three steps: group and argument programs per input row, states per group, output programs per
/// emitted row over `derived`.
struct GroupedSelect {
  struct Call {
    const AggregateFunction* function;
    std::optional<uint32_t> argument;  ///< Into `arguments`; none for count(*).
    std::optional<uint32_t> filter;    ///< Into `filters`: only its rows are folded.
  };
  std::vector<Program> groups;     ///< Over the input, one per group_by entry.
  std::vector<Program> arguments;  ///< Over the input, shared by calls with equal texts.
  std::vector<Program> filters;    ///< Over the input, bool.
  std::vector<Call> calls;         ///< Each different call once.
  /// Columns in this order: groups (by their names), calls ("#0", "#1", …), then window_start and
  /// window_end if windowed, then row_number() if an output names it.
  Schema derived;
  uint32_t window_start = 0;  ///< Index in `derived`; window_end follows it.
  std::optional<uint32_t> session_last;
  std::vector<std::string> output_names;
  std::vector<Program> outputs;   ///< Over `derived`, one per select entry.
  std::optional<Program> having;  ///< Over `derived`, bool.
  struct Order {
    Program key;  ///< Over `derived`.
    bool descending = false;
    bool nulls_first = false;
  };
  std::vector<Order> order;
  std::vector<Program> limit_by;  ///< Over `derived`.
  /// Column of `derived` that outputs read as row_number(); filled once the rows are ordered.
  std::optional<uint32_t> row_number;
};
Compiled<GroupedSelect> compile_grouped(const GroupedText& text, const Schema& schema);

}  // namespace millrace
