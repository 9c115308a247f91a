// A directory of parts: hidden until they are committed and finished.

#include <unistd.h>

#include "test_sink.h"

namespace millrace::file_sink {
namespace {

constexpr const char* kRoll = R"("roll": {"size": "10B"})";

std::string commit(harness& sink, uint64_t epoch) {
  const std::string state = sink.prepare(epoch);
  sink.commit(epoch);
  return state;
}

TEST(DirSink, TakesBackPartsOfARunWithoutACommit) {
  ScratchDir dir;
  write_file(dir / ".part-000001.ndjson.open", "of somebody else\n");
  for (int crashes = 0; crashes < 3; ++crashes) {
    harness sink(component(), config_of("dir", dir.path()));
    sink.open();
    sink.write(rows_of({"1"}));
    sink.prepare(1);  // In doubt, so that closing leaves it hidden.
    EXPECT_THAT(
        names_in(dir.path()),
        ElementsAre(".part-000001.ndjson.open", ".part-000002.ndjson.open", ".parts.uncommitted"));
  }
  EXPECT_EQ(read_file(dir / ".part-000002.ndjson.open"), "1\n");
}

TEST(DirSink, ShowsAPartAtTheCommitAfterItIsFull) {
  ScratchDir dir;
  harness sink(component(), config_of("dir", dir.path(), kRoll));
  sink.open();
  EXPECT_THAT(names_in(dir.path()), IsEmpty());
  sink.write(rows_of({"1"}));
  commit(sink, 1);
  EXPECT_THAT(names_in(dir.path()), ElementsAre(".part-000000.ndjson.open"));
  sink.write(rows_of({"22222", "33333"}));
  sink.prepare(2);
  EXPECT_THAT(names_in(dir.path()), ElementsAre(".part-000000.ndjson.open"));
  sink.commit(2);
  sink.commit(2);
  EXPECT_THAT(names_in(dir.path()), ElementsAre("part-000000.ndjson"));
  EXPECT_EQ(read_file(dir / "part-000000.ndjson"), "1\n22222\n33333\n");
  sink.write(rows_of({"4"}));
  commit(sink, 3);
  sink.write(rows_of({"not committed"}));
  sink.close();
  EXPECT_THAT(names_in(dir.path()), ElementsAre("part-000000.ndjson", "part-000001.ndjson"));
  EXPECT_EQ(read_file(dir / "part-000001.ndjson"), "4\n");
}

TEST(DirSink, ShowsNothingThatIsNotCommitted) {
  ScratchDir dir;
  harness sink(component(), config_of("dir", dir.path(), kRoll));
  sink.open();
  sink.write(rows_of({"1"}));
  sink.close();
  EXPECT_THAT(names_in(dir.path()), IsEmpty());
}

constexpr const char* kSmallParts = R"("roll": {"size": "9B"}, "compression": "gzip")";

void write_epoch(harness& sink, uint64_t epoch) {
  sink.write(rows_of({"row " + std::to_string(epoch)}));
}

/// What a crash leaves of a run up to epoch `last`: its directory is copied to `crashed` while the
/// sink is open. Returns what the commit in force knows; the last one counts if it was `logged`.
test::bytes crash_after(uint64_t last, bool logged, const std::filesystem::path& crashed) {
  ScratchDir dir;
  test::bytes state;
  harness sink(component(), config_of("dir", dir.path(), kSmallParts));
  sink.open();
  for (uint64_t epoch = 1; epoch <= last; ++epoch) {
    write_epoch(sink, epoch);
    const std::string prepared = sink.prepare(epoch);
    if (epoch < last || logged) state = prepared;
    if (epoch < last) sink.commit(epoch);
  }
  std::filesystem::copy(dir.path(), crashed);
  return state;
}

/// Five pieces of work, stopped dead at each step of each commit, and resumed.
TEST(DirSink, IsExactAfterACrashAnywhere) {
  for (const bool logged : {false, true}) {
    for (uint64_t last = 1; last <= 4; ++last) {
      ScratchDir place;
      const std::filesystem::path crashed = place.path() / "crashed";
      const test::bytes state = crash_after(last, logged, crashed);
      const uint64_t done = logged ? last : last - 1;
      harness sink(component(), config_of("dir", crashed, kSmallParts));
      sink.open(state, done);
      for (uint64_t epoch = done + 1; epoch <= 5; ++epoch) {
        write_epoch(sink, epoch);
        sink.prepare(epoch);
        sink.commit(epoch);
      }
      sink.close();
      std::string all;
      for (const std::string& name : names_in(crashed)) {
        if (name[0] != '.')
          all += unpacked(read_file(crashed / name), compress::Compression::kGzip);
      }
      EXPECT_EQ(all, "row 1\nrow 2\nrow 3\nrow 4\nrow 5\n") << last << logged;
    }
  }
}

TEST(DirSink, GoesOnBehindAPartThatACleanStopShowed) {
  ScratchDir dir;
  std::string state;
  for (int run = 0; run < 3; ++run) {
    harness sink(component(), config_of("dir", dir.path()));
    sink.open(state.empty() ? test::bytes() : test::bytes(state), 1);
    sink.write(rows_of({std::to_string(run)}));
    state = commit(sink, 1);
    sink.close();
  }
  EXPECT_THAT(names_in(dir.path()),
              ElementsAre("part-000000.ndjson", "part-000001.ndjson", "part-000002.ndjson"));
  EXPECT_EQ(read_file(dir / "part-000002.ndjson"), "2\n");
}

TEST(DirSink, BeginsEachPartWithTheHeader) {
  ScratchDir dir;
  harness sink(component(),
               config_of("dir", dir.path(),
                         R"("format": "csv", "csv_header": "h", "roll": {"size": "1B"})"));
  sink.open();
  for (uint64_t epoch = 1; epoch <= 2; ++epoch) {
    sink.write(rows_of({std::to_string(epoch)}));
    commit(sink, epoch);
  }
  EXPECT_EQ(read_file(dir / "part-000000.csv"), "h\n1\n");
  EXPECT_EQ(read_file(dir / "part-000001.csv"), "h\n2\n");
}

TEST(DirSink, ShowsPartsThatAreOld) {
  ScratchDir dir;
  harness sink(component(), config_of("dir", dir.path(), R"("roll": {"every": "20ms"})"));
  sink.open();
  sink.write(rows_of({"1"}));
  commit(sink, 1);
  usleep(30000);
  commit(sink, 2);
  EXPECT_THAT(names_in(dir.path()), ElementsAre("part-000000.ndjson"));
}

TEST(DirSink, ForgetsWithFreshWhatItWrote) {
  ScratchDir dir;
  write_file(dir / "part-000004.ndjson", "others\n");
  const std::string config = config_of("dir", dir.path(), kRoll);
  std::string state;
  {
    harness sink(component(), config);
    sink.open();
    sink.write(rows_of({"long enough"}));
    commit(sink, 1);
    sink.write(rows_of({"2"}));
    state = commit(sink, 2);
    EXPECT_THAT(names_in(dir.path()), ElementsAre(".part-000006.ndjson.open", "part-000004.ndjson",
                                                  "part-000005.ndjson"));
  }
  harness sink(component(), config);
  sink.open(state, 2, MR_OPEN_FRESH);
  EXPECT_THAT(names_in(dir.path()), ElementsAre("part-000004.ndjson"));
}

TEST(DirSink, RefusesAHiddenPartThatWasCut) {
  ScratchDir dir;
  const std::string config = config_of("dir", dir.path());
  std::string state;
  {
    harness sink(component(), config);
    sink.open();
    sink.write(rows_of({"12345"}));
    state = commit(sink, 1);
    sink.prepare(2);  // In doubt, so that closing leaves it hidden.
  }
  std::filesystem::resize_file(dir / ".part-000000.ndjson.open", 3);
  harness sink(component(), config);
  EXPECT_THAT(failure_of([&] { sink.open(state, 1); }),
              HasSubstr("has 3 bytes, but 6 were committed"));
}

TEST(DirSink, IsNotShared) {
  ScratchDir dir;
  harness one(component(), config_of("dir", dir.path())),
      two(component(), config_of("dir", dir.path()));
  one.open();
  EXPECT_THAT(failure_of([&] { two.open(); }), HasSubstr("another sink or process"));
}

}  // namespace
}  // namespace millrace::file_sink
