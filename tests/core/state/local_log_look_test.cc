#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "state_fixture.h"

namespace millrace {
namespace {

/// `millrace state` beside a run: a process that looks at the log when it is made, and again each
/// time that it is asked.
class Looker {
 public:
  explicit Looker(const TemporaryDirectory& dir) {
    EXPECT_EQ(::pipe(questions_), 0);
    EXPECT_EQ(::pipe(answers_), 0);
    pid_ = ::fork();
    if (pid_ == 0) answer_questions(dir);
    ::close(questions_[0]);
    ::close(answers_[1]);
  }
  ~Looker() {
    if (pid_ > 0) kill();
    ::close(questions_[1]);
    ::close(answers_[0]);
  }

  /// `commit E: ` and the blocks of "op", or the error.
  std::string sees() {
    if (::write(questions_[1], "?", 1) != 1) return "cannot ask";
    std::string answer;
    for (char c; ::read(answers_[0], &c, 1) == 1 && c != '\n';) answer += c;
    return answer;
  }
  void kill() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  [[noreturn]] void answer_questions(const TemporaryDirectory& dir) {
    auto log = LocalLog::look({dir.path(), "p"});
    for (char c; ::read(questions_[0], &c, 1) == 1;) {
      const std::string answer = (log ? seen_in(**log) : log.error().message) + "\n";
      if (::write(answers_[1], answer.data(), answer.size()) < 0) break;
    }
    ::_exit(0);
  }
  static std::string seen_in(LocalLog& log) {
    std::string text = "commit " + std::to_string(last_epoch(log)) + ":";
    for (const std::string& block : stored(log, "op")) text += " " + block.substr(0, 7);
    return text;
  }

  int questions_[2] = {-1, -1};
  int answers_[2] = {-1, -1};
  pid_t pid_ = -1;
};

/// One block of half a MiB, named after the commit, in the place of the last one.
Commit replacing(uint32_t epoch) {
  Commit commit = commit_of(epoch, {raw_block("op", 0, 0, epoch, std::string(1 << 19, 'x'))});
  commit.erase_slices = {{"op", 0}};
  return commit;
}

TEST(LocalLogLook, SeesOneCommitWhateverTheOwnerCommitsMeanwhile) {
  TemporaryDirectory dir;
  auto log = open_log(dir, 1 << 20);
  must(log->commit(replacing(1)));
  Looker looker(dir);
  ASSERT_EQ(looker.sees(), "commit 1: 0/0/1=x");
  // Many times the first map, so that it is moved, and pages would be used again.
  for (uint32_t epoch = 2; epoch < 40; ++epoch) must(log->commit(replacing(epoch)));
  EXPECT_EQ(looker.sees(), "commit 1: 0/0/1=x");
  EXPECT_EQ(Looker(dir).sees(), "commit 39: 0/0/39=");
}

TEST(LocalLogLook, ChangesNothing) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  must(log->commit(replacing(1)));
  const std::string refused = in_child([&]() -> std::string {
    auto look = LocalLog::look({dir.path(), "p"});
    if (!look) return look.error().message;
    auto committed = (*look)->commit(replacing(2));
    return (*look)->owned() ? "owned" : committed ? "committed" : committed.error().message;
  });
  EXPECT_TRUE(contains(refused, "cannot commit to " + dir.path())) << refused;
  EXPECT_EQ(last_epoch(*log), 1u);
}

TEST(LocalLogLook, OwnsWhatNobodyHasInUse) {
  TemporaryDirectory dir;
  must(open_log(dir)->commit(replacing(1)));
  auto look = LocalLog::look({dir.path(), "p"});
  ASSERT_TRUE(look) << look.error().message;
  EXPECT_TRUE((*look)->owned());
  EXPECT_EQ(last_epoch(**look), 1u);
}

TEST(LocalLogLook, TheFileIsNotReplacedUnderIt) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  must(log->commit(replacing(1)));
  std::optional<Looker> looker(dir);
  ASSERT_EQ(looker->sees(), "commit 1: 0/0/1=x");
  const auto refused = log->compact();
  ASSERT_FALSE(refused);
  EXPECT_TRUE(contains(refused.error().message, "another process looks at it"))
      << refused.error().message;
  log.reset();
  EXPECT_FALSE(LocalLog::open_anew({dir.path(), "p"}));
  looker.reset();
  log = open_log(dir);
  EXPECT_TRUE(log->compact());
  EXPECT_EQ(last_epoch(*log), 1u);
}

TEST(LocalLogLook, AKilledLookerHoldsNoPages) {
  TemporaryDirectory dir;
  auto log = open_log(dir, 8 << 20);
  must(log->commit(replacing(1)));
  Looker looker(dir);
  ASSERT_EQ(looker.sees(), "commit 1: 0/0/1=x");
  looker.kill();
  for (uint32_t epoch = 2; epoch < 200; ++epoch) must(log->commit(replacing(epoch)));
  EXPECT_LT(log->bytes_on_disk(), 32u << 20);
}

}  // namespace
}  // namespace millrace
