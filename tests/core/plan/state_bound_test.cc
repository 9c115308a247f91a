#include "plan/state_bound.h"

#include <gtest/gtest.h>

#include "base/time.h"

namespace millrace {
namespace {

constexpr int64_t kMinute = 60 * kSecondUs;

std::string bound_of(const OperatorConfig& op, int64_t disorder_us = 5 * kSecondUs) {
  return state_bound(op, disorder_us, true);
}
OperatorConfig windowed(WindowConfig::Kind kind, int64_t size, int64_t every = 0) {
  OperatorConfig op;
  op.window.emplace();
  op.window->kind = kind;
  op.window->size_us = size;
  op.window->every_us = every;
  return op;
}

TEST(StateBound, WindowsCountWhatCanBeOpenAtOnce) {
  using Kind = WindowConfig::Kind;
  EXPECT_EQ(bound_of(windowed(Kind::kTumbling, kMinute)),
            "one group: one state for each of at most 2 open windows of 1m (out_of_orderness 5s + "
            "allowed_lateness 0s)");
  EXPECT_NE(
      bound_of(windowed(Kind::kTumbling, kMinute), 2 * kMinute).find("at most 4 open windows"),
      std::string::npos);
  EXPECT_NE(bound_of(windowed(Kind::kHopping, 10 * kMinute, kMinute)).find("at most 12 slices"),
            std::string::npos);
  EXPECT_NE(bound_of(windowed(Kind::kHopping, 12 * kMinute, 5 * kMinute)).find("at most 8 slices"),
            std::string::npos)
      << "cut at starts and ends: two to a hop";
  EXPECT_NE(bound_of(windowed(Kind::kSession, 10 * kMinute))
                .find("one state for each session with a record in the last 10m5s (gap 10m + "),
            std::string::npos)
      << bound_of(windowed(Kind::kSession, 10 * kMinute));
  EXPECT_NE(
      bound_of(windowed(Kind::kSlidingByRecord, kMinute)).find("its records of the last 2m5s"),
      std::string::npos)
      << "a right window lies up to twice the difference behind its record";
  EXPECT_NE(bound_of(windowed(Kind::kCalendar, 0)).find("each open calendar unit"),
            std::string::npos);
}

TEST(StateBound, WhatGrowsForEverIsCalledSo) {
  OperatorConfig op;
  EXPECT_EQ(state_bound(op, 0, false), "") << "keeps nothing";
  EXPECT_NE(bound_of(op).find("for ever"), std::string::npos);
  op.table.emplace();
  EXPECT_NE(bound_of(op).find("for ever"), std::string::npos);
}

TEST(StateBound, JoinsAndDedupeTellTheirTimes) {
  OperatorConfig join;
  join.join.emplace();
  join.join->within = JoinConfig::Within{.before_us = kMinute, .after_us = 3 * kMinute};
  join.allowed_lateness_us = kMinute;
  OperatorConfig tables;
  tables.join.emplace();
  EXPECT_EQ(bound_of(tables, 0), "the rows of both tables, for ever: only deletes free them");
  EXPECT_NE(bound_of(join, 0).find("left input of the last 4m, of the right one of the last 2m"),
            std::string::npos)
      << bound_of(join, 0);
  OperatorConfig dedupe;
  dedupe.dedupe.emplace();
  dedupe.dedupe->keep_us = 2 * kMinute;
  EXPECT_NE(bound_of(dedupe, kMinute).find("ids of the last 3m"), std::string::npos);
}

TEST(StateBound, CompleteSaysWhatStopsIt) {
  OperatorConfig op = windowed(WindowConfig::Kind::kTumbling, kMinute);
  op.emit.emplace();
  op.emit->mode = EmitConfig::Mode::kComplete;
  op.complete_max_rows = 12;
  EXPECT_NE(bound_of(op).find("stay for the snapshots, and above 12 rows (complete_max_rows)"),
            std::string::npos);
  op.emit->retain_us = 2 * kMinute;
  EXPECT_NE(bound_of(op).find("stay for the snapshots until W is 2m further (retain), and above"),
            std::string::npos);
}

TEST(StateBound, R52_TheLimitIsHalfOfTheMemoryUnlessConfigured) {
  LimitsConfig limits;
  EXPECT_GT(state_limit_bytes(limits), uint64_t{1} << 26);
  limits.state_bytes = 4096;
  EXPECT_EQ(state_limit_bytes(limits), 4096u);
}

}  // namespace
}  // namespace millrace
