#include "small_pipeline.h"

namespace millrace {
namespace {

TEST(Committer, AFirstStartHasNothingToRestore) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Pipeline p;
  Committer committer(p.graph, *log);
  ASSERT_TRUE(committer.restore({}));
  EXPECT_EQ(committer.epoch(), 0u);
  ASSERT_EQ(committer.resume().size(), 1u);
  EXPECT_EQ(committer.resume()[0].snapshot, "");
}

TEST(Committer, R34_WhatMustSurviveComesBackTogether) {
  const TemporaryDirectory dir;
  const std::string snapshot("\0binary\xff", 8);
  {
    auto log = open_log(dir);
    Pipeline p;
    p.apply(at_times({100, 50, kTimeNone}));
    p.op->text = "state";
    p.op->counters.rows = p.op->counters.used = 2;
    p.sink->sink_counters = {7, 70};
    Committer committer(p.graph, *log);
    ASSERT_EQ(error_of(committer.commit({{snapshot, 3}}, {})), "");
    EXPECT_EQ(committer.epoch(), 1u);
    EXPECT_EQ(committer.commits(), 1u);
    ASSERT_EQ(error_of(committer.commit({{snapshot, 5}}, {})), "");
    EXPECT_EQ(committer.epoch(), 2u);
  }
  auto log = open_log(dir);
  Pipeline p;
  Committer committer(p.graph, *log);
  ASSERT_EQ(error_of(committer.restore({})), "");
  EXPECT_EQ(committer.epoch(), 2u);
  EXPECT_EQ(committer.commits(), 0u) << "of this run";
  EXPECT_EQ(committer.resume()[0].snapshot, snapshot);
  EXPECT_EQ(committer.resume()[0].skip, 5u);
  EXPECT_EQ(p.source->tracker().max_time(), 100);
  EXPECT_EQ(p.source->watermark(), 90);
  EXPECT_EQ(p.source->source_counters.records, 3u);
  EXPECT_EQ(p.source->source_counters.errors, 1u);
  EXPECT_EQ(p.op->text, "state");
  EXPECT_EQ(p.op->blocks, 1u);
  EXPECT_EQ(p.op->counters.used, 2u);
  EXPECT_EQ(p.sink->sink_counters.bytes, 70u);
  EXPECT_EQ(committer.committed().operators.at(0).counters.rows, 2u);
  ASSERT_EQ(error_of(committer.commit({{"", 0}}, {})), "");
  EXPECT_EQ(last_epoch(*log), 3u);
}

TEST(Committer, TheMetaIsReadableJson) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Pipeline p;
  Committer committer(p.graph, *log);
  ASSERT_TRUE(committer.commit({{"\x01z", 0}}, {}));
  const JsonValue meta = meta_of(*log);
  EXPECT_EQ(meta.at("/format")->as_int(), 1);
  EXPECT_EQ(meta.at("/sources/edits/snapshot")->as_string(), "017a");
  EXPECT_EQ(meta.at("/sources/edits/identity")->as_string().find("file edits.jsonl"), 0u);
  EXPECT_EQ(meta.at("/operators/per_minute/identity")->as_string().find("sum by page"), 0u);
  EXPECT_EQ(meta.at("/operators/per_minute/counters/late")->as_int(), 0);
  EXPECT_TRUE(meta.at("/sinks/out/counters/records"));
}

TEST(Committer, R20_TheEndOfInputIsNeverStored) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Pipeline p;
  p.apply(at_times({100}), true);
  EXPECT_EQ(p.source->watermark(), kTimeMax);
  Committer committer(p.graph, *log);
  ASSERT_TRUE(committer.commit({{"", 0}}, {}));
  Pipeline longer;
  ASSERT_TRUE(Committer(longer.graph, *log).restore({}));
  EXPECT_EQ(longer.source->watermark(), 90);
}

TEST(Committer, ASourceThatSawNothingComesBackSo) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Pipeline p;
  ASSERT_TRUE(Committer(p.graph, *log).commit({{"", 0}}, {}));
  Pipeline again;
  ASSERT_TRUE(Committer(again.graph, *log).restore({}));
  EXPECT_EQ(again.source->watermark(), kTimeNone);
  EXPECT_EQ(again.source->tracker().max_time(), kTimeNone);
}

