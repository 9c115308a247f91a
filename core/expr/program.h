#pragma once

/// A compiled expression and its evaluation over column batches. A program is a typed tree;
/// each inner node owns one column of a Scratch, so a node's result stays valid for the whole
/// evaluation and nothing is allocated after the first batches. Evaluation goes node by node
/// over all live rows (one pass per kernel); CASE, AND, OR and COALESCE evaluate a later arm only
/// on the rows that need it, as PostgreSQL promises.
/// Threads: a Program is immutable and shared; a Scratch belongs to one lane.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "columns/column.h"
#include "columns/schema.h"
#include "functions/row_errors.h"

namespace millrace {

struct Function;
class ConstantSet;
class Evaluation;

/// One operation of a program; children come before their parents.
struct ProgramNode {
  enum class Op : uint8_t {
    kConstant,  ///< constants[index]
    kField,     ///< input column `index`
    kCall,      ///< function->kernel over the children
    kNot,
    kAnd,
    kOr,
    kCase,      ///< condition, result, condition, result, …, else
    kCoalesce,  ///< the first that is not NULL
    kIn,        ///< child in sets[index]
    kNullif,    ///< value, equality: NULL where the equality holds
    kDistinct,  ///< a, b: true unless both are NULL or function (an "=") holds
    kExtreme,   ///< greatest or least: the one for which function (">" or "<") holds
    kAnyOf,     ///< a, array: function holds for a and some element
    kAllOf,     ///< a, array: function holds for a and every element
    kElements,  ///< array: function (a cast) of each element
  };
  Op op;
  Type type;
  bool shared = false;  ///< Several parents: evaluated once, at the first and widest use.
  uint32_t place = 0;   ///< Byte offset in the text, for row errors.
  uint32_t index = 0;
  const Function* function = nullptr;
  std::vector<uint32_t> children;
};

class Program {
 public:
  Program();
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;
  ~Program();

  Type type() const { return nodes_[root_].type; }
  const std::string& text() const { return text_; }
  /// Indices of the schema fields it reads, rising: what decode must provide.
  const std::vector<uint32_t>& fields() const { return fields_; }
  /// One value for every row (then evaluate returns a constant column).
  bool constant() const { return nodes_[root_].op == ProgramNode::Op::kConstant; }
  /// The field index if the program is nothing but that field.
  bool is_field(uint32_t& index) const;
  /// False: reads processing_time() or calls a volatile function (semantics R44).
  bool deterministic() const { return deterministic_; }

 private:
  friend class ProgramBuilder;
  friend class Evaluation;
  friend class Scratch;
  std::string text_;
  std::vector<ProgramNode> nodes_;
  uint32_t root_ = 0;
  std::vector<Column> constants_;
  std::vector<std::unique_ptr<ConstantSet>> sets_;
  std::vector<std::string> field_names_;  ///< By schema index, for messages; empty if not read.
  std::vector<uint32_t> fields_;
  bool deterministic_ = true;
};

/// Columns of a batch by schema index. Those that the program does not read may be null.
struct Inputs {
  std::span<const Column* const> columns;
  uint32_t rows = 0;  ///< Every index of a selection is below this.
};

/// Working memory of one program on one lane. Results of evaluate and filter live in it until its
/// next use; so every program has its own.
class Scratch {
 public:
  Scratch();
  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;
  ~Scratch();

 private:
  friend class Evaluation;
  struct Node;
  std::vector<std::unique_ptr<Node>> nodes_;
  uint64_t run_ = 0;
};

/// The value per live row; rows that are not live, or failed, are unspecified. May be an input
/// column or a constant column itself. Adds to `errors`, which the caller has started for this
/// batch; rows that had failed before must not be in `live`.
const Column& evaluate(const Program& program, const Inputs& inputs, Selection live,
                       Scratch& scratch, RowErrors& errors);

/// The live rows for which a bool program is true; NULL, false and failed rows are dropped.
Selection filter(const Program& program, const Inputs& inputs, Selection live, Scratch& scratch,
                 RowErrors& errors);

}  // namespace millrace
