// What survives kill -9, a full disk, a limit on file sizes and a read-only place.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "state_fixture.h"

namespace millrace {
namespace {

/// What commit `epoch` makes of the log: 4 operators of 8 blocks, all of that epoch, so that any
/// mixture of two commits shows.
Commit epoch_commit(uint64_t epoch) {
  Commit commit;
  commit.epoch = epoch;
  commit.meta = std::string(1 + epoch % 5000, static_cast<char>('a' + epoch % 26));
  for (const std::string op : {"a", "b", "c", "d"}) {
    commit.erase_slices.emplace_back(op, static_cast<int64_t>(epoch - 1));
    for (uint8_t shard = 0; shard < 8; ++shard) {
      commit.put.push_back(raw_block(op, static_cast<int64_t>(epoch), shard, 0,
                                     std::string(100 + epoch * 7919 % 9000, 'x')));
    }
  }
  return commit;
}

/// Empty when the log holds exactly one commit, and its number.
std::string fault_of(CommitLog& log, uint64_t& epoch) {
  auto last = log.last();
  if (!last) return last.error().message;
  epoch = *last ? (*last)->epoch : 0;
  if (epoch == 0) return "";
  const Commit expected = epoch_commit(epoch);
  if ((*last)->meta != expected.meta) return "meta of another commit";
  std::size_t found = 0;
  for (const std::string op : {"a", "b", "c", "d"}) {
    const auto read = log.read_blocks(op, [&](const BlockId& id, std::string_view bytes) {
      ++found;
      const bool same = id.slice == static_cast<int64_t>(epoch) && bytes == expected.put[0].bytes;
      return same ? Result<void>() : Result<void>(Error{Code::kCorrupt, "another commit's block"});
    });
    if (!read) return read.error().message;
  }
  return found == expected.put.size() ? "" : std::to_string(found) + " blocks";
}

TEST(LocalLogCrash, KilledAtRandomMomentsItHoldsOneWholeCommit) {
  TemporaryDirectory dir;
  std::mt19937 random(7);
  uint64_t before = 0;
  for (int round = 0; round < 30; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto log = LocalLog::open({dir.path(), "p", 64 << 10});
      if (!log) ::_exit(2);
      auto last = (*log)->last();
      if (!last) ::_exit(3);
      for (uint64_t epoch = *last ? (*last)->epoch + 1 : 1;; ++epoch) {
        if (!(*log)->commit(epoch_commit(epoch))) ::_exit(4);
      }
    }
    std::this_thread::sleep_for(std::chrono::microseconds(1000 + random() % 30'000));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child gave up with " << WEXITSTATUS(status);
    auto log = open_log(dir, 64 << 10);
    uint64_t epoch = 0;
    ASSERT_EQ(fault_of(*log, epoch), "") << "round " << round;
    EXPECT_GE(epoch, before);
    before = epoch;
  }
  EXPECT_GT(before, 0u);
}

/// A file system of its own for one test; skips visibly where mounting is not allowed.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    mounted_ = ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=1m,mode=0755") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  bool resize(const std::string& options, unsigned long flags = 0) {
    return ::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT | flags, options.c_str()) == 0;
  }

 private:
  std::string path_;
  bool mounted_;
};

TEST(LocalLogCrash, AFullDiskStopsACommitAndLosesNone) {
  TemporaryDirectory dir;
  SmallDisk disk(dir.path());
  if (!disk.mounted()) GTEST_SKIP() << "mounting a tmpfs is not allowed here";
  auto log = open_log(dir);
  ASSERT_TRUE(log);
  const auto commit = [&](uint64_t epoch) {
    Commit commit;
    commit.epoch = epoch;
    commit.put.push_back(
        raw_block("op", 0, 0, static_cast<uint32_t>(epoch), std::string(kBlockBytesMax, 'x')));
    return log->commit(commit);
  };
  uint64_t epoch = 1;
  Result<void> outcome;
  while (epoch < 100 && (outcome = commit(epoch))) ++epoch;
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kFailed);
  EXPECT_EQ(outcome.error().message,
            "cannot commit to " + (dir / "p/state/data.mdb") +
                ": No space left on device; free some space, or choose another directory with "
                "--state DIR or commit.dir");
  EXPECT_GT(epoch, 5u);
  EXPECT_EQ(last_epoch(*log), epoch - 1);
  EXPECT_EQ(stored(*log, "op").size(), epoch - 1);
  EXPECT_FALSE(commit(epoch)) << "still full";

  log = nullptr;
  log = open_log(dir);  // On the full disk.
  ASSERT_TRUE(log);
  EXPECT_EQ(last_epoch(*log), epoch - 1);
  ASSERT_TRUE(disk.resize("size=4m"));
  EXPECT_TRUE(commit(epoch)) << "goes on once there is space";
  EXPECT_EQ(stored(*log, "op").size(), epoch);
}

