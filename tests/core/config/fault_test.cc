#include "config/fault.h"

#include <gtest/gtest.h>

#include "base/log.h"

namespace millrace {
namespace {

TEST(ConfigFault, ReadsAsTheContractSays) {
  const ConfigFault fault{"config.json",
                          12,
                          7,
                          "/operators/per_minute/windw",
                          "unknown key",
                          "did you mean \"window\"?",
                          ""};
  EXPECT_EQ(fault.text(),
            "config.json:12:7: /operators/per_minute/windw: unknown key; did you mean \"window\"?");
}

TEST(ConfigFault, LeavesOutWhatIsUnknown) {
  EXPECT_EQ((ConfigFault{"a.json", 0, 0, "", "no such file", "", ""}).text(),
            "a.json: no such file");
  EXPECT_EQ((ConfigFault{"", 0, 0, "/x", "wrong", "", ""}).text(), "/x: wrong");
}

TEST(ConfigFault, ShowsTheSnippetBelow) {
  const ConfigFault fault{"c.json", 1, 2, "/f", "syntax error", "", "  a +\n      ^"};
  EXPECT_EQ(fault.text(), "c.json:1:2: /f: syntax error\n  a +\n      ^");
}

TEST(ConfigFault, MasksSecrets) {
  hide_in_log("fault-test-hunter2");
  const ConfigFault fault{"c.json", 1, 2, "/f", "found \"fault-test-hunter2\"", "", ""};
  EXPECT_EQ(fault.text(), "c.json:1:2: /f: found \"***\"");
}

TEST(Faults, SortByPlaceWithOverridesBehindTheFile) {
  Faults faults("c.json");
  faults.add(Where{0, 0, "/d", "--set d=1"}, "four");
  faults.add(Where{0, 0, "/e", ""}, "five");
  faults.add(Where{10, 1, "/c", ""}, "three");
  faults.add(Where{2, 9, "/b", ""}, "two");
  faults.add(Where{2, 3, "/a", ""}, "one");
  EXPECT_EQ(faults.text(),
            "c.json:2:3: /a: one\n"
            "c.json:2:9: /b: two\n"
            "c.json:10:1: /c: three\n"
            "--set d=1: /d: four\n"
            "c.json: /e: five");
  EXPECT_EQ(faults.error().code, Code::kInvalidConfig);
}

TEST(Faults, SayTheSameThingOnce) {
  Faults faults("c.json");
  faults.add(Where{1, 1, "/a", ""}, "wrong");
  faults.add(Where{1, 1, "/a", ""}, "wrong");
  faults.add(Where{1, 1, "/a", ""}, "also wrong");
  EXPECT_EQ(faults.size(), 2u);
}

TEST(Faults, KnowWhatIsAtFaultBelowAPlace) {
  Faults faults("c.json");
  faults.add(Where{1, 1, "/a/b/c", ""}, "wrong");
  EXPECT_TRUE(faults.any_below("/a/b/c"));
  EXPECT_TRUE(faults.any_below("/a/b"));
  EXPECT_FALSE(faults.any_below("/a/b/c/d"));
  EXPECT_FALSE(faults.any_below("/a/bb"));
  EXPECT_FALSE(faults.any_below("/a/b/"));
}

TEST(Faults, StopCollectingAfterAThousand) {
  Faults faults("c.json");
  for (uint32_t i = 1; i <= 1005; ++i)
    faults.add(Where{i, 1, "/" + std::to_string(i), ""}, "wrong");
  EXPECT_EQ(faults.size(), 1000u);
  EXPECT_TRUE(faults.text().ends_with("\nand 5 more"));
}

}  // namespace
}  // namespace millrace
