#pragma once

/// Building blocks for kernels: loops over the live rows with the common shapes (all rows,
/// a selection, a constant operand) written once, and table entries in one line.

#include <array>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "functions/function.h"

namespace millrace {

/// How a C++ type is stored in a column: bool as uint8_t, all integers and times as int64_t.
template <class T>
const T* cells_of(const Column& column);
template <>
inline const uint8_t* cells_of<uint8_t>(const Column& column) {
  return column.bools.data();
}
template <>
inline const int64_t* cells_of<int64_t>(const Column& column) {
  return column.ints.data();
}
template <>
inline const double* cells_of<double>(const Column& column) {
  return column.floats.data();
}
template <>
inline const std::string_view* cells_of<std::string_view>(const Column& column) {
  return column.texts.data();
}
template <class T>
T* cells_of(Column& column) {
  return const_cast<T*>(cells_of<T>(std::as_const(column)));
}

/// body(row) for every live row. Two loops, so that the common one vectorises.
template <class Body>
inline void each_row(Selection rows, Body body) {
  if (!rows.rows) {
    for (uint32_t row = 0; row < rows.count; ++row) body(row);
  } else {
    for (uint32_t i = 0; i < rows.count; ++i) body(rows.rows[i]);
  }
}

/// out[row] = apply(a[row]).
template <class Out, class A, class Apply>
inline void map1(const KernelCall& call, Apply apply) {
  Out* out = cells_of<Out>(call.out);
  const A* a = cells_of<A>(*call.args[0]);
  if (call.args[0]->constant) {
    each_row(call.rows, [=](uint32_t row) { out[row] = apply(a[0]); });
  } else {
    each_row(call.rows, [=](uint32_t row) { out[row] = apply(a[row]); });
  }
}

/// out[row] = apply(a[row], b[row]).
template <class Out, class A, class B, class Apply>
inline void map2(const KernelCall& call, Apply apply) {
  Out* out = cells_of<Out>(call.out);
  const A* a = cells_of<A>(*call.args[0]);
  const B* b = cells_of<B>(*call.args[1]);
  const bool constant_a = call.args[0]->constant, constant_b = call.args[1]->constant;
  if (constant_a && constant_b) {
    each_row(call.rows, [=](uint32_t row) { out[row] = apply(a[0], b[0]); });
  } else if (constant_b) {
    const B fixed = b[0];
    each_row(call.rows, [=](uint32_t row) { out[row] = apply(a[row], fixed); });
  } else if (constant_a) {
    const A fixed = a[0];
    each_row(call.rows, [=](uint32_t row) { out[row] = apply(fixed, b[row]); });
  } else {
    each_row(call.rows, [=](uint32_t row) { out[row] = apply(a[row], b[row]); });
  }
}

struct Fault {
  std::string_view sqlstate;
  const char* text;
};

/// The cell of argument `i` for a row; only where it is valid.
template <class T>
inline const T& argument(const KernelCall& call, size_t i, uint32_t row) {
  const Column& column = *call.args[i];
  return cells_of<T>(column)[column.constant ? 0 : row];
}

/// Lists of one family joined to one table.
template <class Item, size_t... kSizes>
constexpr auto joined(const std::array<Item, kSizes>&... parts) {
  std::array<Item, (kSizes + ...)> all{};
  size_t i = 0;
  const auto append = [&](const auto& part) {
    for (const Item& item : part) all[i++] = item;
  };
  (append(parts), ...);
  return all;
}

/// map1 and map2 for operations that may fail. Op::apply(…, bool& bad) must be total and sets bad
/// (never clears it); the loop only ORs that flag, so it stays branch-free; the rows at fault
/// are looked for in a second pass, which hardly ever runs. Op::fault(…) says why.
template <class Op, class Out, class A>
inline void checked1(const KernelCall& call) {
  bool bad = false;
  map1<Out, A>(call, [&bad](A a) { return Op::apply(a, bad); });
  if (!bad) return;
  const Column& first = *call.args[0];
  each_row(call.rows, [&](uint32_t row) {
    const A a = cells_of<A>(first)[first.constant ? 0 : row];
    bool failed = false;
    Op::apply(a, failed);
    if (!failed) return;
    const Fault fault = Op::fault(a);
    call.fail(row, fault.sqlstate, fault.text);
  });
}

template <class Op, class Out, class A, class B>
inline void checked2(const KernelCall& call) {
  bool bad = false;
  map2<Out, A, B>(call, [&bad](A a, B b) { return Op::apply(a, b, bad); });
  if (!bad) return;
  const Column& first = *call.args[0];
  const Column& second = *call.args[1];
  each_row(call.rows, [&](uint32_t row) {
    const A a = cells_of<A>(first)[first.constant ? 0 : row];
    const B b = cells_of<B>(second)[second.constant ? 0 : row];
    bool failed = false;
    Op::apply(a, b, failed);
    if (!failed) return;
    const Fault fault = Op::fault(a, b);
    call.fail(row, fault.sqlstate, fault.text);
  });
}

/// A table entry of a strict, immutable function.
constexpr Function entry(std::string_view name, std::initializer_list<Type> args, Type result,
                         Kernel kernel, std::string_view doc, std::string_view example,
                         std::string_view example_result) {
  Function function{name,
                    {},
                    static_cast<uint8_t>(args.size()),
                    false,
                    result,
                    Nulls::kStrict,
                    Volatility::kImmutable,
                    Cast::kNone,
                    kernel,
                    doc,
                    example,
                    example_result,
                    Rest::kNone,
                    false};
  size_t i = 0;
  for (const Type type : args) function.args[i++] = type;
  return function;
}

/// A function that sees NULLs; `any`: of every type.
constexpr Function nullable(Function function, bool any = false) {
  function.nulls = Nulls::kHandles;
  function.any_args = any;
  return function;
}

/// A function of any number of further arguments; it sees NULLs.
constexpr Function variadic(Function function, Rest rest) {
  function.nulls = Nulls::kHandles;
  function.rest = rest;
  return function;
}

/// A variadic function that is NULL of a NULL first argument.
constexpr Function null_of_first(Function function) {
  function.nulls = Nulls::kFirst;
  return function;
}

/// A function that PostgreSQL does not have.
constexpr Function ours(Function function) {
  function.ours = true;
  return function;
}

constexpr Function cast_entry(Type from, Type to, Cast cast, Kernel kernel, std::string_view doc,
                              std::string_view example, std::string_view example_result) {
  Function function = entry("::", {from}, to, kernel, doc, example, example_result);
  function.cast = cast;
  return function;
}

// The families; table.cc joins them.
std::span<const Function> comparison_functions();
std::span<const Function> arithmetic_functions();
std::span<const Function> logic_functions();
std::span<const Function> text_functions();
std::span<const Function> like_functions();
std::span<const Function> cast_functions();
std::span<const Function> time_functions();
std::span<const Function> math_functions();
std::span<const Function> numeric_functions();
std::span<const Function> numeric_casts();
std::span<const Function> calendar_functions();
std::span<const Function> calendar_casts();
std::span<const Function> string_functions();
std::span<const Function> character_functions();
std::span<const Function> digest_functions();
std::span<const Function> pattern_functions();
std::span<const Function> similar_functions();
std::span<const Function> array_functions();
std::span<const Function> array_text_functions();
std::span<const Function> array_fold_functions();
std::span<const Function> json_build_functions();
std::span<const Function> format_functions();
std::span<const Function> jsonb_functions();
std::span<const Function> to_char_functions();
std::span<const Function> number_to_char_functions();
std::span<const Function> reading_functions();
std::span<const Function> place_functions();
std::span<const Function> zone_functions();

}  // namespace millrace
