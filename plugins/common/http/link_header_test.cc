#include "common/http/link_header.h"

#include <gtest/gtest.h>

namespace millrace::http {
namespace {

TEST(LinkHeader, FindsTheRelation) {
  EXPECT_EQ(find_link(R"(<https://h/?p=2>; rel="next", <https://h/?p=9>; rel="last")", "next"),
            "https://h/?p=2");
  EXPECT_EQ(find_link(R"(<https://h/?p=2>; rel="next", <https://h/?p=9>; rel="last")", "last"),
            "https://h/?p=9");
  EXPECT_EQ(find_link("<a>;rel=next", "next"), "a");
  EXPECT_EQ(find_link("<a>; title=\"x, y; rel=next\"; rel=prev, <b>; REL=NEXT", "next"), "b");
  EXPECT_EQ(find_link(R"(<a>; rel="first next")", "next"), "a");
  EXPECT_EQ(find_link(R"(<a,b;c>; rel="next")", "next"), "a,b;c") << "commas in an address";
  EXPECT_EQ(find_link(R"(<a>; rel="prev"; rel="next", <b>; rel=next)", "next"), "b")
      << "only the first rel counts";
}

TEST(LinkHeader, FindsNothingInWhatIsBroken) {
  for (const char* bad : {"", "next", "<a", "<a>", "<a>; rel", "<a>; rel=", "<a>; rel=\"next",
                          ";;;", "<a>; title=next"}) {
    const auto found = find_link(bad, "next");
    if (std::string_view(bad) == "<a>; rel=\"next") {
      EXPECT_EQ(found, "a") << "an end of the header ends the string, too";
    } else {
      EXPECT_EQ(found, std::nullopt) << bad;
    }
  }
}

}  // namespace
}  // namespace millrace::http
