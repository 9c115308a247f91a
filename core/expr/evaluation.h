#pragma once

/// One evaluation of a program over one batch. Private to this room.

#include <optional>

#include "expr/program.h"

namespace millrace {

/// The elements of many arrays behind one another, and what a function made of them.
struct ElementRows {
  Column items, left, result;
  Buffer<uint32_t> owner;  ///< Per element: the row it comes from.
  Buffer<uint32_t> valid;  ///< Elements that are not NULL.
  RowErrors errors;        ///< By element.
};

struct Scratch::Node {
  Column column;            ///< The node's result.
  Column extra;             ///< A second one, for greatest and least.
  Buffer<uint32_t> live;    ///< The rows handed in, without those that failed.
  Buffer<uint32_t> valid;   ///< Rows whose arguments are all valid.
  Buffer<uint32_t> chosen;  ///< What where() tells this node of its children.
  Buffer<uint8_t> state;    ///< Three-valued results of AND and OR.
  std::vector<const Column*> args;
  uint64_t run = 0;  ///< In which run `memo` was set (shared nodes).
  const Column* memo = nullptr;
  uint32_t memo_count = 0;                ///< How many rows that run asked for.
  std::unique_ptr<ElementRows> elements;  ///< Of nodes that look into arrays.
};

class Evaluation {
 public:
  Evaluation(const Program& program, const Inputs& inputs, Scratch& scratch, RowErrors& errors);

  /// The node's values on `rows`. Rows that fail are added to the errors; the caller drops them.
  const Column& value(uint32_t node, Selection rows);
  /// The rows where a bool node is `wanted`; never a failed row, never NULL. They are `rows` itself
  /// or stand in `room`, which may hold `rows`. The room is the caller's: a node with several
  /// parents is asked again while what it told the first one is still used.
  Selection where(uint32_t node, Selection rows, bool wanted, Buffer<uint32_t>& room);
  const Column& root(Selection rows) { return value(program_.root_, rows); }
  Selection root_where(Selection rows) {
    return where(program_.root_, rows, true, scratch_of(program_.root_).chosen);
  }

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
  const Column& quantified(const ProgramNode& node, Node& scratch, Selection rows, bool all);
  const Column& each_element(const ProgramNode& node, Node& scratch, Selection rows);
  /// Puts the elements of the rows, whose arrays are valid, behind one another.
  ElementRows& spread(const Column& arrays, Selection rows, Node& scratch);
  /// One value against the elements of each row's own array.
  void test_spread(const ProgramNode& node, const Column& left, const Column& arrays,
                   Selection rows, bool all, Node& scratch);
  /// The same where all rows have one array: element by element over all rows.
  void test_constant(const ProgramNode& node, const Column& left, const Column& array,
                     Selection rows, bool all, Node& scratch);
  /// The same without a column of bools, where the node allows it.
  std::optional<Selection> where_directly(const ProgramNode& node, Node& scratch, Selection rows,
                                          bool wanted, Buffer<uint32_t>& room);
  Selection where_all(const ProgramNode& node, Selection rows, bool wanted, Buffer<uint32_t>& room);
  Selection where_any(const ProgramNode& node, Node& scratch, Selection rows, bool wanted,
                      Buffer<uint32_t>& room);
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
