#include "config/interpolate.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/log.h"
#include "json/write.h"
#include "loading.h"

namespace millrace {
namespace {

class Interpolate : public testing::Test {
 protected:
  void SetUp() override {
    setenv("MILLRACE_TEST_NAME", "value-of-name", 1);
    setenv("MILLRACE_TEST_LANES", "3", 1);
    setenv("MILLRACE_TEST_EMPTY", "", 1);
    unsetenv("MILLRACE_TEST_ABSENT");
    // Tests of this kind may run beside each other.
    file_ = std::filesystem::path(testing::TempDir()) /
            ("interpolate_secret_" + std::to_string(getpid()));
  }
  void TearDown() override { std::filesystem::remove(file_); }

  void write_file(const std::string& text) { std::ofstream(file_, std::ios::binary) << text; }

  /// The value of "a" after interpolation, or the faults.
  std::string put_into(const std::string& text) {
    Faults faults("c.json");
    JsonValue root = JsonValue::object();
    root.set("a", JsonValue::string(text));
    document_.emplace("c.json", std::move(root));
    interpolate(*document_, faults);
    return faults.empty() ? document_->root.find("a")->as_string() : faults.text();
  }

  std::filesystem::path file_;
  std::optional<ConfigDocument> document_;
};

TEST_F(Interpolate, PutsInTheEnvironment) {
  EXPECT_EQ(put_into("${env:MILLRACE_TEST_NAME}"), "value-of-name");
  EXPECT_EQ(put_into("x ${env:MILLRACE_TEST_NAME} y ${env:MILLRACE_TEST_LANES}"),
            "x value-of-name y 3");
  EXPECT_TRUE(document_->is_secret("/a"));
  EXPECT_EQ(masked("see value-of-name"), "see ***");
}

TEST_F(Interpolate, TakesTheDefaultWhenUnsetOrEmpty) {
  EXPECT_EQ(put_into("${env:MILLRACE_TEST_ABSENT:-d:-e}"), "d:-e");
  EXPECT_FALSE(document_->is_secret("/a"));
  EXPECT_EQ(put_into("${env:MILLRACE_TEST_EMPTY:-d}"), "d");
  EXPECT_EQ(put_into("${env:MILLRACE_TEST_EMPTY}"), "");
  EXPECT_EQ(put_into("${env:MILLRACE_TEST_ABSENT:-}"), "");
  EXPECT_EQ(put_into("${env:MILLRACE_TEST_NAME:-d}"), "value-of-name");
}

TEST_F(Interpolate, PutsInAFileWithoutItsLastLineEnd) {
  write_file("from-the-file\n");
  EXPECT_EQ(put_into("${file:" + file_.string() + "}"), "from-the-file");
  EXPECT_TRUE(document_->is_secret("/a"));
  EXPECT_EQ(masked("from-the-file"), "***");
  write_file("two\r\n\r\n");
  EXPECT_EQ(put_into("${file:" + file_.string() + "}"), "two\r\n");
}

TEST_F(Interpolate, KeepsEscapedAndLoneDollars) {
  EXPECT_EQ(put_into("$${env:X}"), "${env:X}");
  EXPECT_EQ(put_into("$5 and $x$"), "$5 and $x$");
  EXPECT_EQ(put_into("$${a} ${env:MILLRACE_TEST_LANES} $${b}"), "${a} 3 ${b}");
}

TEST_F(Interpolate, DoesNotLookAtWhatItPutIn) {
  setenv("MILLRACE_TEST_NAME", "${env:MILLRACE_TEST_LANES}", 1);
  EXPECT_EQ(put_into("${env:MILLRACE_TEST_NAME}"), "${env:MILLRACE_TEST_LANES}");
}

TEST_F(Interpolate, SaysWhatIsWrong) {
  EXPECT_EQ(
      put_into("${env:MILLRACE_TEST_ABSENT}"),
      "c.json: /a: the environment variable MILLRACE_TEST_ABSENT is not set; set it, or give a "
      "default: ${env:MILLRACE_TEST_ABSENT:-default}");
  EXPECT_EQ(put_into("${file:/nowhere/at/all}"),
            "c.json: /a: the file /nowhere/at/all does not exist; create it, or correct the path");
  EXPECT_EQ(put_into("${file:secret}"),
            "c.json: /a: \"secret\" is not an absolute path; write ${file:/abs/path}");
  EXPECT_EQ(put_into("${file:/}"),
            "c.json: /a: the file / cannot be read; check its kind and permissions");
  EXPECT_TRUE(
      put_into("${vault:x}").starts_with("c.json: /a: unknown \"${vault:x}\"; write ${env:"));
  EXPECT_TRUE(put_into("${env:X").starts_with("c.json: /a: \"${\" without a closing \"}\"; write"));
  EXPECT_TRUE(put_into("${env:a b}").starts_with("c.json: /a: \"a b\" is not a name of an env"));
  write_file("\xff");
  EXPECT_EQ(put_into("${file:" + file_.string() + "}"),
            "c.json: /a: the file " + file_.string() + " is not UTF-8 text");
}

TEST_F(Interpolate, FaultsHaveThePlaceOfTheValue) {
  EXPECT_TRUE(
      load(with_operators(R"({"o": {"from": "in", "filter": "${env:MILLRACE_TEST_ABSENT}"}})"))
          .faults.starts_with("c.json:4:47: /operators/o/filter: the environment variable "));
}

TEST_F(Interpolate, GivesNumbersWhereTheSchemaWantsThem) {
  const Loading loading = load(with_top(R"("lanes": "${env:MILLRACE_TEST_LANES}")"));
  EXPECT_EQ(loading.faults, "");
  EXPECT_EQ(loading.pipeline().lanes, 3);
  EXPECT_EQ(load(with_top(R"("lanes": "${env:MILLRACE_TEST_NAME}")")).faults,
            "c.json:3:12: /lanes: expected a whole number, found a hidden value");
}

TEST_F(Interpolate, HidesPasswordsInsideUrls) {
  put_into("redis://user:pw-in-url@host:6379/0");
  EXPECT_EQ(masked("password pw-in-url here"), "password *** here");
  EXPECT_EQ(masked("host:6379"), "host:6379");
}

}  // namespace
}  // namespace millrace
