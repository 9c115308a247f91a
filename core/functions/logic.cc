// Three-valued logic: the tests that see NULLs, and the table's lines for the forms whose later
// arms are not always evaluated (the evaluator knows those; see evaluate.cc).

#include <array>

#include "functions/kernel.h"

namespace millrace {
namespace {

template <bool kWanted>
void null_test(const KernelCall& call) {
  const Column& a = *call.args[0];
  uint8_t* out = cells_of<uint8_t>(call.out);
  each_row(call.rows, [&](uint32_t row) { out[row] = !a.valid(row) == kWanted; });
}

/// `is true` and its kin: never NULL.
template <uint8_t kValue, bool kWanted>
void bool_test(const KernelCall& call) {
  const Column& a = *call.args[0];
  const uint8_t* values = cells_of<uint8_t>(a);
  uint8_t* out = cells_of<uint8_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const bool is = a.valid(row) && values[a.constant ? 0 : row] == kValue;
    out[row] = is == kWanted;
  });
}

constexpr Type kB = Type::kBool;

constexpr std::array kEntries = {
    nullable(entry("is null", {kB}, kB, null_test<true>, "True for NULL.", "null is null", "true"),
             true),
    nullable(entry("is not null", {kB}, kB, null_test<false>, "False for NULL.", "null is not null",
                   "false"),
             true),
    nullable(entry("is true", {kB}, kB, bool_test<1, true>, "True only for true.",
                   "null::bool is true", "false")),
    nullable(entry("is not true", {kB}, kB, bool_test<1, false>, "True for false and NULL.",
                   "null::bool is not true", "true")),
    nullable(entry("is false", {kB}, kB, bool_test<0, true>, "True only for false.",
                   "false is false", "true")),
    nullable(entry("is not false", {kB}, kB, bool_test<0, false>, "True for true and NULL.",
                   "false is not false", "false")),
    nullable(entry("is unknown", {kB}, kB, null_test<true>, "True for NULL.",
                   "null::bool is unknown", "true")),
    nullable(entry("is not unknown", {kB}, kB, null_test<false>, "False for NULL.",
                   "true is not unknown", "true")),
    // Forms: the kernel is the evaluator's.
    nullable(entry("not", {kB}, kB, nullptr, "NULL stays NULL.", "not null::bool", "NULL")),
    nullable(entry("and", {kB, kB}, kB, nullptr,
                   "False if one is false, else NULL if one is NULL; stops at the first false.",
                   "null and false", "false")),
    nullable(entry("or", {kB, kB}, kB, nullptr,
                   "True if one is true, else NULL if one is NULL; stops at the first true.",
                   "null or true", "true")),
    nullable(
        entry("case", {kB}, kB, nullptr,
              "The result of the first condition that is true; other results are not computed.",
              "case when 1 > 2 then 'a' else 'b' end", "b"),
        true),
    nullable(entry("coalesce", {kB}, kB, nullptr, "The first argument that is not NULL.",
                   "coalesce(null, 2, 1 / 0)", "2"),
             true),
    nullable(entry("nullif", {kB, kB}, kB, nullptr, "NULL if both are equal, else the first.",
                   "nullif(1, 1)", "NULL"),
             true),
    nullable(entry("greatest", {kB}, kB, nullptr, "The largest argument; NULLs do not count.",
                   "greatest(1, null, 3)", "3"),
             true),
    nullable(entry("least", {kB}, kB, nullptr, "The smallest argument; NULLs do not count.",
                   "least(1, null, 3)", "1"),
             true),
    nullable(
        entry("in", {kB, kB}, kB, nullptr,
              "True if equal to an item; else NULL if an item is NULL.", "2 in (1, 2)", "true"),
        true),
    nullable(entry("between", {kB, kB, kB}, kB, nullptr,
                   "Within both bounds; `symmetric` sorts the bounds first.",
                   "2 between symmetric 3 and 1", "true"),
             true),
    nullable(entry("is distinct from", {kB, kB}, kB, nullptr, "<> for which NULL is a value.",
                   "null is distinct from 1", "true"),
             true),
};

}  // namespace

std::span<const Function> logic_functions() { return kEntries; }

}  // namespace millrace
