// The log of files, positions, resuming, lines.

#include "test_source.h"

namespace millrace::file_source {
namespace {

TEST(FileSource, ReadsLinesOfAFile) {
  ScratchDir dir;
  write_file(dir / "a.jsonl", "{\"n\":1}\n{\"n\":2}\n");
  EXPECT_THAT(read_all(dir / "a.jsonl"), ElementsAre("{\"n\":1}", "{\"n\":2}"));
}

TEST(FileSource, TakesALastLineWithoutLineEnd) {
  ScratchDir dir;
  write_file(dir / "a", "1\n22");
  harness h(component(), config_of(dir / "a"));
  h.open();
  h.poll_all();
  EXPECT_THAT(values(h), ElementsAre("1", "22"));
  EXPECT_EQ(h.out.rows[0].position, 2u);
  EXPECT_EQ(h.out.rows[1].position, 4u);
}

TEST(FileSource, SkipsEmptyLinesReturnsAndTheByteOrderMark) {
  ScratchDir dir;
  write_file(dir / "a", "\xef\xbb\xbf{}\r\n\r\n\n[]\r\n");
  for (const uint32_t at_once : {1u, 1000u}) {
    EXPECT_THAT(read_all(dir / "a", "", at_once), ElementsAre("{}", "[]"));
  }
}

TEST(FileSource, KeepsEmptyLinesOfLines) {
  ScratchDir dir;
  write_file(dir / "a", "one\n\ntwo\r\n");
  EXPECT_THAT(read_all(dir / "a", R"("format": "lines")"), ElementsAre("one", "", "two"));
}

TEST(FileSource, PassesNulAndBrokenUtf8On) {
  ScratchDir dir;
  const std::string odd = std::string("a\0b\xff", 4);
  write_file(dir / "a", odd + "\n");
  EXPECT_THAT(read_all(dir / "a"), ElementsAre(odd));
}

TEST(FileSource, EndsAtOnceOnAnEmptyFile) {
  ScratchDir dir;
  write_file(dir / "a", "");
  EXPECT_THAT(read_all(dir / "a"), IsEmpty());
}

TEST(FileSource, GivesTheSameRecordsForAnySizeOfPoll) {
  ScratchDir dir;
  std::string text;
  std::vector<std::string> expected;
  for (int i = 0; i < 3000; ++i) {
    expected.push_back("{\"n\":" + std::to_string(i) + ",\"x\":\"" + std::string(i % 700, 'x') +
                       "\"}");
    text += expected.back() + (i % 5 ? "\n" : "\r\n\n");
  }
  write_file(dir / "a", text);
  for (const uint32_t at_once : {1u, 7u, 1000u, 100000u}) {
    EXPECT_EQ(read_all(dir / "a", "", at_once), expected);
  }
}

TEST(FileSource, KeepsTheBudget) {
  ScratchDir dir;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += std::string(99, 'x') + "\n";
  text += std::string(5000, 'y') + "\n";
  write_file(dir / "a", text);
  harness h(component(), config_of(dir / "a"));
  h.open();
  for (mr_rc rc = MR_MORE; rc != MR_END;) {
    const std::size_t before = h.out.rows.size();
    rc = h.poll(10, 500);
    std::size_t bytes = 0;
    for (std::size_t i = before; i < h.out.rows.size(); ++i) bytes += h.out.rows[i].value->size();
    EXPECT_LE(h.out.rows.size() - before, 10u);
    EXPECT_TRUE(bytes <= 500 || h.out.rows.size() - before == 1) << bytes;
  }
  EXPECT_THAT(h.out.rows, SizeIs(1001));
}

TEST(FileSource, RejectsALongRecordAndGoesOn) {
  ScratchDir dir;
  const std::string longest(1000, 'a'), longer(1001, 'b'), huge(3000000, 'c');
  write_file(dir / "a", longest + "\r\n" + longer + "\n" + huge + "\nlast\n");
  for (const uint32_t at_once : {1u, 1000u}) {
    harness h(component(), config_of(dir / "a", R"("max_record": "1000B", "format": "lines")"));
    h.open();
    h.poll_all(at_once);
    EXPECT_THAT(values(h), ElementsAre(longest, "last"));
    ASSERT_THAT(h.out.rejects, SizeIs(2));
    EXPECT_EQ(h.out.rejects[0].bytes, longer);
    EXPECT_THAT(h.out.rejects[0].why, HasSubstr("line 2: longer than max_record, 1000 bytes"));
    EXPECT_EQ(h.out.rejects[0].position, 2004u);
    EXPECT_EQ(h.out.rejects[1].bytes, huge.substr(0, 65536));
    EXPECT_THAT(h.out.rejects[1].why, HasSubstr("line 3: longer than max_record"));
    EXPECT_EQ(h.out.rejects[1].position, 2004u + 3000001);
    EXPECT_EQ(h.out.rejects[1].after_rows, 1u);
  }
}

TEST(FileSource, ReadsListsAndPatternsAsOneLog) {
  ScratchDir dir;
  for (const char* name : {"b", "a", "C", "x"}) write_file(dir / name, std::string(name) + "\n");
  std::filesystem::create_directory(dir / "sub");
  harness h(component(), R"({"path": [")" + (dir / "x") + R"(", ")" + (dir / "*") + R"("]})");
  h.open();
  h.poll_all();
  EXPECT_THAT(values(h), ElementsAre("x", "C", "a", "b"));
  for (uint32_t i = 0; i < 4; ++i) EXPECT_EQ(h.out.rows[i].partition, i);
}

TEST(FileSource, ResumesBehindTheLastRecord) {
  ScratchDir dir;
  std::vector<std::string> expected;
  for (const char* name : {"1", "2", "3"}) {
    std::string text = "\n";
    for (int i = 0; i < 20; ++i) {
      expected.push_back(std::string(name) + "-" + std::to_string(i));
      text += expected.back() + "\n";
    }
    write_file(dir / name, text);
  }
  const std::string config = config_of(dir / "*");
  for (uint32_t at_once = 1; at_once < 9; ++at_once) {
    std::vector<std::string> got;
    test::bytes state;
    for (mr_rc rc = MR_MORE; rc != MR_END;) {
      harness h(component(), config);
      h.open(state, 1);
      rc = h.poll(at_once);
      for (const std::string& value : values(h)) got.push_back(value);
      state = h.snapshot(1);
    }
    EXPECT_EQ(got, expected);
  }
}

TEST(FileSource, ReadsAppendedBytesAndNewFilesLater) {
  ScratchDir dir;
  write_file(dir / "b.jsonl", "1\n");
  const std::string config = config_of(dir / "*.jsonl");
  harness first(component(), config);
  first.open();
  first.poll_all();
  append_file(dir / "b.jsonl", "2\n");
  write_file(dir / "a.jsonl", "3\n");
  harness second(component(), config);
  second.open(first.snapshot(1), 1);
  EXPECT_EQ(second.poll_all(), MR_END);
  EXPECT_THAT(values(second), ElementsAre("2", "3"));
  EXPECT_EQ(second.out.rows[0].partition, 0u);
  EXPECT_EQ(second.out.rows[0].position, 4u);
  EXPECT_EQ(second.out.rows[1].partition, 1u);
  harness third(component(), config);
  third.open(second.snapshot(2), 2);
  EXPECT_EQ(third.poll_all(), MR_END);
  EXPECT_THAT(values(third), IsEmpty());
}

TEST(FileSource, SeeksToAPosition) {
  ScratchDir dir;
  write_file(dir / "a", "1\n22\n333\n");
  harness h(component(), config_of(dir / "a"));
  h.open();
  h.poll_all();
  h.seek(0, 2);
  h.out.clear();
  EXPECT_EQ(h.poll_all(), MR_END);
  EXPECT_THAT(values(h), ElementsAre("22", "333"));
}

TEST(FileSource, StopsOnAReplacedFile) {
  ScratchDir dir;
  write_file(dir / "a", "1\n2\n3\n");
  harness first(component(), config_of(dir / "a"));
  first.open();
  first.poll(2);
  const std::string state = first.snapshot(1);
  write_file(dir / "new", "9\n8\n7\n6\n");
  std::filesystem::rename(dir / "new", dir / "a");
  harness second(component(), config_of(dir / "a"));
  const std::string why = failure_of([&] { second.open(state, 1); });
  EXPECT_THAT(why, HasSubstr(dir / "a"));
  EXPECT_THAT(why, HasSubstr("replaced"));
  EXPECT_THAT(why, HasSubstr("--fresh"));
  harness fresh(component(), config_of(dir / "a"));
  fresh.open(state, 1, MR_OPEN_FRESH);
  fresh.poll_all();
  EXPECT_THAT(values(fresh), ElementsAre("9", "8", "7", "6"));
}

TEST(FileSource, AcceptsACopyOfTheSameFile) {
  ScratchDir dir;
  write_file(dir / "a", "1\n2\n");
  harness first(component(), config_of(dir / "a"));
  first.open();
  first.poll(1);
  const std::string state = first.snapshot(1);
  write_file(dir / "copy", "1\n2\n3\n");
  std::filesystem::rename(dir / "copy", dir / "a");
  harness second(component(), config_of(dir / "a"));
  second.open(state, 1);
  second.poll_all();
  EXPECT_THAT(values(second), ElementsAre("2", "3"));
}

TEST(FileSource, StopsOnACutFile) {
  ScratchDir dir;
  write_file(dir / "a", "1\n2\n3\n");
  harness first(component(), config_of(dir / "a"));
  first.open();
  first.poll_all();
  const std::string state = first.snapshot(1);
  std::filesystem::resize_file(dir / "a", 4);
  harness second(component(), config_of(dir / "a"));
  EXPECT_THAT(failure_of([&] { second.open(state, 1); }), HasSubstr("was cut"));
}

TEST(FileSource, NoticesChangesWhileItReads) {
  const std::string text = "1\n" + std::string(1000000, ' ') + "\n";
  const std::vector<std::pair<std::string, std::function<void(const std::string&)>>> changes = {
      {"was cut", [](const std::string& path) { std::filesystem::resize_file(path, 1); }},
      {"vanished", [](const std::string& path) { std::filesystem::remove(path); }},
      {"replaced", [](const std::string& path) {
         std::filesystem::remove(path);
         write_file(path, "other");
       }}};
  for (const auto& [word, change] : changes) {
    ScratchDir dir;
    write_file(dir / "a", text);
    harness h(component(), config_of(dir / "a"));
    h.open();
    h.poll(1);
    change(dir / "a");
    EXPECT_THAT(failure_of([&] { h.poll_all(); }), HasSubstr(word));
  }
}

TEST(FileSource, SaysWhatIsWrongWithAPath) {
  ScratchDir dir;
  const auto why = [&](const std::string& path) {
    harness h(component(), config_of(path));
    return failure_of([&] { h.open(); });
  };
  EXPECT_THAT(why(dir / "none"), HasSubstr(dir / "none"));
  EXPECT_THAT(why(dir / "none"), HasSubstr("no such file"));
  EXPECT_THAT(why(dir / "*.csv"), HasSubstr("no file matches"));
  EXPECT_THAT(why(dir.path()), HasSubstr("is a directory; its files are"));
  EXPECT_THAT(why("/dev/null"), HasSubstr("is a device"));
}

TEST(FileSource, SaysWhatIsWrongWithAConfiguration) {
  const auto why = [](const std::string& more) {
    return harness::validate(component(), config_of("a", more));
  };
  EXPECT_EQ(why(R"("format": "ndjson")"), "");
  EXPECT_THAT(why(R"("parallel": true)"), HasSubstr("parallel"));
  EXPECT_THAT(why(R"("format": "csv", "header": false)"), HasSubstr("columns"));
  EXPECT_THAT(why(R"("format": "csv", "delimiter": "\"")"), HasSubstr("differ"));
  EXPECT_THAT(why(R"("replay": {"speed": 2})"), HasSubstr("time_field"));
  EXPECT_EQ(why(R"("replay": {"speed": 2}, "event_time": {"field": "t", "unit": "s"})"), "");
  EXPECT_THAT(why(R"("replay": {"speed": 2, "time_field": "t", "unit": "h"})"),
              HasSubstr("none of s"));
  EXPECT_THAT(why(R"("replay": {"speed": "fast"})"), HasSubstr("max"));
  EXPECT_THAT(why(R"("max_record": "x")"), HasSubstr("max_record"));
}

TEST(FileSource, FollowsAFile) {
  ScratchDir dir;
  write_file(dir / "a", "1\n2");
  harness h(component(), config_of(dir / "*", R"("follow": true)"));
  EXPECT_EQ(h.traits().bounded, 0u);
  h.open();
  const auto wait_for = [&](std::size_t rows) {
    for (int i = 0; i < 2000 && h.out.rows.size() < rows; ++i) {
      if (h.poll() == MR_IDLE) usleep(5000);
    }
  };
  wait_for(1);
  EXPECT_EQ(h.poll(), MR_IDLE);
  EXPECT_THAT(values(h), ElementsAre("1"));
  append_file(dir / "a", "2\n3\n");
  wait_for(3);
  write_file(dir / "b", "4\n");
  wait_for(4);
  append_file(dir / "a", "5\n");
  wait_for(5);
  EXPECT_THAT(values(h), ElementsAre("1", "22", "3", "4", "5"));
  const std::string state = h.snapshot(1);
  append_file(dir / "a", "6\n");
  harness later(component(), config_of(dir / "*"));
  later.open(state, 1);
  later.poll_all();
  EXPECT_THAT(values(later), ElementsAre("6"));
}

TEST(FileSource, StopsAtATargetFixedAtStart) {
  ScratchDir dir;
  write_file(dir / "a", "1\n2\n3");
  harness h(component(), config_of(dir / "a", R"("follow": true)"));
  h.open(std::nullopt, 0, MR_OPEN_UNTIL_END);
  append_file(dir / "a", "3\n4\n");
  EXPECT_EQ(h.poll_all(), MR_END);
  EXPECT_THAT(values(h), ElementsAre("1", "2"));
  harness later(component(), config_of(dir / "a", R"("follow": true)"));
  later.open(h.snapshot(1), 1, MR_OPEN_UNTIL_END);
  EXPECT_EQ(later.poll_all(), MR_END);
  EXPECT_THAT(values(later), ElementsAre("33", "4"));
}

TEST(FileSource, ReplaysAtAPace) {
  ScratchDir dir;
  write_file(dir / "a",
             "{\"t\":\"2026-01-01T00:00:00Z\"}\n{\"t\":\"2026-01-01T01:00:20+01:00\"}\n"
             "{\"t\":\"2026-01-01 00:00:10Z\"}\n{\"x\":1}\n");
  write_file(dir / "b", "{\"t\":1767225600}\n{\"t\":1767225620}\n{\"t\":1767225610}\n{\"x\":1}\n");
  const std::pair<const char*, const char*> cases[] = {
      {"a", R"("replay": {"speed": 100, "time_field": "t", "unit": "rfc3339"})"},
      {"a", R"("replay": {"speed": 100}, "event_time": {"field": "t"})"},
      {"b", R"("replay": {"speed": 100}, "event_time": {"field": "t", "unit": "s"})"},
      {"b", R"("replay": {"speed": 100, "time_field": "t", "unit": "s"},
               "event_time": {"field": "x", "unit": "ms"})"}};
  for (const auto& [file, settings] : cases) {
    harness h(component(), config_of(dir / file, settings));
    h.open();
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(h.poll(), MR_IDLE);
    EXPECT_THAT(h.out.rows, SizeIs(1));
    while (h.poll() != MR_END) usleep(1000);
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_THAT(h.out.rows, SizeIs(4));
    EXPECT_GE(took, std::chrono::milliseconds(199)) << settings;
  }
}

}  // namespace
}  // namespace millrace::file_source
