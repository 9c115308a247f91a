// What the log says of files that it cannot, or may not, read.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "state_fixture.h"

namespace millrace {
namespace {

TEST(LocalLogDamage, RefusesANewerFormatButCanBeMadeAnew) {
  TemporaryDirectory dir;
  open_log(dir);
  {
    auto store = LmdbStore::open(dir / "p/state", 1 << 20);
    ASSERT_TRUE(store);
    must((*store)->write(0, [](LmdbTransaction& transaction) {
      return transaction.put("f", std::string("MRSL\x02\x00whatever", 14));
    }));
  }
  EXPECT_EQ(open_error(dir), "the state in " + (dir / "p/state") +
                                 " has format 2, this release reads up to 1: run the newer release "
                                 "that wrote it, or choose another directory with --state DIR");
  auto anew = LocalLog::open_anew({dir.path(), "p"});
  ASSERT_TRUE(anew) << anew.error().message;
  EXPECT_EQ(last_epoch(**anew), 0u);
}

TEST(LocalLogDamage, RefusesWhatHasNoFormat) {
  TemporaryDirectory dir;
  open_log(dir);
  for (const std::string& record : {std::string(), std::string("MRSL"), std::string("MRSL\0\0", 6),
                                    std::string("MRSL\x01\x00short", 11), std::string("other")}) {
    {
      auto store = LmdbStore::open(dir / "p/state", 1 << 20);
      ASSERT_TRUE(store);
      must((*store)->write(0, [&](LmdbTransaction& transaction) {
        return record.empty() ? transaction.erase("f").has_value()
                                    ? transaction.put("x", "y")
                                    : Result<void>(Error{Code::kFailed, "erase"})
                              : transaction.put("f", record);
      }));
    }
    auto log = LocalLog::open({dir.path(), "p"});
    ASSERT_FALSE(log) << record;
    EXPECT_EQ(log.error().code, Code::kCorrupt) << record;
  }
}

TEST(LocalLogDamage, RefusesAFileThatIsNoLog) {
  TemporaryDirectory dir;
  std::filesystem::create_directories(dir / "p/state");
  std::ofstream(dir / "p/state/data.mdb") << std::string(20'000, 'x');
  const std::string refused = open_error(dir);
  EXPECT_EQ(refused, "cannot open " + (dir / "p/state/data.mdb") +
                         ": the file is damaged; restore a copy of it, or start anew with --fresh");
  EXPECT_TRUE(LocalLog::open_anew({dir.path(), "p"}));
}

TEST(LocalLogDamage, NoticesADamagedCommitRecord) {
  TemporaryDirectory dir;
  {
    auto log = open_log(dir);
    must(log->commit(commit_of(1)));
  }
  {
    auto store = LmdbStore::open(dir / "p/state", 1 << 20);
    must((*store)->write(0, [](LmdbTransaction& transaction) -> Result<void> {
      auto record = transaction.get("m");
      std::string changed(**record);
      changed.back() ^= 1;
      return transaction.put("m", changed);
    }));
  }
  auto log = open_log(dir);
  const auto last = log->last();
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, Code::kCorrupt);
}

TEST(LocalLogDamage, AFileCutShortIsAnErrorNotACrash) {
  TemporaryDirectory dir;
  {
    auto log = open_log(dir);
    for (uint32_t i = 1; i <= 40; ++i) {
      must(log->commit(commit_of(i, {small_block("op", i, 0, std::string(60'000, 'x'))})));
    }
  }
  const std::string file = dir / "p/state/data.mdb";
  const std::string whole = dir / "whole.mdb";
  std::filesystem::copy_file(file, whole);
  const auto size = std::filesystem::file_size(whole);
  unsigned refused = 0, tries = 0;
  for (uint64_t length = 8192; length < size; length += 49'152) {
    std::filesystem::copy_file(whole, file, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(file, length);
    ++tries;
    const std::string answer = in_child([&] {
      auto log = LocalLog::open({dir.path(), "p"});
      if (!log) return log.error().message;
      // Opened: then it is whole.
      return std::to_string(stored(**log, "op").size()) + " blocks";
    });
    EXPECT_FALSE(contains(answer, "died")) << length << ": " << answer;
    if (answer == "40 blocks") continue;
    ++refused;
    EXPECT_TRUE(contains(answer, file)) << answer;
    EXPECT_TRUE(contains(answer, "--fresh")) << answer;
  }
  EXPECT_GT(refused, tries / 2);
}

}  // namespace
}  // namespace millrace
