/// Checks across sources, operators and sinks.

#include <gtest/gtest.h>

#include "loading.h"

namespace millrace {
namespace {

std::string faults_of(const std::string& operators, const std::string& out_from = "in") {
  return load(with_operators(operators, out_from)).faults;
}

TEST(Names, AreLettersDigitsAndDashes) {
  EXPECT_EQ(
      faults_of(R"({"2nd": {"from": "in"}})"),
      "c.json:4:17: /operators/2nd: \"2nd\" is not a name; letters, digits, _ and -, beginning "
      "with a letter or _");
  EXPECT_EQ(
      faults_of(R"({"a.b": {"from": "in"}, "_c-1": {"from": "in"}})"),
      "c.json:4:17: /operators/a.b: \"a.b\" is not a name; letters, digits, _ and -, beginning "
      "with a letter or _");
  EXPECT_EQ(
      load(with_operators("{}"), {"pipeline=\"a/b\""}).faults,
      "--set pipeline=\"a/b\": /pipeline: not a name for a pipeline; up to 200 letters, digits, _, "
      "- and ., beginning with a letter, a digit or _");
  EXPECT_NE(load(with_operators("{}"), {"pipeline=.."}).faults, "");
  EXPECT_NE(load(with_operators("{}"), {"pipeline="}).faults, "");
}

TEST(Names, SourcesAndOperatorsShareOneSpace) {
  EXPECT_EQ(faults_of(R"({"in": {"from": "in"}})"),
            "c.json:4:17: /operators/in: \"in\" is a source already (line 3); names of sources and "
            "operators share one space");
  EXPECT_EQ(
      faults_of(R"({"in": {"from": "elephant"}})"),
      "c.json:4:17: /operators/in: \"in\" is a source already (line 3); names of sources and "
      "operators share one space\n"
      "c.json:4:32: /operators/in/from: \"elephant\" is neither a source nor an operator; there "
      "are in");
}

TEST(Names, SinksMayBeCalledLikeOperators) {
  EXPECT_EQ(faults_of(R"({"out": {"from": "in"}})", "out"), "");
}

TEST(Inputs, MustExist) {
  EXPECT_EQ(
      faults_of(R"({"a": {"from": "inn"}})"),
      "c.json:4:31: /operators/a/from: \"inn\" is neither a source nor an operator; did you mean "
      "\"in\"?");
  EXPECT_EQ(
      faults_of(R"({"a": {"from": ["in", "elephant"]}})"),
      "c.json:4:38: /operators/a/from/1: \"elephant\" is neither a source nor an operator; there "
      "are in, a");
  EXPECT_EQ(
      faults_of(R"({"a": {"from": "out"}})"),
      "c.json:4:31: /operators/a/from: \"out\" is neither a source nor an operator; it is a sink, "
      "and sinks have no output");
  EXPECT_EQ(
      faults_of(R"({"a": {"from": "in"}})", "b"),
      "c.json:5:29: /sinks/out/from: \"b\" is neither a source nor an operator; there are in, a");
}

TEST(Inputs, SideOutputsBelongToTheirKind) {
  EXPECT_EQ(
      faults_of(R"({"a": {"from": "in.late"}})"),
      "c.json:4:31: /operators/a/from: the source \"in\" has no late records; it has in.errors and "
      "in.gaps; operators have .late");
  EXPECT_EQ(
      faults_of(R"({"a": {"from": "in"}})", "a.gaps"),
      "c.json:5:29: /sinks/out/from: the operator \"a\" has no gaps; it has a.errors and a.late; "
      "sources have .gaps");
  EXPECT_EQ(
      faults_of(R"({"a": {"from": "in"}})", "a.eror"),
      "c.json:5:29: /sinks/out/from: \"a.eror\" is neither a source nor an operator; did you mean "
      "\"a.errors\"?");
  EXPECT_EQ(faults_of(R"({"a": {"from": "in.errors"}, "b": {"from": "in.gaps"}})", "a.late"), "");
}

TEST(Inputs, AreSplitAtTheSideOutput) {
  const Loading loading = load(with_operators(R"({"a": {"from": ["in", "in.errors"]}})", "a.late"));
  ASSERT_EQ(loading.faults, "");
  const OperatorConfig& a = loading.pipeline().operators[0];
  EXPECT_EQ(a.from[0].name, "in");
  EXPECT_EQ(a.from[0].side, SideOutput::kNone);
  EXPECT_EQ(a.from[1].name, "in");
  EXPECT_EQ(a.from[1].side, SideOutput::kErrors);
  EXPECT_EQ(a.from[1].as_written.text, "in.errors");
  EXPECT_EQ(loading.pipeline().sinks[0].from[0].side, SideOutput::kLate);
}

TEST(Inputs, BrokenOnesAreLeftOut) {
  const Loading loading = load(with_operators(R"({"a": {"from": ["in", "nowhere"]}})", "a"));
  ASSERT_TRUE(loading.config.has_value());
  EXPECT_EQ(loading.pipeline().operators[0].from.size(), 1u);
}

TEST(ConfigGraph, CirclesAreRefused) {
  EXPECT_EQ(
      faults_of(R"({"a": {"from": ["in", "c"]}, "b": {"from": "a"}, "c": {"from": "b.late"}})"),
      "c.json:4:59: /operators/b/from: the operators read each other in a circle: a -> c -> b -> "
      "a; an operator reads what stands above it");
}

TEST(ConfigGraph, DiamondsAreNoCircles) {
  EXPECT_EQ(faults_of(R"({"a": {"from": "in"}, "b": {"from": "a"}, "c": {"from": ["a", "b"]}})"),
            "");
}

TEST(ConfigGraph, LaddersOfMergesAreCheckedQuickly) {
  std::string ladder = R"({"a0": {"from": "in"}, "b0": {"from": "in"})";
  for (int i = 1; i <= 60; ++i) {
    const std::string last = std::to_string(i - 1);
    for (const char* side : {"a", "b"}) {
      ladder += ", \"" + (side + std::to_string(i)) + "\": {\"from\": [\"a" + last + "\", \"b" +
                last + "\"]}";
    }
  }
  EXPECT_EQ(faults_of(ladder + R"(, "w": {"from": "a60", "window": {"tumbling": "1m"}}})"), "");
}

TEST(ConfigGraph, R45_SideOutputsFeedOnlyOperatorsWithoutState) {
  EXPECT_EQ(
      faults_of(R"({"a": {"from": "in.errors", "window": {"tumbling": "1m"}}})"),
      "c.json:4:31: /operators/a/from: \"in.errors\" is a side output without a watermark, but "
      "\"window\" keeps state; only operators without state and sinks may read it");
  EXPECT_EQ(
      faults_of(R"({"a": {"from": "in.errors"}, "b": {"from": "a", "group_by": ["x"]}})"),
      "c.json:4:59: /operators/b/from: \"a\" reads \"in.errors\", which is a side output without a "
      "watermark, but \"group_by\" keeps state; only operators without state and sinks may read "
      "it");
}

TEST(ConfigGraph, R30_TablesCannotBeWindowed) {
  EXPECT_EQ(
      faults_of(R"({"t": {"from": "in", "group_by": ["x"]},
"f": {"from": "t", "filter": "x > 1"},
"w": {"from": "f", "window": {"tumbling": "1m"}}})"),
      "c.json:6:15: /operators/w/from: rows of \"f\" replace earlier ones, which a window cannot "
      "read; let \"f\" emit \"append\", or filter and aggregate its output");
  EXPECT_EQ(
      faults_of(R"({"t": {"from": "in", "window": {"tumbling": "1m"}, "emit": "update"},
"w": {"from": "t", "dedupe": {"by": ["x"]}}})"),
      "c.json:5:15: /operators/w/from: rows of \"t\" replace earlier ones, which dedupe cannot "
      "read; let \"t\" emit \"append\", or filter and aggregate its output");
  EXPECT_EQ(faults_of(R"({"t": {"from": "in", "window": {"tumbling": "1m"}, "emit": "append"},
"w": {"from": "t", "window": {"tumbling": "1h"}}})"),
            "");
}

