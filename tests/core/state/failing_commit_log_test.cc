#include "support/failing_commit_log.h"

#include <gtest/gtest.h>

#include "state_fixture.h"

namespace millrace {
namespace {

TEST(FailingCommitLog, FailsBeforeOrAfterTheNth) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  FailingCommitLog before(*log, 2, FailingCommitLog::When::kBefore);
  EXPECT_TRUE(before.commit(commit_of(1)));
  EXPECT_FALSE(before.commit(commit_of(2)));
  EXPECT_EQ(last_epoch(before), 1u);
  EXPECT_TRUE(before.commit(commit_of(2)));

  FailingCommitLog after(*log, 1, FailingCommitLog::When::kAfter, Code::kUnavailable);
  const auto failed = after.commit(commit_of(3));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::kUnavailable);
  EXPECT_EQ(last_epoch(after), 3u);
  EXPECT_EQ(after.failures(), 1u);
}

}  // namespace
}  // namespace millrace
