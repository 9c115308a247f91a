#pragma once

/// The one table of functions, operators and casts. To add one, write its kernel and its entry in
/// the file of its family (arithmetic.cc, text.cc, …); nothing else changes.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "columns/column.h"
#include "columns/schema.h"
#include "functions/row_errors.h"

namespace millrace {

/// One call of a kernel: all live rows of a batch.
struct KernelCall {
  std::span<const Column* const> args;  ///< May be constant columns.
  Selection rows;                       ///< For strict functions every argument is valid here.
  uint32_t row_count;                   ///< Rows of the batch; every index is below it.
  Column& out;                          ///< Reset to the result type with row_count rows.
  RowErrors& errors;
  const Program* program;
  uint32_t place;

  void fail(uint32_t row, std::string_view sqlstate, std::string text) const {
    errors.add(row, sqlstate, program, place, std::move(text));
  }
};
using Kernel = void (*)(const KernelCall&);

enum class Nulls : uint8_t {
  kStrict,   ///< NULL in, NULL out; the kernel never sees one.
  kHandles,  ///< The kernel looks at the cells.
  kFirst,    ///< Likewise, but a first argument that is NULL always gives NULL.
};
enum class Volatility : uint8_t { kImmutable, kVolatile };
enum class Cast : uint8_t {
  kNone,
  kExplicit,  ///< Only where written.
  kImplicit,  ///< Also where a function wants the type.
};

// Types of arguments and results that stand for several, in this table only. All of one call have
// the same element type.
inline constexpr Type kAnyArray{0x30};      ///< An array.
inline constexpr Type kAnyElement{0x31};    ///< What its elements are.
inline constexpr Type kOrderedArray{0x32};  ///< An array whose elements can be compared: no jsonb.
inline constexpr Type kOrderedElement{0x33};  ///< What its elements are.
inline constexpr Type kTextsOfArray{0x34};    ///< An array, brought to the texts of its elements.
constexpr bool is_placeholder(Type type) { return type >= kAnyArray && type <= kTextsOfArray; }
/// What a type of the table is in a call whose arrays have elements of this type.
constexpr Type concrete_type(Type declared, Type element) {
  if (declared == kAnyArray || declared == kOrderedArray) return array_of(element);
  if (declared == kAnyElement || declared == kOrderedElement) return element;
  return declared == kTextsOfArray ? array_of(Type::kText) : declared;
}

/// What may follow the declared arguments: any number of any types, brought to one form.
enum class Rest : uint8_t {
  kNone,
  kText,  ///< As PostgreSQL writes the value (true is `t`).
  kJson,  ///< As jsonb.
};

struct Function {
  std::string_view
      name;  ///< "+", "lower"; "::" for casts. With a blank inside: for the binder only.
  std::array<Type, 7> args;
  uint8_t arg_count;
  bool any_args;  ///< Takes any type; `args` is ignored.
  Type result;
  Nulls nulls;
  Volatility volatility;
  Cast cast;
  Kernel kernel;  ///< Null: a form that the evaluator knows (and, case, coalesce…).
  std::string_view doc;
  std::string_view example;         ///< An expression without fields…
  std::string_view example_result;  ///< …and its value as text; "NULL" for NULL.
  Rest rest = Rest::kNone;
  bool ours = false;  ///< PostgreSQL has no such function.
};

/// The table, family by family.
std::span<const Function* const> scalar_functions();

}  // namespace millrace
