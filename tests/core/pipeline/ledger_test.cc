#include <gtest/gtest.h>

#include "base/hex.h"
#include "json/document.h"
#include "json/write.h"
#include "pipeline/ledger_json.h"

namespace millrace {
namespace {

TEST(Hex, WritesAndReadsAnyBytes) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  const std::string hex = to_hex(bytes);
  EXPECT_EQ(hex.substr(0, 6), "000102");
  EXPECT_EQ(hex.substr(hex.size() - 4), "feff");
  std::string back = "old";
  ASSERT_TRUE(from_hex(hex, back));
  EXPECT_EQ(back, bytes);
  ASSERT_TRUE(from_hex("", back));
  EXPECT_EQ(back, "");
}

TEST(Hex, RefusesWhatIsNoPairsOfDigits) {
  std::string bytes;
  for (const char* bad : {"0", "0g", "g0", "00 ", "0x00", "-1", "zz", "é"}) {
    EXPECT_FALSE(from_hex(bad, bytes)) << bad;
  }
}

OperatorCounters counted() {
  OperatorCounters counters;
  counters.in = 10;
  counters.rows = 15;
  counters.used = 5;
  counters.late = 4;
  counters.late_partial = 2;
  counters.filtered = 3;
  counters.duplicates = 2;
  counters.errors = 1;
  counters.out = 7;
  return counters;
}

TEST(Ledger, R48_BalancesWhenEveryRowHasOneFate) {
  EXPECT_TRUE(OperatorCounters().balanced());
  OperatorCounters counters = counted();
  EXPECT_TRUE(counters.balanced());
  counters.late_partial = 5;
  EXPECT_TRUE(counters.balanced()) << "late_partial is a part of used";
  ++counters.rows;
  EXPECT_FALSE(counters.balanced());
}

TEST(Ledger, DifferenceIsByName) {
  Ledger earlier, later;
  earlier.operators = {{"gone", counted()}, {"kept", counted()}};
  OperatorCounters twice = counted();
  twice.rows += 100;
  twice.used += 90;
  twice.errors += 10;
  later.operators = {{"kept", twice}, {"fresh", counted()}};
  earlier.sources = {{"edits", {10, 1000, 1, 2}}};
  later.sources = {{"edits", {15, 1700, 1, 5}}};
  earlier.sinks = {{"out", {1, 10}}};
  later.sinks = {{"out", {4, 40}}};
  const Ledger run = difference(later, earlier);
  ASSERT_EQ(run.operators.size(), 2u);
  EXPECT_EQ(run.operators[0].name, "kept");
  EXPECT_EQ(run.operators[0].counters.rows, 100u);
  EXPECT_EQ(run.operators[0].counters.used, 90u);
  EXPECT_EQ(run.operators[0].counters.late, 0u);
  EXPECT_EQ(run.operators[0].counters.errors, 10u);
  EXPECT_EQ(run.operators[1].counters.rows, 15u);
  EXPECT_EQ(run.sources[0].counters.records, 5u);
  EXPECT_EQ(run.sources[0].counters.bytes, 700u);
  EXPECT_EQ(run.sources[0].counters.errors, 0u);
  EXPECT_EQ(run.sources[0].counters.skipped, 3u);
  EXPECT_EQ(run.sinks[0].counters.records, 3u);
  EXPECT_EQ(run.sinks[0].counters.bytes, 30u);
}

TEST(Ledger, IsWrittenUnderTheNamesOfTheReport) {
  EXPECT_EQ(
      to_json(counters_json(counted())),
      R"({"in":10,"rows":15,"used":5,"late":4,"late_partial":2,"filtered":3,"duplicates":2,"errors":1,"out":7})");
  EXPECT_EQ(to_json(counters_json(SourceCounters{1, 2, 3, 4})),
            R"({"records":1,"bytes":2,"errors":3,"skipped":4})");
  EXPECT_EQ(to_json(counters_json(SinkCounters{1, 2})), R"({"records":1,"bytes":2})");
}

TEST(Ledger, CountersComeBack) {
  OperatorCounters back;
  read_counters(counters_json(counted()), back);
  EXPECT_EQ(to_json(counters_json(back)), to_json(counters_json(counted())));
  SourceCounters source;
  read_counters(counters_json(SourceCounters{1, 2, 3, 4}), source);
  EXPECT_EQ(source.skipped, 4u);
}

TEST(Ledger, MissingMembersStayAsTheyAre) {
  auto json = parse_json(R"({"rows":7,"used":"many","new":1})", "test");
  ASSERT_TRUE(json);
  OperatorCounters counters = counted();
  read_counters(json->root, counters);
  EXPECT_EQ(counters.rows, 7u);
  EXPECT_EQ(counters.used, 5u);
  EXPECT_EQ(counters.in, 10u);
}

}  // namespace
}  // namespace millrace
