#include <gtest/gtest.h>

#include <millrace/testing.hpp>
#include <vector>

#include "sink_page/document.h"
#include "sink_page/history.h"

namespace millrace::page_sink {
namespace {

TEST(History, HoldsTheLastLines) {
  EXPECT_EQ(last_lines("", "", 3), "");
  EXPECT_EQ(last_lines("", "a\n", 3), "a\n");
  EXPECT_EQ(last_lines("a\nb\n", "c\nd\n", 3), "b\nc\nd\n");
  EXPECT_EQ(last_lines("a\nb\n", "", 1), "b\n");
  EXPECT_EQ(last_lines("a\n\n", "\nb\n", 3), "\n\nb\n");
  EXPECT_EQ(last_lines("a\n", "b\n", 0), "");
}

TEST(History, IsAboutAMegabyteButForOneRow) {
  const std::string half(600'000, 'x'), large(3'000'000, 'y');
  EXPECT_EQ(last_lines(half + "\n", half + "\n", 9).size(), 600'001u);
  EXPECT_EQ(last_lines("a\n", large + "\n", 9).size(), 3'000'001u);
}

TEST(History, GoesOutInPiecesBetweenLines) {
  const auto pieces = [](std::string_view lines, size_t bytes) {
    std::vector<std::string> found;
    in_pieces(lines, bytes, [&](std::string_view piece) { found.emplace_back(piece); });
    return found;
  };
  using Pieces = std::vector<std::string>;
  EXPECT_EQ(pieces("", 4), Pieces());
  EXPECT_EQ(pieces("a\nb\nc\n", 100), Pieces({"a\nb\nc"}));
  EXPECT_EQ(pieces("a\nb\nc\n", 4), Pieces({"a\nb", "c"}));
  EXPECT_EQ(pieces("a\nlonger\nc\n", 3), Pieces({"a", "longer", "c"}));
}

TEST(Document, DataCannotEndItsElementNorBeAPlace) {
  const std::string row = R"({"k":"</script><script>%SCRIPT%<!--"})";
  const std::string html = html_of({"<b>%DATA%", "now", "", {{"[]", row + "\n"}}});
  EXPECT_EQ(html.find("</script><script>%SCRIPT%"), html.npos);
  EXPECT_NE(html.find(R"({"k":"\u003c/script>\u003cscript>%SCRIPT%\u003c!--"})"), html.npos);
  EXPECT_NE(html.find("<h1>&lt;b&gt;%DATA%</h1>"), html.npos);
  EXPECT_NE(html.find("class WorldMap"), html.npos);
}

TEST(Settings, AreChecked) {
  const test::library plugin(MILLRACE_PLUGIN_FILE);
  const auto wrong = [&](const std::string& text) {
    return test::harness::validate(plugin.component("page"), text);
  };
  EXPECT_EQ(wrong("{}"), "");
  EXPECT_EQ(wrong(R"({"listen": "none", "file": "p.html"})"), "");
  EXPECT_NE(wrong(R"({"listen": "none"})").find("file"), std::string::npos);
  EXPECT_NE(wrong(R"({"listen": "localhost:1"})").find("listen"), std::string::npos);
  EXPECT_NE(
      wrong(R"({"charts": [{"type": "heat", "title": "T", "x": "a", "y": "b"}]})").find("value"),
      std::string::npos);
  EXPECT_EQ(wrong(R"({"charts": [{"type": "map", "title": "T", "lat": "a", "lon": "b"}]})"), "");
}

}  // namespace
}  // namespace millrace::page_sink
