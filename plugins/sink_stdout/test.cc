// Rows on standard output, as lines and as a table.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <millrace/testing.hpp>

namespace millrace::stdout_sink {
namespace {

using test::harness;
using test::row;
using ::testing::HasSubstr;

const mr_component& component() {
  static const test::library plugin(MILLRACE_PLUGIN_FILE);
  return plugin.component("org.millrace.stdout");
}

/// What is written to standard output while `call` runs.
template <class Call>
std::string output_of(Call&& call) {
  ::testing::internal::CaptureStdout();
  call();
  return ::testing::internal::GetCapturedStdout();
}

/// The table of rows, all in one block.
std::string table_of(std::initializer_list<std::string> rows) {
  harness sink(component(), R"({"format": "table"})");
  return output_of([&] {
    sink.open();
    for (const std::string& value : rows) sink.write({{.value = value}});
    sink.prepare(1);
  });
}

TEST(StdoutSink, WritesLinesAtOnce) {
  harness sink(component(), "{}");
  sink.open();
  EXPECT_EQ(output_of([&] {
              sink.write({{.value = "{\"a\":1}"}, {.value = std::nullopt}});
            }),
            "{\"a\":1}\nnull\n");
}

TEST(StdoutSink, AlignsColumns) {
  EXPECT_EQ(table_of({R"({"wiki":"en","edits":12})", R"({"wiki":"commons","edits":null})",
                      R"({"wiki":null,"edits":3.5})"}),
            "wiki     edits\n"
            "-------  -----\n"
            "en          12\n"
            "commons\n"
            "           3.5\n");
}

TEST(StdoutSink, KnowsHowWideCharactersAre) {
  EXPECT_EQ(
      table_of({R"({"t":"日本","n":1})", R"({"t":"é\u0301x","n":22})", R"({"t":"😀a","n":3})"}),
      "t      n\n"
      "----  --\n"
      "日本   1\n"
      "é\u0301x    22\n"
      "😀a    3\n");
}

TEST(StdoutSink, CutsLongCellsAndShowsNestedOnes) {
  EXPECT_EQ(table_of({"{\"a\":\"" + std::string(50, 'x') + "\"}"}),
            "a\n" + std::string(40, '-') + "\n" + std::string(39, 'x') + "…\n");
  EXPECT_EQ(table_of({R"({"o":{"a":[1,"x",null,true]},"b":false})"}),
            "o                          b\n"
            "-------------------------  -----\n"
            "{a: [1, \"x\", null, true]}  false\n");
}

/// Read as float8 they would be shown as other numbers.
TEST(StdoutSink, ShowsNumbersAsTheyAreWritten) {
  EXPECT_EQ(
      table_of(
          {R"({"n":12345678901234567890.123,"d":1.50,"j":[18446744073709551617,1.10],"n":9007199254740993 })"}),
      "               n     d  j\n"
      "----------------  ----  ----------------------------\n"
      "9007199254740993  1.50  [18446744073709551617, 1.10]\n");
}

TEST(StdoutSink, LetsNoTextCommandTheTerminal) {
  EXPECT_THAT(table_of({"{\"a\":\"x\\u001b[31m\\ny\\u202e\\u0085\"}"}),
              HasSubstr("x␛[31m␊y\ufffd\ufffd\n"));
}

TEST(StdoutSink, ShowsWhatIsNoObject) {
  EXPECT_THAT(table_of({"[1, 2]", "not json"}), HasSubstr("[1, 2]\nnot json\n"));
}

TEST(StdoutSink, RepeatsTheHeaderOnlyWhenColumnsChange) {
  harness sink(component(), R"({"format": "table"})");
  sink.open();
  const auto block = [&](const std::string& value, uint64_t epoch) {
    return output_of([&] {
      sink.write({{.value = value}});
      sink.prepare(epoch);
    });
  };
  EXPECT_EQ(block(R"({"a":"long","b":1})", 1), "a     b\n----  -\nlong  1\n");
  EXPECT_EQ(block(R"({"a":"x","b":2})", 2), "x     2\n");
  EXPECT_EQ(block(R"({"a":"longer","b":3})", 3), "a       b\n------  -\nlonger  3\n");
  EXPECT_EQ(block(R"({"a":"x","b":4,"final":true})", 4),
            "a       b  final\n------  -  -----\nx       4  true\n");
  EXPECT_EQ(block(R"({"other":1})", 5), "other\n-----\n    1\n");
}

TEST(StdoutSink, PrintsABlockOf200RowsWithoutWaiting) {
  harness sink(component(), R"({"format": "table"})");
  sink.open();
  const std::string text =
      output_of([&] { sink.write(std::vector<row>(200, {.value = R"({"a":1})"})); });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 202);
  EXPECT_EQ(output_of([&] { sink.write({{.value = R"({"a":1})"}}); }), "");
  EXPECT_EQ(output_of([&] { sink.close(); }), "1\n");
}

TEST(StdoutSink, StopsWhenNobodyReads) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  std::fflush(stdout);
  const int before = dup(STDOUT_FILENO);
  dup2(ends[1], STDOUT_FILENO);
  close(ends[1]);
  harness sink(component(), "{}");
  sink.open();
  std::string why;
  mr_rc rc = 0;
  try {
    sink.write({{.value = "1"}});
  } catch (const failure& f) {
    why = f.what();
    rc = f.rc();
  }
  EXPECT_NO_THROW(sink.close());
  dup2(before, STDOUT_FILENO);
  close(before);
  EXPECT_THAT(why, HasSubstr("stdout was closed"));
  EXPECT_EQ(rc, MR_E_CANCELLED);
}

}  // namespace
}  // namespace millrace::stdout_sink
