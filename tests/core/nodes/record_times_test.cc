// Times of records that are not yet in a batch: the same as the source's node gives to them.
#include "nodes/record_times.h"

#include "core/nodes/chunks.h"

namespace millrace {
namespace {

using Unit = EventTimeConfig::Unit;

constexpr EventTime kNow = 1'700'000'000 * kSecondUs;

SourcePlan plan_of(Unit unit, std::string_view path = "t") {
  SourcePlan plan;
  plan.time.configured = true;
  plan.time.path = split_path(path);
  plan.time.unit = unit;
  plan.fields = Schema({{"n", Type::kInt8}});
  return plan;
}

std::unique_ptr<SourceNode> node_of(SourcePlan plan) {
  auto node = std::make_unique<SourceNode>("in", std::move(plan));
  node->set_wanted(std::vector<bool>(node->shape().schema.size()));
  return node;
}

/// What prepare() makes of it, arriving at kNow.
EventTime prepared(const SourceNode& node, const Sent& record) {
  auto chunk = chunk_of(node, {record});
  chunk->arrival_us = kNow;
  node.prepare(*chunk);
  return node.times(*chunk)[0];
}

/// Told ahead; and that prepare() tells the same.
EventTime told(const SourcePlan& plan, const Sent& record) {
  const auto node = node_of(plan);
  auto times = node->record_times();
  const EventTime time = times->read(record.value, record.time, kNow);
  EXPECT_EQ(prepared(*node, record), time) << record.value;
  EXPECT_EQ(times->read(record.value, record.time, kNow), time) << "read again";
  return time;
}

TEST(RecordTimes, R22_TheFieldIsReadInItsUnitAndNotTheSourcesTime) {
  EXPECT_EQ(told(plan_of(Unit::kSeconds), {7, R"({"t":1.5,"n":1})"}), 1'500'000);
  EXPECT_EQ(told(plan_of(Unit::kMillis), {7, R"({"n":1,"t":"-3"})"}), -3000);
  EXPECT_EQ(told(plan_of(Unit::kNanos), {7, R"({"t":-1})"}), -1) << "floored";
  EXPECT_EQ(told(plan_of(Unit::kMicros), {7, R"({"t":1,"t":2})"}), 2) << "the last one wins";
  EXPECT_EQ(told(plan_of(Unit::kMicros, "meta.at"), {7, R"({"t":1,"meta":{"at":5}})"}), 5);
  EXPECT_EQ(told(plan_of(Unit::kRfc3339), {7, R"({"t":"1970-01-01T01:00:00.000001+01:00"})"}), 1);
}

TEST(RecordTimes, R22_LocalTimesHaveTheirZone) {
  SourcePlan plan = plan_of(Unit::kLocal);
  auto zone = Zone::find("Europe/Berlin");
  ASSERT_TRUE(zone);
  auto pattern = LocalPattern::compile("%Y-%m-%d %H:%M");
  ASSERT_TRUE(pattern);
  plan.time.local = LocalTimeFormat{*zone, *pattern};
  constexpr EventTime kHour = 3600 * kSecondUs;
  const EventTime before = told(plan, {7, R"({"t":"2023-03-26 01:30"})"});
  EXPECT_EQ(before, INT64_C(1679790600) * kSecondUs);
  EXPECT_EQ(told(plan, {7, R"({"t":"2023-03-26 03:30"})"}) - before, kHour)
      << "one hour is missing";
}

TEST(RecordTimes, R14_WhatCannotBeUsedIsNoTime) {
  SourcePlan plan = plan_of(Unit::kSeconds);
  plan.time.bounds_from = 0;
  for (const char* value :
       {"{}", R"({"t":null})", R"({"t":"soon"})", R"({"t":{}})", R"({"t":-1})", R"({"t":1e30})",
        R"({"t":1)", R"([1])", "", "null", "\"t\"", R"({"t":1} {})", "{\"t\":1,\"n\":\"\xff\"}"}) {
    EXPECT_EQ(told(plan, {7, value}), kTimeNone) << value;
  }
  EXPECT_EQ(told(plan, {7, R"({"t":1700003600})"}), kNow + 3600 * kSecondUs);
  EXPECT_EQ(told(plan, {7, R"({"t":1700003601})"}), kTimeNone) << "further ahead than max_future";
  plan.time.bounds_to = 5 * kSecondUs;
  EXPECT_EQ(told(plan, {7, R"({"t":5})"}), kTimeNone) << "bounds are half open";
}

TEST(RecordTimes, R22_AConstantMakesHeadsEquallyOld) {
  SourcePlan plan;
  plan.fields = Schema({{"n", Type::kInt8}});
  plan.time.configured = true;
  plan.time.constant = 5;
  EXPECT_EQ(told(plan, {7, "{}"}), 5) << "whatever the source says";
  EXPECT_EQ(told(plan, {kTimeNone, R"({"n":1})"}), 5);
  EXPECT_EQ(node_of(plan)->record_times()->read({}, kTimeNone, kNow), 5) << "a tombstone";
}

TEST(RecordTimes, R29_ATombstoneHasNoFields) {
  auto times = node_of(plan_of(Unit::kSeconds))->record_times();
  EXPECT_EQ(times->read({}, 7, kNow), kTimeNone);
  EXPECT_EQ(times->read(R"({"t":1})", 7, kNow), kSecondUs) << "and harms nobody behind it";
}

TEST(RecordTimes, R1_WithoutAFieldItIsTheSourcesOwn) {
  SourcePlan plan;
  plan.fields = Schema({{"n", Type::kInt8}});
  EXPECT_EQ(told(plan, {7, "{}"}), 7);
  EXPECT_EQ(node_of(plan)->record_times()->read("{}", kTimeNone, kNow), kTimeNone);
  plan.time.configured = true;
  EXPECT_EQ(told(plan, {7, "{}"}), 7);
  EXPECT_EQ(told(plan, {kTimeNone, "{}"}), kTimeNone);
  plan.time.bounds_from = 8;
  EXPECT_EQ(told(plan, {7, "{}"}), kTimeNone);
}

}  // namespace
}  // namespace millrace