TEST(Committer, R37_StateOfAnotherConfigurationIsRefused) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Pipeline p;
  p.op->text = "old";
  ASSERT_TRUE(Committer(p.graph, *log).commit({{"x", 0}}, {}));
  {
    Pipeline changed("avg by page");
    Committer committer(changed.graph, *log);
    const auto restored = committer.restore({});
    ASSERT_FALSE(restored);
    EXPECT_EQ(restored.error().code, Code::kInvalidConfig);
    for (const char* part : {"per_minute", "sum by page", "avg by page", "--forget per_minute"}) {
      EXPECT_NE(restored.error().message.find(part), std::string::npos) << restored.error().message;
    }
  }
  {
    Pipeline moved("sum by page", "per_minute", "other.jsonl");
    const auto restored = Committer(moved.graph, *log).restore({});
    ASSERT_FALSE(restored);
    EXPECT_NE(restored.error().message.find("--forget edits"), std::string::npos)
        << restored.error().message;
  }
  Pipeline changed("avg by page");
  Committer committer(changed.graph, *log);
  ASSERT_EQ(error_of(committer.restore({"per_minute"})), "");
  EXPECT_EQ(changed.op->text, "");
  EXPECT_EQ(committer.resume()[0].snapshot, "x") << "the source goes on";
}

TEST(Committer, R37_ForgottenAndRemovedOperatorsLeaveTheStoreWithTheNextCommit) {
  for (const bool forget : {true, false}) {
    const TemporaryDirectory dir;
    auto log = open_log(dir);
    Pipeline p;
    p.op->text = "old";
    ASSERT_TRUE(Committer(p.graph, *log).commit({{"x", 0}}, {}));
    Pipeline next("sum by page", forget ? "per_minute" : "per_hour");
    next.op->text = "new";
    Committer committer(next.graph, *log);
    ASSERT_EQ(error_of(committer.restore(forget ? std::vector<std::string>{"per_minute"}
                                                : std::vector<std::string>{})),
              "");
    EXPECT_EQ(stored(*log, "per_minute").size(), 1u) << "until then the old commit is in force";
    ASSERT_EQ(error_of(committer.commit({{"x", 0}}, {})), "");
    const auto left = stored(*log, "per_minute");
    EXPECT_EQ(left.size(), forget ? 1u : 0u);
    if (forget) {
      EXPECT_NE(left[0].find("new"), std::string::npos);
    }
    EXPECT_EQ(meta_of(*log).at("/operators")->members().size(), 1u);
  }
}

TEST(Committer, AForgottenSourceForgetsItsDuplicatesToo) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Pipeline p;
  p.apply({}, false, {{1, 5, 0}, {2, 6, 0}});
  ASSERT_TRUE(Committer(p.graph, *log).commit({{"x", 0}}, {}));
  {
    Pipeline next;
    Committer committer(next.graph, *log);
    ASSERT_EQ(error_of(committer.restore({"edits"})), "");
    EXPECT_EQ(committer.resume()[0].snapshot, "");
    EXPECT_TRUE(next.source->duplicates().empty());
    next.apply({}, false, {{9, 7, 0}});
    ASSERT_EQ(error_of(committer.commit({{"y", 0}}, {})), "");
    next.apply({}, false, {{10, 8'000'000'000, 0}});
    ASSERT_EQ(error_of(committer.commit({{"z", 0}}, {})), "");
  }
  Pipeline again;
  ASSERT_EQ(error_of(Committer(again.graph, *log).restore({})), "");
  EXPECT_EQ(again.source->duplicates().size(), 1u);
}

TEST(Committer, AForgottenSourceLeavesNoBlocksBehind) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Pipeline p;
  // Two blocks in one chain, so that one outlives a new chain that begins at number 0.
  std::vector<DuplicateFilter::Entry> many;
  for (uint64_t i = 0; i < 100; ++i) many.push_back({i, 5, 0});
  p.apply({}, false, many);
  Committer first(p.graph, *log);
  ASSERT_TRUE(first.commit({{"x", 0}}, {}));
  p.apply({}, false, {{1000, 6, 0}});
  ASSERT_TRUE(first.commit({{"x", 0}}, {}));
  {
    Pipeline next;
    Committer committer(next.graph, *log);
    ASSERT_EQ(error_of(committer.restore({"edits"})), "");
    next.apply({}, false, {{9, 7, 0}});
    ASSERT_EQ(error_of(committer.commit({{"y", 0}}, {})), "");
  }
  Pipeline again;
  ASSERT_EQ(error_of(Committer(again.graph, *log).restore({})), "");
  EXPECT_EQ(again.source->duplicates().size(), 1u);
}

}  // namespace
}  // namespace millrace
