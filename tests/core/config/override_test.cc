#include "config/override.h"

#include <gtest/gtest.h>

#include "json/write.h"
#include "loading.h"

namespace millrace {
namespace {

/// The tree after the overrides, or the faults.
std::string overridden(const std::string& text, const std::vector<std::string>& overrides) {
  Faults faults("c.json");
  auto document = parse_document(text, "c.json", faults);
  apply_overrides(overrides, *document, faults);
  return faults.empty() ? to_json(document->root) : faults.text();
}

TEST(Override, ReplacesAndCreates) {
  EXPECT_EQ(overridden(R"({"a": {"b": 1}})", {"a.b=2", "a.c.d=x", "e=true"}),
            R"({"a":{"b":2,"c":{"d":"x"}},"e":true})");
}

TEST(Override, ReadsJsonElseTakesTheText) {
  EXPECT_EQ(overridden("{}", {"a=[1,2]", "b={\"c\":null}", "c=5s", "d=", "e=a=b", "f=01"}),
            R"({"a":[1,2],"b":{"c":null},"c":"5s","d":"","e":"a=b","f":"01"})");
}

TEST(Override, TheLastOneWins) { EXPECT_EQ(overridden("{}", {"a=1", "a=2"}), R"({"a":2})"); }

TEST(Override, PicksElementsOfLists) {
  EXPECT_EQ(overridden(R"({"a": ["x", "y"]})", {"a.1=z"}), R"({"a":["x","z"]})");
  EXPECT_EQ(overridden(R"({"a": ["x"]})", {"a.1=z"}),
            "--set a.1=z: /a: a list of 1 has no element \"1\"; elements count from 0");
}

TEST(Override, TakesPointersForKeysWithDots) {
  EXPECT_EQ(overridden(R"({"schema": {"length.new": "int4"}})", {"/schema/length.new=int8"}),
            R"({"schema":{"length.new":"int8"}})");
}

TEST(Override, SaysWhatIsWrongWithItself) {
  EXPECT_EQ(overridden("{}", {"abc"}),
            "--set abc: not of the form key=value; e.g. --set commit.every=5s");
  EXPECT_EQ(overridden("{}", {"a..b=1"}),
            "--set a..b=1: not of the form key=value; e.g. --set commit.every=5s");
  EXPECT_EQ(overridden(R"({"a": 1})", {"a.b=1"}),
            "--set a.b=1: /a: is no object and has no \"b\" to set");
}

TEST(Override, FaultsNameTheFlagAsTheirPlace) {
  EXPECT_EQ(load(with_operators("{}"), {"commit.every=soon", "comit.every=1s"}).faults,
            "--set comit.every=1s: /comit: unknown key; did you mean \"commit\"?\n"
            "--set commit.every=soon: /commit/every: expected a duration such as \"5s\", found "
            "\"soon\"; units are ms s m h d");
}

TEST(Override, ANumberMayNameAPipeline) {
  const Loading loading = load(with_operators("{}"), {"pipeline=2024", "lanes=3"});
  EXPECT_EQ(loading.faults, "");
  EXPECT_EQ(loading.pipeline().name.text, "2024");
  EXPECT_EQ(loading.pipeline().lanes, 3);
}

}  // namespace
}  // namespace millrace
