#include <gtest/gtest.h>

#include "common/json/problem_text.h"

namespace millrace::json {
namespace {

TEST(Problem, SaysWhatTheServiceSaid) {
  EXPECT_EQ(problem_text(
                R"({"type":"not_found","title":"Stream Not Found","detail":"x is not a stream"})"),
            ": Stream Not Found: x is not a stream");
  EXPECT_EQ(problem_text("<html>"), "");
  EXPECT_EQ(problem_text(""), "");
  EXPECT_EQ(problem_text("plain\n\x1b[31mtext"), ": plain  [31mtext");
}

TEST(Problem, OfOtherServices) {
  EXPECT_EQ(problem_text(R"({"error":"invalid_grant","error_description":"x"})"),
            ": invalid_grant: x");
  EXPECT_EQ(problem_text(R"({"detail":"No key"})"), ": No key");
}

}  // namespace
}  // namespace millrace::json
