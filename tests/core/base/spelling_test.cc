#include "base/spelling.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(Spelling, CountsSwapsAsOneMistake) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("windw", "window"), 1u);
  EXPECT_EQ(edit_distance("form", "from"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Spelling, FindsTheNearestName) {
  const std::vector<std::string> names = {"window", "with", "out_of_orderness", "by"};
  EXPECT_EQ(nearest_name("windw", names), "window");
  EXPECT_EQ(nearest_name("wiht", names), "with");
  EXPECT_EQ(nearest_name("outOfOrderness", names), "out_of_orderness");
  EXPECT_EQ(nearest_name("out-of-orderness", names), "out_of_orderness");
}

TEST(Spelling, KeepsSilentWhenNothingIsNear) {
  EXPECT_EQ(nearest_name("on", {"by"}), std::nullopt);
  EXPECT_EQ(nearest_name("elephant", {"window"}), std::nullopt);
  EXPECT_EQ(nearest_name("", {"by"}), std::nullopt);
  EXPECT_EQ(nearest_name(std::string(5000, 'x'), {"by"}), std::nullopt);
  EXPECT_EQ(nearest_name("window", {}), std::nullopt);
}

TEST(Spelling, TakesTheFirstOfEquals) { EXPECT_EQ(nearest_name("bat", {"cat", "hat"}), "cat"); }

}  // namespace
}  // namespace millrace
