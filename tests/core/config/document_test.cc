#include "config/document.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "loading.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

class ReadDocument : public testing::Test {
 protected:
  void SetUp() override {
    directory_ =
        fs::path(testing::TempDir()) /
        (std::string("config_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::string write(const std::string& text) {
    const std::string path = directory_ / "c.json";
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  /// The one fault without the file's name.
  std::string fault_of(const std::string& path) {
    Faults faults(path);
    EXPECT_FALSE(read_document(path, faults).has_value());
    EXPECT_EQ(faults.size(), 1u);
    const std::string text = faults.text();
    return text.starts_with(path) ? text.substr(path.size()) : text;
  }

  fs::path directory_;
};

TEST_F(ReadDocument, SaysWhenThereIsNoFile) {
  EXPECT_EQ(fault_of(directory_ / "absent.json"), ": no such file");
}

TEST_F(ReadDocument, SaysWhenItIsADirectory) {
  EXPECT_EQ(fault_of(directory_), ": this is a directory; name a configuration file in it");
}

TEST_F(ReadDocument, SaysWhenItIsEmpty) {
  EXPECT_EQ(fault_of(write("")), ": the file is empty; a configuration begins with {");
  EXPECT_EQ(fault_of(write(" \n\t")), ": the file is empty; a configuration begins with {");
}

TEST_F(ReadDocument, SaysWhereItIsNotUtf8) {
  EXPECT_EQ(fault_of(write("{\n  \"a\": \"\xff\"}")), ":2:9: not valid JSON: invalid UTF-8");
}

TEST_F(ReadDocument, SaysWhereTheJsonBreaks) {
  EXPECT_TRUE(fault_of(write("{\n  \"a\": nul}")).starts_with(":2:"));
  EXPECT_EQ(fault_of(write("{\"a\": 1,\n \"a\": 2}")), ":2:2: not valid JSON: duplicate key \"a\"");
}

TEST_F(ReadDocument, RefusesHugeFiles) {
  EXPECT_EQ(fault_of(write(std::string((16u << 20) + 1, ' '))),
            ": larger than 16 MiB, so this is hardly a configuration");
}

TEST_F(ReadDocument, LoadsFromAFile) {
  const std::string path = write(with_operators("{}"));
  Faults faults(path);
  EXPECT_TRUE(load_config(path, {}, FakePlugins(), faults).has_value());
  EXPECT_TRUE(faults.empty()) << faults.text();
}

TEST(ConfigDocument, ClimbsToWhatSomebodyWrote) {
  Faults faults("c.json");
  auto document = parse_document("{\n \"a\": {}}", "c.json", faults);
  ASSERT_TRUE(document.has_value());
  document->root.at("/a")->set("b", JsonValue::integer(1));
  EXPECT_EQ(document->where("/a/b").line, 2u);
  EXPECT_EQ(document->where("/a/b").column, 7u);
  EXPECT_EQ(document->where_key("/a").column, 2u);
  EXPECT_EQ(document->where_key("/a/b").column, 7u);
  EXPECT_FALSE(document->is_written("/a/b"));
  EXPECT_TRUE(document->is_written("/a"));
}

TEST(ConfigDocument, KnowsSecretsByTheirPlaceAndWhatIsInside) {
  ConfigDocument document("c.json", JsonValue::object());
  EXPECT_FALSE(document.is_secret("/a"));
  document.mark_secret("/a/b");
  EXPECT_TRUE(document.is_secret("/a/b"));
  EXPECT_TRUE(document.is_secret("/a/b/c"));
  EXPECT_FALSE(document.is_secret("/a/bc"));
  EXPECT_FALSE(document.is_secret("/a"));
}

TEST(ConfigDocument, UnescapesTheLastKey) {
  EXPECT_EQ(last_key("/a/b~1c~0d"), "b/c~d");
  EXPECT_EQ(last_key(""), "");
}

}  // namespace
}  // namespace millrace