TEST(ConfigGraph, ANewEventTimeNeedsStatelessCompany) {
  EXPECT_EQ(faults_of(R"({"a": {"from": "in", "event_time": {"field": "t"}}})"), "");
  EXPECT_EQ(
      faults_of(R"({"a": {"from": "in", "event_time": {"field": "t"}, "group_by": ["x"]}})"),
      "c.json:4:37: /operators/a/event_time: a new event time needs an operator without state, and "
      "this one has \"group_by\"; set it on an operator in front of this one");
  EXPECT_EQ(
      faults_of(R"({"w": {"from": "in", "window": {"tumbling": "1m"}},
"a": {"from": "w", "event_time": {"field": "t"}}})"),
      "c.json:5:20: /operators/a/event_time: a new event time behind \"w\", which keeps state: its "
      "watermark would go by partitions of a source, and the rows of \"w\" are of none; set it in "
      "front of \"w\", on what that reads; behind it the time can be a field like any other");
}

TEST(Join, NeedsOneOfWithinAndAsOf) {
  EXPECT_EQ(
      faults_of(
          R"({"b": {"from": "in"}, "j": {"from": "in", "join": {"with": "b", "on": ["x"]}}})"),
      "c.json:4:58: /operators/j/join: \"within\" or \"as_of\" is missing; \"within\" joins two "
      "streams, \"as_of\" a stream and a table; only two tables need neither");
  EXPECT_EQ(
      faults_of(R"({"b": {"from": "in"}, "j": {"from": "in", "join": {"with": "b", "on": ["x"],
"within": {}, "as_of": "latest"}}})"),
      "c.json:4:58: /operators/j/join: \"within\" and \"as_of\" exclude each other; \"within\" "
      "joins "
      "two streams, \"as_of\" a stream and a table\n"
      "c.json:4:75: /operators/j/join/with: \"b\" is a stream, and \"as_of\" looks into a table; "
      "read it through an operator with \"table\": {\"key\": […]}, or join \"within\"");
}

