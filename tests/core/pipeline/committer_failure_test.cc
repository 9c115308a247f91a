// What a commit that fails leaves behind, and stored commits that cannot be read.
#include "small_pipeline.h"
#include "support/failing_commit_log.h"

namespace millrace {
namespace {

TEST(Committer, ACommitThatFailsLeavesTheLastOneInForce) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  {
    FailingCommitLog failing(*log, 2, FailingCommitLog::When::kBefore);
    Pipeline p;
    p.op->text = "first";
    p.op->counters.rows = 1;
    Committer committer(p.graph, failing);
    ASSERT_EQ(error_of(committer.commit({{"a", 1}}, {})), "");
    p.op->text = "second";
    p.op->counters.rows = 2;
    const auto failed = committer.commit({{"b", 2}}, {});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Code::kFailed);
    EXPECT_EQ(committer.epoch(), 1u);
    EXPECT_EQ(committer.commits(), 1u);
    EXPECT_EQ(committer.committed().operators.at(0).counters.rows, 1u);
  }
  // The restart in process builds all anew.
  Pipeline p;
  Committer committer(p.graph, *log);
  ASSERT_EQ(error_of(committer.restore({})), "");
  EXPECT_EQ(committer.epoch(), 1u);
  EXPECT_EQ(committer.resume()[0].snapshot, "a");
  EXPECT_EQ(committer.resume()[0].skip, 1u);
  EXPECT_EQ(p.op->text, "first");
  EXPECT_EQ(p.op->counters.rows, 1u);
  ASSERT_EQ(error_of(committer.commit({{"b", 2}}, {})), "");
  EXPECT_EQ(last_epoch(*log), 2u);
}

TEST(Committer, ACommitThatTookEffectUnheardIsBelieved) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  {
    FailingCommitLog failing(*log, 1, FailingCommitLog::When::kAfter, Code::kUnavailable);
    Pipeline p;
    p.op->text = "took effect";
    Committer committer(p.graph, failing);
    const auto failed = committer.commit({{"a", 1}}, {});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Code::kUnavailable);
    EXPECT_EQ(committer.epoch(), 0u);
  }
  Pipeline p;
  Committer committer(p.graph, *log);
  ASSERT_EQ(error_of(committer.restore({})), "");
  EXPECT_EQ(committer.epoch(), 1u);
  EXPECT_EQ(committer.resume()[0].snapshot, "a");
  EXPECT_EQ(p.op->text, "took effect");
}

TEST(Committer, WhatIsCountedAfterACommitIsNotCommitted) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Pipeline p;
  Committer committer(p.graph, *log);
  p.apply(at_times({1, 2}));
  ASSERT_TRUE(committer.commit({{"", 0}}, {}));
  p.apply(at_times({3}));
  EXPECT_EQ(committer.committed().sources.at(0).counters.records, 2u);
  EXPECT_EQ(p.graph.ledger().sources.at(0).counters.records, 3u);
}

/// What restore() says to a stored meta.
Error refusal(const std::string& meta) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Commit commit;
  commit.epoch = 1;
  commit.meta = meta;
  EXPECT_TRUE(log->commit(commit));
  Pipeline p;
  const auto restored = Committer(p.graph, *log).restore({});
  return restored ? Error{Code::kCancelled, "restored"} : restored.error();
}

TEST(Committer, StateOfANewerReleaseIsRefused) {
  const Error error = refusal(R"({"format":2,"sources":{},"operators":{},"sinks":{}})");
  EXPECT_EQ(error.code, Code::kFailed);
  EXPECT_NE(error.message.find("newer release"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("--fresh"), std::string::npos) << error.message;
}

TEST(Committer, DamagedStateIsToldNotGuessed) {
  for (const char* meta : {"", "{", "[]", "{}", R"({"format":"1"})"}) {
    const Error error = refusal(meta);
    EXPECT_NE(error.code, Code::kCancelled) << meta;
  }
  for (const char* source :
       {R"({"skip":1})", R"({"snapshot":"0"})", R"({"snapshot":"xy"})", R"({"snapshot":7})"}) {
    const Error error = refusal(std::string(R"({"format":1,"sources":{"edits":)") + source + "}}");
    EXPECT_EQ(error.code, Code::kCorrupt) << source;
    EXPECT_NE(error.message.find("edits"), std::string::npos) << error.message;
  }
}

TEST(Committer, AnAddedSourceOrOperatorStartsEmpty) {
  EXPECT_EQ(refusal(R"({"format":1})").message, "restored");
  EXPECT_EQ(
      refusal(R"({"format":1,"sources":{"other":{"snapshot":"00"}},"operators":{},"sinks":{}})")
          .message,
      "restored");
}

}  // namespace
}  // namespace millrace
