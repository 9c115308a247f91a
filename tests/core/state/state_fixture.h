#pragma once

/// What the tests of this room share: a directory that goes away, and a look at what is stored.

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "state/block_writer.h"
#include "state/local_log.h"

namespace millrace {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "millrace-state-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// Runs `work` in a child process; what it returns comes back, or "died" if it did.
inline std::string in_child(const std::function<std::string()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string answer = work();
    const ssize_t written = ::write(ends[1], answer.data(), answer.size());
    ::_exit(written == static_cast<ssize_t>(answer.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string answer;
  char part[4096];
  for (ssize_t length; (length = ::read(ends[0], part, sizeof part)) > 0;) {
    answer.append(part, static_cast<std::size_t>(length));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? answer : "died: " + answer;
}

/// A block without entries to read: for tests of logs, which take bytes as they come.
inline StateBlock raw_block(std::string op, int64_t slice, uint8_t shard, uint32_t number,
                            std::string bytes) {
  return {{std::move(op), slice, shard, number}, std::move(bytes)};
}

/// A true block of one entry.
inline StateBlock small_block(std::string op, int64_t slice, uint8_t shard, std::string value) {
  BlockSeries series;
  series.op = std::move(op);
  series.slice = slice;
  series.shard = shard;
  BlockWriter writer(series);
  writer.put(0, "key", value);
  return std::move(writer.finish().front());
}

inline std::unique_ptr<LocalLog> open_log(const TemporaryDirectory& dir,
                                          uint64_t map_bytes = 8 << 20) {
  auto log = LocalLog::open({dir.path(), "p", map_bytes});
  EXPECT_TRUE(log) << log.error().message;
  return log ? std::move(*log) : nullptr;
}

inline std::string open_error(const TemporaryDirectory& dir) {
  auto log = LocalLog::open({dir.path(), "p"});
  return log ? "opened" : log.error().message;
}

/// `slice/shard/number=bytes` of every block, in the order they are read.
inline std::vector<std::string> stored(CommitLog& log, std::string_view op) {
  std::vector<std::string> blocks;
  const auto read = log.read_blocks(op, [&](const BlockId& id, std::string_view bytes) {
    EXPECT_EQ(id.op, op);
    blocks.push_back(std::to_string(id.slice) + "/" + std::to_string(id.shard) + "/" +
                     std::to_string(id.number) + "=" + std::string(bytes));
    return Result<void>();
  });
  EXPECT_TRUE(read) << read.error().message;
  return blocks;
}

inline uint64_t last_epoch(CommitLog& log) {
  auto last = log.last();
  EXPECT_TRUE(last) << last.error().message;
  return last && *last ? (*last)->epoch : 0;
}

using Texts = std::vector<std::string>;

/// A commit whose meta is `meta <epoch>`.
inline Commit commit_of(uint64_t epoch, std::vector<StateBlock> put = {}) {
  Commit commit;
  commit.epoch = epoch;
  commit.meta = "meta " + std::to_string(epoch);
  commit.put = std::move(put);
  return commit;
}

inline void must(const Result<void>& outcome) { ASSERT_TRUE(outcome) << outcome.error().message; }

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace millrace