TEST(Join, TwoTablesNeedNeither) {
  const std::string tables =
      R"({"a": {"from": "in", "table": {"key": ["x"]}}, "b": {"from": "in", "group_by": ["x"]},)";
  EXPECT_EQ(faults_of(tables + R"("j": {"from": "a", "join": {"with": "b", "on": ["x"]}}})"), "");
  // What they make is a table: a window cannot read it, another such join can.
  EXPECT_EQ(faults_of(tables + R"("j": {"from": "a", "join": {"with": "b", "on": ["x"]}},
"k": {"from": "j", "join": {"with": "a", "on": ["x"]}}})"),
            "");
  EXPECT_NE(faults_of(tables + R"("j": {"from": "a", "join": {"with": "b", "on": ["x"]}},
"w": {"from": "j", "window": {"tumbling": "1m"}}})")
                .find("a window cannot read"),
            std::string::npos);
  EXPECT_NE(
      faults_of(tables + R"("j": {"from": "a", "join": {"with": "b", "on": ["x"], "keep": "1h"}}})")
          .find("has no meaning without \"as_of\"; two tables are kept as they are"),
      std::string::npos);
  EXPECT_NE(
      faults_of(tables + R"("j": {"from": "a", "join": {"with": "a", "as": "b", "on": ["x"]}}})")
          .find("joins the table \"a\" with itself by its key, where each row would meet itself"),
      std::string::npos);
  EXPECT_NE(faults_of(tables + R"("j": {"from": "a", "join": {"with": "in", "on": ["x"]}}})")
                .find("\"within\" or \"as_of\" is missing"),
            std::string::npos);
}

TEST(Join, ChecksItsTwoSides) {
  EXPECT_EQ(
      faults_of(R"({"j": {"from": "in", "join": {"with": "inn", "on": ["x"], "within": {}}}})"),
      "c.json:4:54: /operators/j/join/with: \"inn\" is neither a source nor an operator; did you "
      "mean \"in\"?");
  EXPECT_EQ(
      faults_of(R"({"j": {"from": "in", "join": {"with": "in", "on": ["x"], "within": {}}}})"),
      "c.json:4:54: /operators/j/join/with: joins \"in\" with itself; give the other side a name "
      "of its own: \"as\": \"other\"");
  EXPECT_EQ(
      faults_of(R"({"a": {"from": "in"}, "b": {"from": "in"},
"j": {"from": ["in", "a"], "join": {"with": "b", "on": "in.x = b.x", "within": {}}}})"),
      "c.json:5:22: /operators/j/from/1: a join has one input and \"with\"; join in two steps, or "
      "merge the inputs in an operator of their own");
}

TEST(Join, AsNamesItsSides) {
  const auto faults_as = [](const std::string& as) {
    return faults_of(R"({"j": {"from": "in", "join": {"with": "in", "as": )" + as +
                     R"(, "on": ["x"], "within": {}}}})");
  };
  EXPECT_EQ(faults_as(R"("other")"), "");
  EXPECT_EQ(faults_as(R"(["a", "b"])"), "");
  EXPECT_EQ(faults_as(R"("in")"),
            "c.json:4:66: /operators/j/join/as: both sides of the join are called \"in\"; give the "
            "other side a name of its own: \"as\": \"other\"");
  EXPECT_EQ(faults_as(R"(["a", "b", "c"])"),
            "c.json:4:54: /operators/j/join/with: joins \"in\" with itself; give the other side a "
            "name of its own: \"as\": \"other\"\n"
            "c.json:4:77: /operators/j/join/as/2: a join has two sides; one name is that of "
            "\"with\", two are those of \"from\" and \"with\"");
  EXPECT_EQ(faults_as(R"("a.b")"),
            "c.json:4:66: /operators/j/join/as: \"a.b\" is not a name; letters, digits, _ and -, "
            "beginning with a letter or _");
}

