#include "base/log.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace {
namespace {

// Hidden secrets stay hidden for the life of the process, so every test here has its own.

TEST(Log, MasksASecretWhereverItStands) {
  hide_in_log("s3cr3t-one");
  EXPECT_EQ(masked("url=http://u:s3cr3t-one@h/?t=s3cr3t-one"), "url=http://u:***@h/?t=***");
  EXPECT_EQ(masked("s3cr3t-ones3cr3t-one"), "******");
  EXPECT_EQ(masked("nothing to hide"), "nothing to hide");
  EXPECT_EQ(masked(""), "");
}

TEST(Log, IgnoresSecretsTooShortToHide) {
  hide_in_log("qzx");
  hide_in_log("");
  EXPECT_EQ(masked("a qzx in the text"), "a qzx in the text");
  hide_in_log("qzxw");
  EXPECT_EQ(masked("a qzxw in the text"), "a *** in the text");
}

TEST(Log, MasksASecretOfStarsOnce) {
  hide_in_log("****@");
  EXPECT_EQ(masked("x****@y"), "x***y");
  EXPECT_EQ(masked("x****@@y"), "x***@y");
}

TEST(Log, AShortSecretInsideALongOneDoesNotBareTheRest) {
  hide_in_log("tok-abcd");
  hide_in_log("tok-abcd-and-the-private-rest");
  const std::string text = masked("token tok-abcd-and-the-private-rest.");
  EXPECT_EQ(text.find("private-rest"), std::string::npos) << text;
}

TEST(Log, WritesOneMaskedLinePerCall) {
  hide_in_log("hunter22");
  testing::internal::CaptureStderr();
  log_warn("password hunter22 is bad");
  const std::string line = testing::internal::GetCapturedStderr();
  // HH:MM:SS level text
  EXPECT_EQ(line.find("hunter22"), std::string::npos) << line;
  EXPECT_NE(line.find("password *** is bad\n"), std::string::npos) << line;
  EXPECT_NE(line.find(" warn"), std::string::npos) << line;
  ASSERT_GT(line.size(), 8u);
  EXPECT_EQ(line[2], ':');
  EXPECT_EQ(line[5], ':');
}

TEST(Log, LeavesOutWhatIsBelowTheLevel) {
  const LogLevel before = log_level();
  set_log_level(LogLevel::kWarn);
  testing::internal::CaptureStderr();
  log_debug("one");
  log_info("two");
  log_warn("three");
  log_error("four");
  const std::string text = testing::internal::GetCapturedStderr();
  set_log_level(before);
  EXPECT_EQ(text.find("one"), std::string::npos);
  EXPECT_EQ(text.find("two"), std::string::npos);
  EXPECT_NE(text.find("three"), std::string::npos);
  EXPECT_NE(text.find("four"), std::string::npos);
}

TEST(Log, BracesInTheTextAreText) {
  testing::internal::CaptureStderr();
  log_error("{\"a\": {}} %s {0}");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("{\"a\": {}} %s {0}"), std::string::npos);
}

}  // namespace
}  // namespace millrace
