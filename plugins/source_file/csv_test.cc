// CSV: RFC 4180, headers of the wild, broken rows.

#include <cstdlib>

#include "test_source.h"

namespace millrace::file_source {
namespace {

std::vector<std::string> rows_of(const std::string& text, const std::string& more = "") {
  ScratchDir dir;
  write_file(dir / "a.csv", text);
  const std::string keys = R"("format": "csv")" + (more.empty() ? "" : ", " + more);
  const auto rows = read_all(dir / "a.csv", keys);
  EXPECT_EQ(read_all(dir / "a.csv", keys, 1), rows);
  return rows;
}

TEST(CsvFile, BecomesObjectsOfTextCells) {
  ScratchDir dir;
  write_file(dir / "a", "a,b\n1,x\n2,y\n");
  harness h(component(), config_of(dir / "a", R"("format": "csv")"));
  h.open();
  h.poll_all();
  EXPECT_THAT(values(h), ElementsAre(R"({"a":"1","b":"x"})", R"({"a":"2","b":"y"})"));
  EXPECT_EQ(h.out.rows[0].flags, MR_BATCH_TEXT_CELLS);
  EXPECT_EQ(h.out.rows[0].position, 8u);
  EXPECT_EQ(h.out.rows[1].position, 12u);
}

TEST(CsvFile, KnowsQuotesAndLineEndsInsideOfThem) {
  EXPECT_THAT(rows_of("a,b\r\n\"x \"\"y\"\"\r\nz\",\"1,5\"\r\n"),
              ElementsAre(R"({"a":"x \"y\"\r\nz","b":"1,5"})"));
  EXPECT_THAT(rows_of("a\n12\" ruler\n"), ElementsAre(R"({"a":"12\" ruler"})"));
  EXPECT_THAT(rows_of("a,b\n'x,y',2\n", R"("quote": "'")"), ElementsAre(R"({"a":"x,y","b":"2"})"));
  EXPECT_THAT(rows_of("a;b\n\"x;y\n", R"("quote": "", "delimiter": ";")"),
              ElementsAre(R"({"a":"\"x","b":"y"})"));
}

TEST(CsvFile, TellsNothingFromEmptyText) {
  EXPECT_THAT(rows_of("a,b,c\n,\"\",NA\n", R"("null": ["NA"])"),
              ElementsAre(R"({"a":null,"b":"","c":null})"));
  EXPECT_THAT(rows_of("a\n\"NA\"\n", R"("null": ["NA"])"), ElementsAre(R"({"a":"NA"})"));
}

TEST(CsvFile, ReadsHeadersOfTheWild) {
  // Byte order mark, blanks behind commas, quotes behind blanks, an empty line, mixed line ends,
  // separators at the end.
  EXPECT_THAT(rows_of("\xef\xbb\xbf"
                      "a, b, \"c\"\n\r\n1,2,3\r\n4,5,6,,\r\n"),
              ElementsAre(R"({"a":"1","b":"2","c":"3"})", R"({"a":"4","b":"5","c":"6"})"));
  EXPECT_THAT(rows_of("a,b,\n1,2,\n3,4\n"),
              ElementsAre(R"({"a":"1","b":"2"})", R"({"a":"3","b":"4"})"));
  EXPECT_THAT(rows_of(",x\n0,1\n"), ElementsAre(R"({"column_1":"0","x":"1"})"));
}

TEST(CsvFile, TakesNamesFromTheConfiguration) {
  EXPECT_THAT(rows_of("1,2\n", R"("columns": ["a", "b"])"), ElementsAre(R"({"a":"1","b":"2"})"));
  EXPECT_THAT(rows_of("\xef\xbb\xbfx,x\n1,2\n", R"("header": true, "columns": ["a", "b"])"),
              ElementsAre(R"({"a":"1","b":"2"})"));
  const char* map = R"("columns": {"fare": ["fare_amount", "Fare_Amt"], "tip": "tip", "no": "no"})";
  EXPECT_THAT(rows_of("tip, FARE_AMT ,other\n1,2,3\n", map),
              ElementsAre(R"({"fare":"2","tip":"1","no":null})"));
}

TEST(CsvFile, RejectsRaggedRowsByLine) {
  ScratchDir dir;
  write_file(dir / "a", "a,b\n1,2\n\"x\ny\"\n3,4,5\n6,7\n");
  harness h(component(), config_of(dir / "a", R"("format": "csv")"));
  h.open();
  h.poll_all();
  EXPECT_THAT(values(h), ElementsAre(R"({"a":"1","b":"2"})", R"({"a":"6","b":"7"})"));
  ASSERT_THAT(h.out.rejects, SizeIs(2));
  EXPECT_EQ(h.out.rejects[0].why, "line 3: 1 field where 2 are expected");
  EXPECT_EQ(h.out.rejects[0].bytes, "\"x\ny\"");
  EXPECT_EQ(h.out.rejects[0].position, 14u);
  EXPECT_EQ(h.out.rejects[0].after_rows, 1u);
  EXPECT_EQ(h.out.rejects[1].why, "line 5: 3 fields where 2 are expected");
}

TEST(CsvFile, LosesOneLineToAStrayQuote) {
  for (const char* broken : {"\"3,4", "\"3\" x,4"}) {
    ScratchDir dir;
    write_file(dir / "a", "a,b\n1,2\n" + std::string(broken) + "\n5,6\n\"7\",8\n9,10\n");
    for (const uint32_t at_once : {1u, 1000u}) {
      harness h(component(), config_of(dir / "a", R"("format": "csv")"));
      h.open();
      h.poll_all(at_once);
      EXPECT_THAT(h.out.rows, SizeIs(4));
      ASSERT_THAT(h.out.rejects, SizeIs(1));
      EXPECT_EQ(h.out.rejects[0].bytes, broken);
      EXPECT_THAT(h.out.rejects[0].why, HasSubstr("line 3: "));
    }
  }
}

TEST(CsvFile, FindsItsWayOutOfAQuoteThatIsNeverClosed) {
  ScratchDir dir;
  std::string text = "a,b\n\"1,2\n";
  for (int i = 0; i < 5000; ++i) text += "3,4\n";
  write_file(dir / "a", text);
  harness h(component(), config_of(dir / "a", R"("format": "csv", "max_record": "1KiB")"));
  h.open();
  h.poll_all();
  EXPECT_THAT(h.out.rows, SizeIs(5000));
  ASSERT_THAT(h.out.rejects, SizeIs(1));
  EXPECT_THAT(h.out.rejects[0].why, HasSubstr("never closed"));
}

TEST(CsvFile, RefusesHeadersThatCannotWork) {
  ScratchDir dir;
  const auto why = [&](const std::string& text, const std::string& more) {
    write_file(dir / "a", text);
    harness h(component(), config_of(dir / "a", R"("format": "csv")" + more));
    h.open();
    return failure_of([&] { h.poll_all(); });
  };
  EXPECT_THAT(why("a,a\n1,2\n", ""), HasSubstr("two columns are called \"a\""));
  EXPECT_THAT(why("x,y\n", R"(, "columns": {"a": "a"})"), HasSubstr("in its header: x, y"));
  EXPECT_THAT(why("\"x\n", ""), HasSubstr("its header cannot be read"));
}

TEST(CsvFile, ResumesWithItsHeader) {
  ScratchDir dir;
  write_file(dir / "a", "\xef\xbb\xbf\nb,a\n1,2\n\"3\n3\",4\n5\n");
  write_file(dir / "b", "a,b\n7,8\n");
  const std::string config = config_of(dir / "*", R"("format": "csv")");
  std::vector<std::string> got;
  test::bytes state;
  std::string why;
  for (mr_rc rc = MR_MORE; rc != MR_END;) {
    harness h(component(), config);
    h.open(state, 1);
    rc = h.poll(1);
    for (const std::string& value : values(h)) got.push_back(value);
    for (const auto& reject : h.out.rejects) why += reject.why;
    state = h.snapshot(1);
  }
  EXPECT_THAT(
      got, ElementsAre(R"({"b":"1","a":"2"})", R"({"b":"3\n3","a":"4"})", R"({"a":"7","b":"8"})"));
  EXPECT_EQ(why, "line 6: 1 field where 2 are expected");
}

TEST(CsvFile, FollowsFromTheHeaderOn) {
  ScratchDir dir;
  write_file(dir / "a", "a");
  const std::string config = config_of(dir / "a", R"("format": "csv", "follow": true)");
  harness first(component(), config);
  first.open();
  first.poll_all();
  append_file(dir / "a", ",b\n1,2\n3,");
  harness second(component(), config);
  second.open(first.snapshot(1), 1);
  second.poll_all();
  EXPECT_THAT(values(second), ElementsAre(R"({"a":"1","b":"2"})"));
}

TEST(CsvFile, ReadsOtherEncodings) {
  EXPECT_THAT(rows_of("a,b\n\xa3,\x80\n", R"("encoding": "cp1252")"),
              ElementsAre("{\"a\":\"£\",\"b\":\"€\"}"));
  EXPECT_THAT(rows_of("a\n\xe9\n", R"("encoding": "latin1")"), ElementsAre("{\"a\":\"é\"}"));
}

/// Without the blanks between tokens two JSON texts are the same, unless an escape can be written
/// in two ways.
std::string tight(const std::string& json) {
  std::string text;
  bool inside = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '"' && (i == 0 || json[i - 1] != '\\')) inside = !inside;
    if (inside || !std::isspace(static_cast<unsigned char>(json[i]))) text += json[i];
  }
  return text;
}

std::string with_returns(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? "\r\n" : std::string(1, c);
  return out;
}

/// csv-spectrum, CSV files and the JSON that they mean. MILLRACE_TEST_DATA says where recorded data
/// lies. It has no NULL, and the copy at hand has lost the CRs of the files that are about them.
TEST(CsvFile, AgreesWithCsvSpectrum) {
  const char* data = std::getenv("MILLRACE_TEST_DATA");
  if (!data) GTEST_SKIP() << "MILLRACE_TEST_DATA is not set";
  const std::filesystem::path folder = std::filesystem::path(data) / "conformance/csv-spectrum";
  ScratchDir dir;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "csvs")) {
    const std::string name = entry.path().stem();
    std::string csv = read_file(entry.path());
    if (name.ends_with("_crlf") && csv.find('\r') == csv.npos) csv = with_returns(csv);
    write_file(dir / name, csv);
    std::string joined;
    for (std::string row : read_all(dir / name, R"("format": "csv")")) {
      for (std::size_t at; (at = row.find(":null")) != row.npos;) row.replace(at, 5, ":\"\"");
      joined += (joined.empty() ? "" : ",") + row;
    }
    EXPECT_EQ("[" + joined + "]", tight(read_file(folder / "json" / (name + ".json")))) << name;
    ++files;
  }
  EXPECT_EQ(files, 11u);
}

}  // namespace
}  // namespace millrace::file_source