TEST(Join, LooksIntoTablesOnly) {
  EXPECT_EQ(faults_of(R"({"t": {"from": "in", "table": {"key": ["x"]}},
"j": {"from": "in", "join": {"with": "t", "on": ["x"], "as_of": "event_time", "type": "left"}}})"),
            "");
  EXPECT_EQ(
      faults_of(R"({"t": {"from": "in", "table": {"key": ["x"]}},
"j": {"from": "in", "join": {"with": "t", "on": ["x"], "as_of": "latest", "type": "full"}}})"),
      "c.json:5:83: /operators/j/join/type: a table is looked up, it cannot drive the join; use "
      "inner, left, semi or anti");
  EXPECT_EQ(faults_of(R"({"b": {"from": "in"},
"j": {"from": "in", "join": {"with": "b", "on": ["x"], "within": {"after": "1m"}, "keep": "1h"}}})"),
            "c.json:5:83: /operators/j/join/keep: has no meaning with \"within\"; streams are kept "
            "as long "
            "as \"before\" and \"after\" demand");
}

TEST(Select, TakenNamesAreRefused) {
  EXPECT_EQ(
      faults_of(R"({"o": {"from": "in", "select": {"window_start": "a", "n": "b", "op": "c"}}})"),
      "c.json:4:48: /operators/o/select/window_start: the name \"window_start\" is taken; rows "
      "have a "
      "field of that name already; choose another\n"
      "c.json:4:79: /operators/o/select/op: the name \"op\" is taken; rows have a field of that "
      "name "
      "already; choose another");
  EXPECT_EQ(faults_of(R"({"o": {"from": "in", "select": ["window_start", "n"]}})"), "");
}

TEST(Limit, ByNeedsALimit) {
  EXPECT_EQ(faults_of(R"({"o": {"from": "in", "window": {"tumbling": "1m"}, "limit_by": ["x"]}})"),
            "c.json:4:67: /operators/o/limit_by: needs \"limit\"; how many rows per group?");
}

TEST(Sinks, DoNotShareAFile) {
  EXPECT_EQ(
      load(R"({"pipeline": "p", "sources": {"in": {"plugin": "file", "path": "x"}},
"sinks": {
  "a": {"from": "in", "plugin": "file", "path": "out/x.jsonl"},
  "b": {"from": "in.errors", "plugin": "file", "path": "./out/../out/x.jsonl"},
  "c": {"from": "in", "plugin": "file", "path": "out/y.jsonl"}}})")
          .faults,
      "c.json:4:56: /sinks/b/path: the sink \"a\" writes there too; give each sink a place of its "
      "own, or name both inputs in one \"from\"");
}

TEST(Commit, KeepCacheRefusesWhatAReplayCannotMake) {
  EXPECT_EQ(
      load(with_operators(R"({
"a": {"from": "in", "group_by": ["x"]},
"b": {"from": "in", "window": {"tumbling": "1m", "time": "processing"}},
"c": {"from": "in", "table": {"key": ["x"]}}})"),
           {"commit.keep=cache", "sources.in.on_all_idle=clock"})
          .faults,
      R"(c.json:5:21: /operators/a/group_by: an aggregate without a window is refused with "keep": "cache"; its state cannot be made again by a replay; keep it in the log
c.json:6:21: /operators/b/window: processing time is refused with "keep": "cache"; its state cannot be made again by a replay; keep it in the log
c.json:7:21: /operators/c/table: "table" is refused with "keep": "cache"; its state cannot be made again by a replay; keep it in the log
--set commit.keep=cache: /commit: "keep": "cache" needs "cache"; e.g. "cache": {"redis": "redis://127.0.0.1:6379/0"}
--set sources.in.on_all_idle=clock: /sources/in/on_all_idle: "clock" is refused with "keep": "cache"; its state cannot be made again by a replay; keep it in the log)");
}

}  // namespace
}  // namespace millrace