TEST(LocalLogCrash, WithoutSpaceToBeginItSaysSo) {
  TemporaryDirectory dir;
  SmallDisk disk(dir.path());
  if (!disk.mounted()) GTEST_SKIP() << "mounting a tmpfs is not allowed here";
  const int filler = ::open((dir / "filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const std::string page(4096, 'x');
  while (::write(filler, page.data(), page.size()) > 0) {
  }
  ::close(filler);
  const std::string refused = open_error(dir);
  EXPECT_TRUE(contains(refused, "No space left on device; free some space")) << refused;
  EXPECT_TRUE(contains(refused, dir.path())) << refused;
  ::unlink((dir / "filler").c_str());
  EXPECT_EQ(open_error(dir), "opened") << "a failed start leaves nothing that hinders the next";
}

TEST(LocalLogCrash, AReadOnlyFileSystemIsNamed) {
  TemporaryDirectory dir;
  SmallDisk disk(dir.path());
  if (!disk.mounted()) GTEST_SKIP() << "mounting a tmpfs is not allowed here";
  ASSERT_EQ(open_error(dir), "opened");
  ASSERT_TRUE(disk.resize("", MS_RDONLY));
  const std::string refused = open_error(dir);
  EXPECT_TRUE(contains(refused, dir / "p/state/owner")) << refused;
  EXPECT_TRUE(contains(refused, "Read-only file system; choose another directory")) << refused;
}

TEST(LocalLogCrash, ALimitOnFileSizesStopsACommitAndLosesNone) {
  TemporaryDirectory dir;
  const std::string answer = in_child([&]() -> std::string {
    ::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit = {1 << 20, 1 << 20};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return "no limit";
    auto log = LocalLog::open({dir.path(), "p"});
    if (!log) return log.error().message;
    uint64_t epoch = 1;
    for (;; ++epoch) {
      Commit commit = epoch_commit(epoch);
      commit.erase_slices.clear();
      const auto outcome = (*log)->commit(commit);
      if (!outcome) {
        return std::to_string(last_epoch(**log) + 1 - epoch) + " " + outcome.error().message;
      }
    }
  });
  EXPECT_TRUE(contains(answer, "0 cannot commit to " + (dir / "p/state/data.mdb"))) << answer;
  EXPECT_TRUE(contains(answer, "File too large; raise the limit on file sizes")) << answer;
  auto log = open_log(dir);
  const uint64_t epoch = last_epoch(*log);
  EXPECT_GT(epoch, 0u);
  EXPECT_EQ(stored(*log, "a").size(), 8 * epoch);
  EXPECT_TRUE(log->commit(epoch_commit(epoch + 1)));
}

TEST(LocalLogCrash, ASecondProcessIsRefusedAndDoesNoHarm) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  ASSERT_TRUE(log->commit(epoch_commit(1)));
  const std::string refused = in_child([&] { return open_error(dir); });
  EXPECT_TRUE(contains(refused, "in use by process " + std::to_string(::getpid()))) << refused;
  ASSERT_TRUE(log->commit(epoch_commit(2)));
  uint64_t epoch = 0;
  EXPECT_EQ(fault_of(*log, epoch), "");
  EXPECT_EQ(epoch, 2u);
}

TEST(LocalLogCrash, AddressSpaceThatRunsOutIsNamedAndLosesNone) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers reserve more address space than this test may have";
#endif
  TemporaryDirectory dir;
  const std::string answer = in_child([&]() -> std::string {
    auto log = LocalLog::open({dir.path(), "p", 1 << 20});
    if (!log) return log.error().message;
    if (!(*log)->commit(epoch_commit(1))) return "first commit";
    Commit commit = epoch_commit(2);
    commit.put.push_back(raw_block("big", 0, 0, 0, std::string(60 << 20, 'x')));
    // 64 MiB beyond what is mapped now: the commit wants twice its size.
    uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t bytes = pages * static_cast<uint64_t>(::getpagesize()) + (64 << 20);
    const struct rlimit limit = {bytes, bytes};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) return "no limit";
    const auto outcome = (*log)->commit(commit);
    if (outcome) return "committed";
    uint64_t epoch = 0;
    const std::string fault = fault_of(**log, epoch);
    return std::to_string(epoch) + fault + " " + outcome.error().message;
  });
  EXPECT_TRUE(contains(answer, "1 cannot grow")) << answer;
  EXPECT_TRUE(contains(answer, "ulimit -v")) << answer;
}

}  // namespace
}  // namespace millrace
