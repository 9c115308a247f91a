// What the writer sends when it starts beside a log that knows what a copy must hold.
#include "cache/cache_writer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "core/state/state_fixture.h"
#include "support/wrapped_commit_log.h"

namespace millrace {
namespace {

constexpr uint64_t kEpoch = 2;
constexpr int kBlocks = 5;

/// Redis as one start of a writer sees it, which counts what comes.
struct Server {
  std::mutex mutex;
  std::map<std::string, std::map<std::string, std::string>> hashes;
  std::set<std::string> chains;
  int puts = 0, kept = 0;

  RedisValue list(const std::vector<std::string>& texts) {
    RedisValue out{RedisValue::Kind::kList, {}, 0, {}};
    for (const std::string& text : texts)
      out.items.push_back({RedisValue::Kind::kText, text, 0, {}});
    return out;
  }
  RedisValue answer(const std::vector<std::string>& words) {
    const std::lock_guard lock(mutex);
    if (words[0] == "EVAL") return run(words);
    if (words[0] == "SMEMBERS") return list({chains.begin(), chains.end()});
    std::vector<std::string> texts;
    if (words[0] == "HKEYS" || words[0] == "HGETALL") {
      for (const auto& [field, value] : hashes[words[1]]) {
        texts.push_back(field);
        if (words[0] == "HGETALL") texts.push_back(value);
      }
    }
    return list(texts);
  }
  /// cache_batch.cc has the script.
  RedisValue run(const std::vector<std::string>& words) {
    auto& meta = hashes[words[3]];
    if (words[7] == "1" && !meta.contains("owner")) return {RedisValue::Kind::kNumber, {}, 2, {}};
    meta["owner"] = words[5];
    for (size_t i = 8; i < words.size();) {
      const std::string &what = words[i], &key = words[i + 1];
      if (what == "p") {
        ++puts;
        chains.insert(key);
        hashes[key][words[i + 2]] = words[i + 3];
        i += 4;
      } else if (what == "m") {
        meta[key] = words[i + 2];
        i += 3;
      } else {
        if (what == "x") meta.erase(key);
        if (what == "k") ++kept;
        if (what == "u") {
          hashes.erase(key);
          chains.erase(key);
        }
        i += 2;
      }
    }
    return {RedisValue::Kind::kNumber, {}, 1, {}};
  }
};

struct Connection final : CacheConnection {
  explicit Connection(Server& server) : server(server) {}
  Result<RedisValue> command(const std::vector<std::string_view>& words) override {
    return server.answer({words.begin(), words.end()});
  }
  Server& server;
};

/// A log whose blocks lie elsewhere too, as the kafka log's.
struct Log final : WrappedCommitLog {
  explicit Log(CommitLog& inner, bool knows)
      : WrappedCommitLog(inner), sums(*manifest_of(inner)), knows(knows) {}
  std::optional<uint64_t> goes_on_at() const override { return 100; }
  const Manifest* manifest() const override { return knows ? &sums : nullptr; }
  const Manifest sums;
  const bool knows;
};

class CacheWriterStarts : public testing::Test {
 protected:
  void SetUp() override {
    Commit commit = commit_of(kEpoch, {});
    for (int i = 0; i < kBlocks; ++i)
      commit.put.push_back(small_block("op", i, static_cast<uint8_t>(i % 2), "v"));
    ASSERT_TRUE(local_->commit(commit));
    start(true);
    ASSERT_EQ(server_.puts, kBlocks) << "the first start copies all";
    meta_ = "mr:{p:" + local_->state_id() + ":0}:meta";
    server_.hashes[meta_]["owner"] = "1";  // Of the one before.
    server_.puts = server_.kept = 0;
  }

  /// A start of the writer until Redis has all, and nothing after it.
  void start(bool knows) {
    Log log(*local_, knows);
    CacheWriter::Options options;
    options.prefix = "mr";
    options.pipeline = "p";
    options.connect = [&](const RedisUrl&, int64_t) -> Result<std::unique_ptr<CacheConnection>> {
      return std::unique_ptr<CacheConnection>(std::make_unique<Connection>(server_));
    };
    CacheWriter writer(options, log, kEpoch);
    wait_until([&] {
      const std::string meta = "mr:{p:" + log.state_id() + ":0}:meta";
      return server_.hashes[meta]["owner"] == std::to_string(kEpoch + 1) &&
             server_.hashes[meta]["complete_to"] == std::to_string(kEpoch);
    });
  }
  void wait_until(const std::function<bool()>& done) {
    for (int i = 0; i < 3000; ++i) {
      {
        const std::lock_guard lock(server_.mutex);
        if (done()) return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    FAIL() << "Redis never had all";
  }
  /// What a start sends after `harm`.
  int sent_after(const std::function<void()>& harm) {
    harm();
    start(true);
    return server_.puts;
  }

  const TemporaryDirectory dir_;
  std::unique_ptr<LocalLog> local_ = open_log(dir_);
  Server server_;
  std::string meta_;
};

TEST_F(CacheWriterStarts, E33c_WhatRedisHasIsNotSentAgain) {
  EXPECT_EQ(sent_after([] {}), 0);
  EXPECT_EQ(server_.kept, kBlocks) << "and does not go away a week after it was written";
  EXPECT_EQ(server_.hashes[meta_]["next"], "100");
}

TEST_F(CacheWriterStarts, E33c_ALogThatDoesNotKnowCopiesAll) {
  start(false);
  EXPECT_EQ(server_.puts, kBlocks);
}

TEST_F(CacheWriterStarts, E33c_AMissingChainHasAllSentAgain) {
  EXPECT_EQ(sent_after([&] {
              server_.hashes.erase(*server_.chains.begin());  // Evicted.
            }),
            kBlocks);
}

TEST_F(CacheWriterStarts, E33c_SoHasABlockTooMany) {
  EXPECT_EQ(sent_after([&] { server_.hashes[*server_.chains.begin()]["d9"] = "begun"; }), kBlocks);
  EXPECT_FALSE(server_.hashes[*server_.chains.begin()].contains("d9"));
}

TEST_F(CacheWriterStarts, E33c_SoHasAnOlderCopy) {
  EXPECT_EQ(sent_after([&] { server_.hashes[meta_]["complete_to"] = "1"; }), kBlocks);
}

TEST_F(CacheWriterStarts, E33c_SoHaveOtherSums) {
  EXPECT_EQ(sent_after([&] { server_.hashes[meta_]["m:op"] = "5 5 1"; }), kBlocks);
}

TEST_F(CacheWriterStarts, E33c_SoHasAFlush) {
  EXPECT_EQ(sent_after([&] {
              server_.hashes.clear();
              server_.chains.clear();
            }),
            kBlocks);
}

}  // namespace
}  // namespace millrace
