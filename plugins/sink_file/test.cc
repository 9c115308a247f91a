// One file: appended, committed, cut.

#include <sys/resource.h>

#include <csignal>

#include "test_sink.h"

namespace millrace::file_sink {
namespace {

/// Writes `value` and commits; what the commit holds.
std::string commit_row(harness& sink, const std::string& value, uint64_t epoch) {
  sink.write(rows_of({value}));
  const std::string state = sink.prepare(epoch);
  sink.commit(epoch);
  return state;
}

TEST(FileSink, MakesItsFileAtStart) {
  ScratchDir dir;
  harness plain(component(), config_of("path", dir / "a/b/rows.ndjson"));
  plain.open();
  EXPECT_EQ(read_file(dir / "a/b/rows.ndjson"), "");
  EXPECT_THAT(names_in(dir / "a/b"), ElementsAre("rows.ndjson"));
  harness csv(component(),
              config_of("path", dir / "rows.csv", R"("format": "csv", "csv_header": "a,b")"));
  csv.open();
  EXPECT_EQ(read_file(dir / "rows.csv"), "a,b\n");
}

TEST(FileSink, WritesRowsAsLines) {
  ScratchDir dir;
  harness sink(component(), config_of("path", dir / "out"));
  sink.open();
  sink.write(rows_of({"1", "", "three"}));
  sink.write({{.value = std::nullopt}, {.value = std::string(300000, 'x')}, {.value = "end"}});
  sink.prepare(1);
  EXPECT_EQ(read_file(dir / "out"), "1\n\nthree\nnull\n" + std::string(300000, 'x') + "\nend\n");
}

/// The host lays rows out with a line end behind each.
TEST(FileSink, WritesRunsOfRowsAtOnce) {
  ScratchDir dir;
  std::string arena, expected;
  std::vector<mr_span> spans;
  for (uint32_t i = 0; i < 30000; ++i) {
    const std::string value = "row " + std::to_string(i);
    spans.push_back({static_cast<uint32_t>(arena.size()), static_cast<uint32_t>(value.size())});
    arena += value + '\n';
    if (i % 1000 != 7) expected += value + '\n';
  }
  std::erase_if(spans, [&, i = 0](const mr_span&) mutable { return i++ % 1000 == 7; });
  harness sink(component(), config_of("path", dir / "out"));
  sink.open();
  mr_batch batch{};
  batch.struct_size = sizeof batch;
  batch.count = static_cast<uint32_t>(spans.size());
  batch.value = {reinterpret_cast<const uint8_t*>(arena.data()), arena.size(), spans.data()};
  batch.retain = batch.release = [](const mr_batch*) noexcept {};
  for (const uint64_t size :
       {arena.size(), arena.size() - 1}) {  // The last line end may be missing.
    batch.value.size = size;
    mr_err err{};
    const auto* ops = static_cast<const mr_sink*>(component().ops);
    ASSERT_EQ(ops->write(sink.self(), &batch, sink.out.abi(), &err), MR_OK);
  }
  sink.prepare(1);
  EXPECT_EQ(read_file(dir / "out"), expected + expected);
}

TEST(FileSink, AppendsAndCutsToTheLastCommit) {
  ScratchDir dir;
  write_file(dir / "out", "before\n");
  const std::string config = config_of("path", dir / "out");
  std::string state;
  {
    harness sink(component(), config);
    sink.open();
    state = commit_row(sink, "1", 1);
    EXPECT_THAT(state, HasSubstr(R"("base":7,"length":9)"));
    sink.write(rows_of({"2"}));
    sink.prepare(2);  // Nobody hears whether it held.
  }
  EXPECT_EQ(read_file(dir / "out"), "before\n1\n2\n");
  harness sink(component(), config);
  sink.open(state, 1);
  EXPECT_EQ(read_file(dir / "out"), "before\n1\n");
  commit_row(sink, "3", 2);
  EXPECT_EQ(read_file(dir / "out"), "before\n1\n3\n");
  EXPECT_THAT(names_in(dir.path()), ElementsAre("out"));
}

TEST(FileSink, TakesBackRowsOfARunWithoutACommit) {
  ScratchDir dir;
  write_file(dir / "out", "before\n");
  for (const char* more : {"", R"("format": "csv", "csv_header": "h")"}) {
    for (int crashes = 0; crashes < 3; ++crashes) {
      harness sink(component(), config_of("path", dir / "out", more));
      sink.open();
      sink.write(rows_of({"1"}));
      sink.prepare(1);
      EXPECT_EQ(read_file(dir / "out"), "before\n1\n");
      EXPECT_THAT(names_in(dir.path()), ElementsAre(".out.uncommitted", "out"));
    }
  }
}

TEST(FileSink, ForgetsWithFreshWhatItWrote) {
  ScratchDir dir;
  write_file(dir / "out", "before\n");
  const std::string config = config_of("path", dir / "out");
  std::string state;
  {
    harness sink(component(), config);
    sink.open();
    state = commit_row(sink, "1", 1);
  }
  harness sink(component(), config);
  sink.open(state, 1, MR_OPEN_FRESH);
  EXPECT_EQ(read_file(dir / "out"), "before\n");
  EXPECT_THAT(commit_row(sink, "9", 1), HasSubstr(R"("base":7,"length":9)"));
}

TEST(FileSink, WritesTheHeaderAgainAfterFresh) {
  ScratchDir dir;
  const std::string config =
      config_of("path", dir / "out", R"("format": "csv", "csv_header": "h")");
  std::string state;
  {
    harness sink(component(), config);
    sink.open();
    state = commit_row(sink, "1", 1);
    EXPECT_THAT(state, HasSubstr(R"("base":0,"length":4)"));
  }
  {
    harness sink(component(), config);
    sink.open(state, 1);
    EXPECT_EQ(read_file(dir / "out"), "h\n1\n");
  }
  harness sink(component(), config);
  sink.open(state, 1, MR_OPEN_FRESH);
  EXPECT_EQ(read_file(dir / "out"), "h\n");
}

TEST(FileSink, DropsRowsOfAnAbortedCommit) {
  ScratchDir dir;
  harness sink(component(), config_of("path", dir / "out"));
  sink.open();
  commit_row(sink, "1", 1);
  sink.write(rows_of({"2"}));
  sink.prepare(2);
  sink.abort(2);
  sink.abort(2);
  EXPECT_EQ(read_file(dir / "out"), "1\n");
}

TEST(FileSink, RefusesAFileThatChanged) {
  ScratchDir dir;
  const std::string config = config_of("path", dir / "out");
  std::string state;
  {
    harness sink(component(), config);
    sink.open();
    state = commit_row(sink, "12345", 1);
  }
  const auto why = [&] {
    harness sink(component(), config);
    return failure_of([&] { sink.open(state, 1); });
  };
  std::filesystem::resize_file(dir / "out", 3);
  EXPECT_THAT(why(), HasSubstr("has 3 bytes, but 6 were committed"));
  EXPECT_EQ(read_file(dir / "out"), "123");
  write_file(dir / "new", "1234567890\n");
  std::filesystem::rename(dir / "new", dir / "out");
  EXPECT_THAT(why(), HasSubstr("was replaced"));
  EXPECT_THAT(why(), HasSubstr("--fresh"));
  std::filesystem::remove(dir / "out");
  EXPECT_THAT(why(), HasSubstr("is gone"));
  EXPECT_FALSE(std::filesystem::exists(dir / "out"));
}

TEST(FileSink, NoticesOthersThatWriteToItsFile) {
  ScratchDir dir;
  harness sink(component(), config_of("path", dir / "out"));
  sink.open();
  harness other(component(), config_of("path", dir / "out"));
  EXPECT_THAT(failure_of([&] { other.open(); }), HasSubstr("another sink or process"));
  sink.write(rows_of({"1"}));
  sink.prepare(1);
  append_file(dir / "out", "x\n");
  EXPECT_THAT(failure_of([&] { sink.prepare(2); }), HasSubstr("somebody else changed it"));
}

TEST(FileSink, NoticesThatItsFileIsGone) {
  ScratchDir dir;
  harness sink(component(), config_of("path", dir / "out"));
  sink.open();
  sink.write(rows_of({"1"}));
  std::filesystem::remove(dir / "out");
  EXPECT_THAT(failure_of([&] { sink.prepare(1); }), HasSubstr("removed or replaced"));
}

class PackedSink : public ::testing::TestWithParam<compress::Compression> {};

TEST_P(PackedSink, EndsAFrameAtEachCommit) {
  ScratchDir dir;
  const std::string config =
      config_of("path", dir / "out",
                "\"compression\": \"" + std::string(compress::name_of(GetParam())) + '"');
  std::string state;
  {
    harness sink(component(), config);
    sink.open();
    commit_row(sink, "1", 1);
    state = commit_row(sink, "2", 2);
    EXPECT_EQ(sink.prepare(3), state);
    sink.commit(3);
    sink.write(rows_of({std::string(1000000, 'z')}));
    sink.prepare(4);
  }
  harness sink(component(), config);
  sink.open(state, 3);
  EXPECT_EQ(unpacked(read_file(dir / "out"), GetParam()), "1\n2\n");
  commit_row(sink, "3", 4);
  EXPECT_EQ(unpacked(read_file(dir / "out"), GetParam()), "1\n2\n3\n");
}

TEST_P(PackedSink, DoesNotMixPlainAndPackedData) {
  ScratchDir dir;
  write_file(dir / "out", "plain\n");
  harness packed(component(), config_of("path", dir / "out",
                                        "\"compression\": \"" +
                                            std::string(compress::name_of(GetParam())) + '"'));
  EXPECT_THAT(failure_of([&] { packed.open(); }), HasSubstr("holds plain data"));
}

INSTANTIATE_TEST_SUITE_P(Codecs, PackedSink,
                         ::testing::Values(compress::Compression::kGzip,
                                           compress::Compression::kZstd),
                         [](const auto& info) {
                           return std::string(compress::name_of(info.param));
                         });

/// A limit on the size of files stands for a full disk.
TEST(FileSink, SaysThatItCannotWriteAndKeepsWhatIsCommitted) {
  ScratchDir dir;
  const std::string config = config_of("path", dir / "out");
  std::string state;
  {
    harness sink(component(), config);
    sink.open();
    state = commit_row(sink, "1", 1);
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small{100000, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    const std::string why = failure_of([&] {
      sink.write(rows_of({std::string(300000, 'x')}));
      sink.prepare(2);
    });
    EXPECT_EQ(failure_of([&] { sink.close(); }), "");
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_THAT(why, HasSubstr(dir / "out"));
    EXPECT_THAT(why, HasSubstr("what was committed is safe"));
  }
  harness sink(component(), config);
  sink.open(state, 1);
  EXPECT_EQ(read_file(dir / "out"), "1\n");
}

TEST(FileSink, SaysWhatIsWrongWithAPath) {
  ScratchDir dir;
  const auto why = [&](const std::string& path) {
    const std::string config = config_of("path", path);
    if (std::string refused = harness::validate(component(), config); !refused.empty())
      return refused;
    harness sink(component(), config);
    return failure_of([&] { sink.open(); });
  };
  write_file(dir / "file", "");
  ASSERT_EQ(mkfifo((dir / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(why(dir / "pipe"), HasSubstr("is a pipe; rows can be taken back only"));
  EXPECT_THAT(why(dir.path()), HasSubstr("is a directory; for parts use dir"));
  EXPECT_THAT(why("/dev/null"), HasSubstr("is a device"));
  EXPECT_THAT(why(dir / "file/out"), HasSubstr("not a directory"));
}

TEST(FileSink, SaysWhatIsWrongWithAConfiguration) {
  const auto why = [](const char* config) { return harness::validate(component(), config); };
  EXPECT_EQ(why(R"({"path": "a"})"), "");
  EXPECT_EQ(why(R"({"dir": "a", "roll": {"size": "1KiB", "every": "1m"}})"), "");
  EXPECT_THAT(why("{}"), HasSubstr("path: needed"));
  EXPECT_THAT(why(R"({"path": "a", "dir": "b"})"), HasSubstr("only one"));
  EXPECT_THAT(why(R"({"path": "a", "roll": {"size": "1KiB"}})"), HasSubstr("roll"));
  EXPECT_THAT(why(R"({"dir": "a", "shared": true})"), HasSubstr("shared"));
}

}  // namespace
}  // namespace millrace::file_sink
