#include "base/noun.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(Noun, OneIsNotSeveral) {
  EXPECT_EQ(counted(0, "commit"), "0 commits");
  EXPECT_EQ(counted(1, "commit"), "1 commit");
  EXPECT_EQ(counted(2, "commit"), "2 commits");
  EXPECT_EQ(noun(1, "window"), "window");
  EXPECT_EQ(noun(21, "window"), "windows");
}

}  // namespace
}  // namespace millrace
