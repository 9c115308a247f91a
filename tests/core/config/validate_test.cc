/// Every kind of fault that a schema finds, with its place and words.

#include <gtest/gtest.h>

#include "loading.h"

namespace millrace {
namespace {

TEST(Validate, UnknownKeysGetTheNearestName) {
  EXPECT_EQ(load(R"({
  "pipeline": "p",
  "sources": {"in": {"plugin": "file", "path": "in.jsonl"}},
  "operators": {
    "per_minute": {
      "from": "in",
      "windw": {"tumbling": "1m"}
    }
  },
  "sinks": {"out": {"from": "per_minute", "plugin": "stdout"}}
})")
                .faults,
            "c.json:7:7: /operators/per_minute/windw: unknown key; did you mean \"window\"?");
}

TEST(Validate, UnknownKeysAreFoundAtEveryLevel) {
  EXPECT_EQ(load(with_top(R"("limit": {"state": "1GiB"})")).faults,
            "c.json:3:3: /limit: unknown key; did you mean \"limits\"?");
  EXPECT_EQ(load(with_top(R"("limits": {"stat": "1GiB"})")).faults,
            "c.json:3:14: /limits/stat: unknown key; did you mean \"state\"?");
  EXPECT_EQ(load(with_top(R"("limits": {"elephant": 1})")).faults,
            "c.json:3:14: /limits/elephant: unknown key; known keys are state, outbox");
  EXPECT_EQ(
      load(with_operators(R"({"o": {"from": "in", "elephant": 1}})")).faults,
      "c.json:4:37: /operators/o/elephant: unknown key; `millrace docs config` lists the keys");
}

TEST(Validate, KeysOneLevelOffAreSentThere) {
  EXPECT_EQ(
      load(with_source(R"({"plugin": "file", "path": "x", "out_of_orderness": "5s"})")).faults,
      "c.json:3:53: /sources/in/out_of_orderness: unknown key; \"event_time\" has a key of that "
      "name");
  EXPECT_EQ(
      load(with_operators(
               R"({"o": {"from": "in", "window": {"tumbling": "1m", "allowed_lateness": "5s"}}})"))
          .faults,
      "c.json:4:66: /operators/o/window/allowed_lateness: unknown key; it belongs one level up, "
      "beside \"window\"");
}

TEST(Validate, AMisspeltRequiredKeyIsOneFault) {
  EXPECT_EQ(load(with_operators(R"({"o": {"form": "in"}})")).faults,
            "c.json:4:23: /operators/o/form: unknown key; did you mean \"from\"?");
}

TEST(Validate, MissingKeysAreToldAtTheirObject) {
  EXPECT_EQ(load("{\"pipeline\": \"p\"}").faults,
            "c.json:1:1: the key \"sinks\" is missing; e.g. \"sinks\": "
            "{\"out\":{\"from\":\"humans\",\"plugin\":\"file\",\"path\":\"edits.jsonl\"}}\n"
            "c.json:1:1: the key \"sources\" is missing; e.g. \"sources\": "
            "{\"edits\":{\"plugin\":\"wikipedia\"}}");
  EXPECT_EQ(load(with_operators(R"({"o": {"filter": "a"}})")).faults,
            "c.json:4:22: /operators/o: the key \"from\" is missing; e.g. \"from\": \"edits\"");
  EXPECT_EQ(
      load(with_source(R"({"plugin": "file"})")).faults,
      "c.json:3:21: /sources/in: the key \"path\" is missing; e.g. \"path\": \"edits.jsonl\"");
  EXPECT_EQ(load(with_source(R"({"path": "x"})")).faults,
            "c.json:3:21: /sources/in: the key \"plugin\" is missing; e.g. \"plugin\": \"file\"");
}

TEST(Validate, WrongTypesSayWhatWasExpectedAndFound) {
  EXPECT_EQ(load(with_top(R"("lanes": "two")")).faults,
            "c.json:3:12: /lanes: expected a whole number, found \"two\"");
  EXPECT_EQ(load(with_top(R"("lanes": 1.5)")).faults,
            "c.json:3:12: /lanes: expected a whole number, found 1.5");
  EXPECT_EQ(load(with_top(R"("contact": null)")).faults,
            "c.json:3:14: /contact: expected a string, found null");
  EXPECT_EQ(load(with_top(R"("commit": [])")).faults,
            "c.json:3:13: /commit: expected an object, found a list");
  EXPECT_EQ(load(with_operators(R"({"o": {"from": {"a": 1}}})")).faults,
            "c.json:4:31: /operators/o/from: expected a string or a list, found an object");
  EXPECT_EQ(load(with_operators(R"({"o": {"from": ["in", 5]}})")).faults,
            "c.json:4:38: /operators/o/from/1: expected a string, found 5");
  EXPECT_EQ(load(with_operators(R"({"o": {"from": "in", "reset": "yes"}})")).faults,
            "c.json:4:46: /operators/o/reset: expected true or false, found \"yes\"");
  EXPECT_EQ(
      load(with_operators(R"({"o": {"from": "in", "allowed_lateness": 5}})")).faults,
      "c.json:4:57: /operators/o/allowed_lateness: expected a duration such as \"5s\", found 5");
  EXPECT_EQ(load(with_operators("[]")).faults,
            "c.json:4:16: /operators: expected an object, found a list");
  EXPECT_EQ(load(with_operators("{\"o\": 5}")).faults,
            "c.json:4:22: /operators/o: expected an object, found 5");
  EXPECT_EQ(load("[]").faults, "c.json:1:1: expected an object, found a list");
}

TEST(Validate, WholeNumbersMayHaveAPoint) {
  const Loading loading = load(with_top(R"("lanes": 2.0)"));
  EXPECT_EQ(loading.faults, "");
  EXPECT_EQ(loading.pipeline().lanes, 2);
}

TEST(Validate, WrongChoicesGetTheNearestOne) {
  EXPECT_EQ(load(with_top(R"("delivery": "exactly-once")")).faults,
            "c.json:3:15: /delivery: expected one of \"exactly_once\", \"at_least_once\" or "
            "\"at_most_once\", found \"exactly-once\"; did you mean \"exactly_once\"?");
  EXPECT_EQ(
      load(with_operators(R"({"o": {"from": "in", "late": "keep"}})")).faults,
      "c.json:4:45: /operators/o/late: expected one of \"stream\", \"drop\" or \"fail\", found "
      "\"keep\"");
}

TEST(Validate, NumbersHaveBounds) {
  EXPECT_EQ(load(with_top(R"("lanes": 0)")).faults,
            "c.json:3:12: /lanes: must be at least 1, found 0");
  EXPECT_EQ(load(with_top(R"("lanes": 65)")).faults,
            "c.json:3:12: /lanes: must be at most 64, found 65");
}

TEST(Validate, TextsAndListsHaveLengths) {
  EXPECT_EQ(load(with_operators(R"({"o": {"from": ""}})")).faults,
            "c.json:4:31: /operators/o/from: must not be empty");
  EXPECT_EQ(load(with_operators(R"({"o": {"from": []}})")).faults,
            "c.json:4:31: /operators/o/from: must not be empty");
  EXPECT_EQ(load(with_operators(R"({"o": {"from": ["in", "in"]}})")).faults,
            "c.json:4:31: /operators/o/from: has the same element twice");
  EXPECT_EQ(
      load(with_source(
               R"({"plugin": "file", "path": "x", "event_time": {"bounds": ["2020-01-01"]}})"))
          .faults,
      "c.json:3:78: /sources/in/event_time/bounds: must have at least 2 elements");
}

TEST(Validate, DurationsAndSizesAreRead) {
  EXPECT_EQ(
      load(with_top(R"("commit": {"every": "5 sec"})")).faults,
      "c.json:3:23: /commit/every: expected a duration such as \"5s\", found \"5 sec\"; units are "
      "ms s m h d");
  EXPECT_EQ(load(with_top(R"("commit": {"every": "0s"})")).faults,
            "c.json:3:23: /commit/every: must be longer than 0, found \"0s\"");
  EXPECT_EQ(load(with_operators(R"({"o": {"from": "in", "allowed_lateness": "-1s"}})")).faults,
            "c.json:4:57: /operators/o/allowed_lateness: must not be negative, found \"-1s\"");
  EXPECT_EQ(
      load(with_top(R"("limits": {"state": "4 gigs"})")).faults,
      "c.json:3:23: /limits/state: expected a size such as \"64MiB\", found \"4 gigs\"; units are "
      "B KB MB GB TB and KiB MiB GiB TiB");
  EXPECT_EQ(load(with_source(R"({"plugin": "wikipedia", "max_age": "long"})")).faults,
            "c.json:3:56: /sources/in/max_age: expected a duration such as \"5s\", found \"long\"; "
            "units are ms s m h d");
}

TEST(Validate, TheFittingBranchExplainsItself) {
  EXPECT_EQ(
      load(with_operators(R"({"o": {"from": "in", "emit": "appnd"}})")).faults,
      "c.json:4:45: /operators/o/emit: expected one of \"append\", \"update\" or \"complete\", "
      "found \"appnd\"; did you mean \"append\"?");
  EXPECT_EQ(load(with_operators(R"({"o": {"from": "in", "emit": {"updat": {}}}})")).faults,
            "c.json:4:46: /operators/o/emit/updat: unknown key; did you mean \"update\"?");
  EXPECT_EQ(load(with_operators(R"({"o": {"from": "in", "emit": 5}})")).faults,
            "c.json:4:45: /operators/o/emit: expected a string or an object, found 5");
  EXPECT_EQ(
      load(with_operators(R"({"o": {"from": "in", "emit": {"update": {"every": 5}}}})")).faults,
      "c.json:4:66: /operators/o/emit/update/every: expected a duration such as \"5s\" or an "
      "object, found 5");
  EXPECT_EQ(
      load(with_operators(R"({"o": {"from": "in", "emit": {"update": {"every": {}}}}})")).faults,
      "c.json:4:66: /operators/o/emit/update/every: the key \"clock\" is missing; e.g. \"clock\": "
      "\"1s\"");
}

TEST(Validate, AllFaultsComeAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(load(R"({
  "pipelin": "p",
  "sources": {
    "in": {"plugin": "fil", "path": "x"},
    "wiki": {"plugin": "wikipedia", "rate": 99, "max": {"line": "big"}}
  },
  "operators": {
    "a": {"from": "inn", "late": "dropp"},
    "b": {"from": "a", "window": {"tumbling": "1m", "hopping": "2m"}}
  },
  "sinks": {"out": {"from": "b", "plugin": "stdout", "format": "csv"}},
  "lanes": -1
})")
                .faults,
            R"(c.json:2:3: /pipelin: unknown key; did you mean "pipeline"?
c.json:4:22: /sources/in/plugin: no source plugin "fil" is installed; did you mean "file"? installed: file, wikipedia
c.json:5:45: /sources/wiki/rate: must be at most 50, found 99
c.json:5:65: /sources/wiki/max/line: expected a size such as "64MiB", found "big"; units are B KB MB GB TB and KiB MiB GiB TiB
c.json:8:19: /operators/a/from: "inn" is neither a source nor an operator; did you mean "in"?
c.json:8:34: /operators/a/late: expected one of "stream", "drop" or "fail", found "dropp"; did you mean "drop"?
c.json:9:24: /operators/b/window: a window has one kind, found "tumbling" and "hopping"; keep one of them, or use two operators
c.json:11:64: /sinks/out/format: expected one of "ndjson" or "table", found "csv"
c.json:12:12: /lanes: must be at least 1, found -1)");
}

TEST(Validate, LongValuesAreCutInMessages) {
  const std::string faults =
      load(with_top("\"delivery\": \"" + std::string(500, 'x') + "\"")).faults;
  EXPECT_NE(faults.find("found \"" + std::string(60, 'x') + "…\""), std::string::npos);
}

TEST(Validate, HostileInputIsAFaultAndNoCrash) {
  std::string deep;
  for (int i = 0; i < 150; ++i) deep += "{\"a\":";
  deep += "1" + std::string(150, '}');
  EXPECT_NE(load(with_top("\"limits\": " + deep)).faults, "");
  EXPECT_NE(load("{\"pipeline\": {\"\": 1, \"~/\": 2}, \"sources\": 1, \"sinks\": null}").faults,
            "");
  std::string many = "{";
  for (int i = 0; i < 2000; ++i) many += "\"o" + std::to_string(i) + "\": {\"from\": \"in\"},";
  EXPECT_EQ(load(with_operators(many + "}")).faults,
            "c.json:4:3: /operators: more than 1000 operators in one pipeline");
}

}  // namespace
}  // namespace millrace
