// What occurs twice is computed once, but never for fewer rows than a later use needs.

#include <gtest/gtest.h>

#include "eval_support.h"

namespace millrace {
namespace {

using Values = std::vector<std::string>;

TestBatch numbers() {
  TestBatch batch;
  batch.ints("n", {0, 1, 2, 3, std::nullopt}).ints("m", {5, 0, 5, 0, 5});
  return batch;
}

TEST(CommonNodes, InBranchesWithOtherRows) {
  const TestBatch batch = numbers();
  // The same text in both arms of CASE: neither may see the other's rows.
  EXPECT_EQ(values_of("case when n > 1 then (n * 7)::text else (n * 7)::text || 'x' end", batch),
            (Values{"0x", "7x", "14", "21", "NULL"}));
  EXPECT_EQ(values_of("case when n > 1 then n * 7 end + coalesce(m, n * 7)", batch),
            (Values{"NULL", "NULL", "19", "21", "NULL"}));
  EXPECT_EQ(values_of("coalesce(nullif(m, 0), n + 100) + (n + 100)", batch),
            (Values{"105", "202", "107", "206", "NULL"}));
}

TEST(CommonNodes, ErrorsStayWhereTheyBelong) {
  const TestBatch batch = numbers();
  EXPECT_EQ(
      values_of("case when n <> 0 then 10 / n else 0 end + case when n > 0 then 10 / n else 1 end",
                batch),
      (Values{"1", "20", "10", "6", "1"}));
  EXPECT_EQ(values_of("n <> 0 and 10 / n > 4 or m = 5 and 10 / m = 2", batch),
            (Values{"true", "true", "true", "false", "true"}));
  EXPECT_EQ(values_of("10 / n + 10 / n", batch),
            (Values{"22012 division by zero", "20", "10", "6", "NULL"}));
}

TEST(CommonNodes, ReadAFieldOnce) {
  TestBatch batch;
  batch.ints("a", {1}).ints("b", {2}).ints("unused", {3});
  auto program =
      compile_expression("(a + b) * (a + b) + case when a + b > 0 then a + b end", batch.schema());
  ASSERT_TRUE(program);
  EXPECT_EQ(program->fields(), (std::vector<uint32_t>{0, 1}));
  EXPECT_EQ(values_of("(a + b) * (a + b) + case when a + b > 0 then a + b end", batch),
            Values{"12"});
}

}  // namespace
}  // namespace millrace
