// Once a program has seen a batch, another one of as many rows takes no memory, however many rows
// it has.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "eval_support.h"

namespace {
std::atomic<size_t> allocations{0};
}  // namespace

#ifdef __OPTIMIZE__  // Not under sanitizers, which have operators of their own.
void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* made = std::malloc(size)) return made;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
#endif

namespace millrace {
namespace {

constexpr uint32_t kRows = 1024;

TestBatch batch_without_faults() {
  std::vector<std::optional<int64_t>> a, b;
  std::vector<std::optional<double>> f;
  std::vector<std::optional<std::string>> t, digits;
  for (uint32_t row = 0; row < kRows; ++row) {
    a.push_back(row % 97);
    b.push_back(row % 11 == 0 ? std::optional<int64_t>() : row + 1);
    f.push_back(row * 0.25);
    t.push_back(row % 3 == 0 ? "edit-of-a-page-with-a-long-title" : "new");
    digits.push_back(std::to_string(row));
  }
  TestBatch batch;
  batch.ints("a", a).ints("b", b).floats("f", f).texts("t", t).texts("digits", digits);
  return batch;
}

const char* const kFaultless[] = {
    "a + b * 2",
    "f * 2 + a / b",
    "a between 3 and b and f < 100",
    "a in (1, 2, 3) or t = 'new'",
    "case when a > b then a when t like 'e%' then b else 0 end",
    "coalesce(nullif(t, 'new'), digits)",
    "t || '-' || digits",
    "upper(t)",
    "substr(t, 2, 5)",
    "replace(t, 'e', 'ee')",
    "split_part(t, '-', 2)",
    "t ~ '^e.*page'",
    "regexp_replace(t, 'a|e', 'x')",
    "md5(t)",
    "digits::int8 + 1",
    "a::text",
    "f::text",
    "a::numeric * 1.5",
    "greatest(a, b, 7)",
    "to_timestamp(a)",
    "date_trunc('hour', to_timestamp(a))",
    "extract(epoch from to_timestamp(a))",
};

size_t allocations_of(const Program& program, const TestBatch& batch, Selection rows,
                      Scratch& scratch, RowErrors& errors) {
  const size_t before = allocations.load();
  errors.start(kRows);
  evaluate(program, inputs_of(batch), rows, scratch, errors);
  return allocations.load() - before;
}

TEST(Allocations, NoneForARow) {
#ifndef __OPTIMIZE__
  GTEST_SKIP() << "nobody counts under sanitizers";
#endif
  const TestBatch batch = batch_without_faults();
  for (const char* text : kFaultless) {
    auto program = compile_expression(text, batch.schema());
    ASSERT_TRUE(program) << text << "\n" << program.error().caret();
    Scratch scratch;
    RowErrors errors;
    // The arena of the texts that are made takes its blocks in the first two.
    const size_t first = allocations_of(*program, batch, Selection::all(kRows), scratch, errors);
    EXPECT_GT(first, 0u) << text;
    allocations_of(*program, batch, Selection::all(kRows), scratch, errors);
    ASSERT_EQ(errors.size(), 0u) << text;
    const size_t few = allocations_of(*program, batch, Selection::all(8), scratch, errors);
    const size_t all = allocations_of(*program, batch, Selection::all(kRows), scratch, errors);
    EXPECT_EQ(all, few) << text;
  }
}

}  // namespace
}  // namespace millrace
