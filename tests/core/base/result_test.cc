#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/assert.h"

namespace millrace {
namespace {

Result<void> fail_if(bool fails) {
  if (fails) return Error{Code::kUnavailable, "no network"};
  return {};
}

Result<int> seven_unless(bool fails) {
  MILLRACE_TRY(fail_if(fails));
  return 7;
}

TEST(Result, IsAValueOrAnError) {
  const Result<int> good = seven_unless(false);
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, 7);
  const Result<int> bad = seven_unless(true);
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().code, Code::kUnavailable);
  EXPECT_EQ(bad.error().message, "no network");
}

TEST(Result, MovesItsValueOut) {
  Result<std::unique_ptr<int>> made(std::make_unique<int>(5));
  std::unique_ptr<int> taken = *std::move(made);
  EXPECT_EQ(*taken, 5);
}

TEST(Result, AResultOfAnErrorLikeValueIsStillAValue) {
  const Result<std::string> text(std::string("no network"));
  ASSERT_TRUE(text);
  EXPECT_EQ(text->size(), 10u);
}

TEST(Error, GainsContextInFront) {
  const Error error = Error{Code::kCorrupt, "line 3"}.in("edits");
  EXPECT_EQ(error.code, Code::kCorrupt);
  EXPECT_EQ(error.message, "edits: line 3");
}

TEST(AssertDeathTest, PrintsWhatWasFalseAndAborts) {
  MILLRACE_ASSERT(1 + 1 == 2);
  EXPECT_DEATH(MILLRACE_ASSERT(1 + 1 == 3), "internal error: 1 \\+ 1 == 3 is false");
}

}  // namespace
}  // namespace millrace
