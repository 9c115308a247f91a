#pragma once

/// One evaluation of a program over one batch. Private to this room.

#include "expr/program.h"

namespace millrace {

struct Scratch::Node {
  Column column;            ///< The node's result.
  Column extra;             ///< A second one, for greatest and least.
  Buffer<uint32_t> live;    ///< The rows handed in, without those that failed.
  Buffer<uint32_t> valid;   ///< Rows whose arguments are all valid.
  Buffer<uint32_t> chosen;  ///< What where() returns.
  Buffer<uint8_t> state;    ///< Three-valued results of AND and OR.
  std::vector<const Column*> args;
  uint64_t run = 0;  ///< In which run `memo` was set (shared nodes).
  const Column* memo = nullptr;
  uint32_t memo_count = 0;  ///< How many rows that run asked for.
};

class Evaluation {
 public:
  Evaluation(const Program& program, const Inputs& inputs, Scratch& scratch, RowErrors& errors);

  /// The node's values on `rows`. Rows that fail are added to the errors; the caller drops them.
  const Column& value(uint32_t node, Selection rows);
  /// The rows where a bool node is `wanted`; never a failed row, never NULL.
  Selection where(uint32_t node, Selection rows, bool wanted);
  const Column& root(Selection rows) { return value(program_.root_, rows); }
  Selection root_where(Selection rows) { return where(program_.root_, rows, true); }

 private:
  using Node = Scratch::Node;

  const Column& compute(uint32_t node, Selection rows);
  const Column& field(const ProgramNode& node, Selection rows);
  const Column& call(const ProgramNode& node, Node& scratch, Selection rows);
  const Column& run_kernel(const ProgramNode& node, Node& scratch, Selection rows);
  const Column& logic(const ProgramNode& node, Node& scratch, Selection rows, bool stops_at);
  const Column& negation(const ProgramNode& node, Node& scratch, Selection rows);
  const Column& choice(const ProgramNode& node, Node& scratch, Selection rows);
  const Column& coalesce(const ProgramNode& node, Node& scratch, Selection rows);
  const Column& membership(const ProgramNode& node, Node& scratch, Selection rows);
  const Column& nullif(const ProgramNode& node, Node& scratch, Selection rows);
  const Column& distinct(const ProgramNode& node, Node& scratch, Selection rows);
  const Column& extreme(const ProgramNode& node, Node& scratch, Selection rows);
  Selection where_all(const ProgramNode& node, Selection rows, bool wanted);
  Selection where_any(const ProgramNode& node, Node& scratch, Selection rows, bool wanted);
  /// Runs node.function over two columns whose rows are valid.
  void compare(const ProgramNode& node, const Column& a, const Column& b, Selection rows,
               Column& out);
  Node& scratch_of(uint32_t node);
  Column& start_column(const ProgramNode& node, Node& scratch);

  const Program& program_;
  const Inputs inputs_;
  Scratch& scratch_;
  RowErrors& errors_;
};

/// The cells of `rows`, validity included, from one column to another of the same storage.
void copy_cells(Column& to, const Column& from, Selection rows, uint32_t row_count);
/// Rows of `from` that are not in `remove` (a subset of it); may work in place.
Selection without(Selection from, Selection remove, Buffer<uint32_t>& room);
/// Rows whose cell is valid; `rows` itself if all are.
Selection valid_rows(const Column& column, Selection rows, Buffer<uint32_t>& room);

}  // namespace millrace
