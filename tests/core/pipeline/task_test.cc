// What a task makes of figures that only the log knows.
#include "pipeline/task.h"

#include "small_pipeline.h"
#include "support/wrapped_commit_log.h"

namespace millrace {
namespace {

/// Holds nothing in memory, and says that it does.
class HeavyLog final : public WrappedCommitLog {
 public:
  HeavyLog(CommitLog& inner, uint64_t bytes) : WrappedCommitLog(inner), bytes_(bytes) {}
  uint64_t bytes_in_memory() const override { return bytes_; }

 private:
  const uint64_t bytes_;
};

Result<Ending> run_with(uint64_t kept_bytes, uint64_t limit_bytes) {
  const TemporaryDirectory dir;
  auto below = open_log(dir);
  HeavyLog log(*below, kept_bytes);
  Graph graph;
  graph.finish();
  Committer committer(graph, log);
  TaskOptions options;
  options.state_limit_bytes = limit_bytes;
  return Task(graph, committer, {}, options).run();
}

TEST(Task, R52_WhatTheLogKeepsInMemoryIsState) {
  EXPECT_TRUE(run_with(2 << 20, 2 << 20));
  const auto refused = run_with((2 << 20) + 1, 2 << 20);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kFailed);
  for (const char* part : {"limits.state", "keep: cache", "2 MiB"})
    EXPECT_NE(refused.error().message.find(part), std::string::npos) << refused.error().message;
}

}  // namespace
}  // namespace millrace
