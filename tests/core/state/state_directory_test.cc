#include "state/state_directory.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>

#include "state_fixture.h"

namespace millrace {
namespace {

std::string own_error(const std::string& dir, const std::string& pipeline = "p") {
  auto owned = StateDirectory::own(dir, pipeline);
  return owned ? "owned" : owned.error().message;
}

unsigned mode_of(const std::string& path) {
  struct stat found;
  return ::stat(path.c_str(), &found) == 0 ? found.st_mode & 0777u : 0u;
}

TEST(StateDirectory, IsMadeForItsOwnerAlone) {
  TemporaryDirectory dir;
  auto owned = StateDirectory::own(dir / "a/b", "wiki");
  ASSERT_TRUE(owned) << owned.error().message;
  EXPECT_EQ(owned->path(), dir / "a/b/wiki/state");
  EXPECT_EQ(mode_of(dir / "a"), 0700u);
  EXPECT_EQ(mode_of(dir / "a/b/wiki/state"), 0700u);
  EXPECT_EQ(mode_of(dir / "a/b/wiki/state/owner"), 0600u);
}

TEST(StateDirectory, EveryDirectoryOfAPathIsMade) {
  for (const std::string path : {"s", "./t", "a/b", "u/", "v//w"}) {
    TemporaryDirectory dir;
    const std::string made = in_child([&] {
      if (::chdir(dir.path().c_str()) != 0) return std::string("cannot go there");
      auto result = make_directories(path);
      return result ? std::string("made") : result.error().message;
    });
    EXPECT_EQ(made, "made") << path;
    EXPECT_EQ(mode_of(dir / path), 0700u) << path;
  }
}

TEST(StateDirectory, IsGivenUpWithTheObject) {
  TemporaryDirectory dir;
  {
    auto owned = StateDirectory::own(dir.path(), "p");
    ASSERT_TRUE(owned);
    StateDirectory moved = std::move(*owned);
    EXPECT_NE(own_error(dir.path()), "owned");
  }
  EXPECT_EQ(own_error(dir.path()), "owned");
}

TEST(StateDirectory, ASecondProcessIsToldThePidOfTheFirst) {
  TemporaryDirectory dir;
  auto owned = StateDirectory::own(dir.path(), "p");
  ASSERT_TRUE(owned);
  const std::string refused = in_child([&] { return own_error(dir.path()); });
  EXPECT_TRUE(contains(refused, "process " + std::to_string(::getpid()) + ":")) << refused;
  EXPECT_TRUE(contains(refused, dir / "p/state")) << refused;
  EXPECT_TRUE(contains(refused, "--state DIR")) << refused;
  EXPECT_EQ(own_error(dir.path(), "q"), "owned") << "another pipeline is another state";
}

TEST(StateDirectory, AKilledOwnerLeavesItFree) {
  TemporaryDirectory dir;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto owned = StateDirectory::own(dir.path(), "p");
    if (owned && ::write(ready[1], "x", 1) == 1) ::pause();
    ::_exit(1);
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const std::string refused = own_error(dir.path());
  EXPECT_TRUE(contains(refused, "process " + std::to_string(child) + ":")) << refused;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(own_error(dir.path()), "owned");
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(StateDirectory, NamesThatLeaveTheDirectoryAreRefused) {
  TemporaryDirectory dir;
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("../x"), std::string("a/b"),
        std::string("a\0b", 3)}) {
    auto owned = StateDirectory::own(dir.path(), name);
    ASSERT_FALSE(owned) << name;
    EXPECT_EQ(owned.error().code, Code::kInvalidConfig);
  }
}

TEST(StateDirectory, AFileInTheWayIsNamed) {
  TemporaryDirectory dir;
  std::ofstream(dir / "p") << "a file";
  const std::string refused = own_error(dir.path());
  EXPECT_TRUE(contains(refused, "cannot make directory " + (dir / "p") + ":")) << refused;
  EXPECT_TRUE(contains(refused, "a file stands where a directory is needed")) << refused;
}

TEST(StateDirectory, AnUnwritablePlaceIsNamedWithTheRemedy) {
  TemporaryDirectory dir;
  ASSERT_EQ(::chmod(dir.path().c_str(), 0555), 0);
  const std::string refused = in_child([&] {
    // Root may write anywhere, so the child becomes nobody.
    if (::geteuid() == 0 && ::setuid(65534) != 0) return std::string("cannot drop root");
    return own_error(dir.path());
  });
  ::chmod(dir.path().c_str(), 0755);
  EXPECT_TRUE(contains(refused, "cannot make directory " + (dir / "p") + ": Permission denied"))
      << refused;
  EXPECT_TRUE(contains(refused, "--state DIR")) << refused;
}

TEST(StateDirectory, NetworkFileSystemsAreKnown) {
  EXPECT_EQ(judge_file_system(0x6969), FileSystemVerdict::kNetwork);
  EXPECT_EQ(judge_file_system(0xff534d42), FileSystemVerdict::kNetwork);
  EXPECT_EQ(judge_file_system(0xfe534d42), FileSystemVerdict::kNetwork);
  EXPECT_EQ(judge_file_system(0x65735546), FileSystemVerdict::kDoubtful);
  EXPECT_EQ(judge_file_system(0x01021997), FileSystemVerdict::kDoubtful);
  EXPECT_EQ(judge_file_system(0xef53), FileSystemVerdict::kLocal) << "ext4";
  EXPECT_EQ(judge_file_system(0x01021994), FileSystemVerdict::kLocal) << "tmpfs";
  EXPECT_EQ(judge_file_system(0x794c7630), FileSystemVerdict::kLocal) << "overlay";
}

TEST(FileError, ExplainsAndHelps) {
  EXPECT_EQ(file_error(ENOSPC, "cannot write", "/x").message,
            "cannot write /x: No space left on device; free some space, or choose another "
            "directory with --state DIR or commit.dir");
  EXPECT_EQ(file_error(EIO, "cannot write", "/x").message, "cannot write /x: Input/output error");
  EXPECT_EQ(file_error(99999, "cannot write", "/x").message, "cannot write /x: error 99999");
  EXPECT_EQ(file_error(EROFS, "cannot write", "/x").code, Code::kFailed);
}

}  // namespace
}  // namespace millrace
