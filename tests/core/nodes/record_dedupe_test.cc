// The host's duplicate filter goes by the times that the source's node will see (sources.md P4).
#include "nodes/record_dedupe.h"

#include "core/nodes/chunks.h"

namespace millrace {
namespace {

constexpr EventTime kArrival = 1'700'000'000 * kSecondUs;

struct Asked {
  bool filtered;  ///< The filter is asked at all.
  EventTime time;
  bool operator==(const Asked&) const = default;
};

Asked asked(EventTimePlan time, const Sent& record) {
  RecordDedupe dedupe({{{{"id"}, Type::kInt8, CellFormat::kTyped}}, std::move(time)});
  const DedupeColumns& columns = dedupe.read(batch_of({record}), kArrival);
  return {columns.hash[0] != 0, columns.time_us[0]};
}

TEST(RecordDedupe, R1_TheTimeIsTheSourcesElseThatOfArrival) {
  EXPECT_EQ(asked({}, {7, R"({"id":1})"}), (Asked{true, 7}));
  EXPECT_EQ(asked({}, {kTimeNone, R"({"id":1})"}), (Asked{true, kArrival}));
  EXPECT_EQ(asked({}, {7, R"({"id":null})"}), (Asked{false, 7}));
}

TEST(RecordDedupe, R14_TheTimeIsJudgedAsTheSourcesNodeDoes) {
  EventTimePlan plan;
  plan.configured = true;
  plan.bounds_from = 8;
  EXPECT_EQ(asked(plan, {8, R"({"id":1})"}), (Asked{true, 8}));
  EXPECT_EQ(asked(plan, {7, R"({"id":1})"}), (Asked{false, kTimeNone})) << "leaves by .errors";
  EXPECT_EQ(asked(plan, {kTimeNone, R"({"id":1})"}), (Asked{false, kTimeNone}));
  plan.path = {"t"};
  plan.unit = EventTimeConfig::Unit::kMicros;
  EXPECT_EQ(asked(plan, {7, R"({"id":1,"t":9})"}), (Asked{true, 9}));
  EXPECT_EQ(asked(plan, {9, R"({"id":1,"t":7})"}), (Asked{false, kTimeNone}));
  plan.constant = 5;
  plan.path.clear();
  EXPECT_EQ(asked(plan, {7, R"({"id":1})"}), (Asked{true, 5}));
}

}  // namespace
}  // namespace millrace
