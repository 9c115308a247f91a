#include "kafka/ends.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::kafka {
namespace {

using namespace std::chrono_literals;

/// A cluster of one topic: where partitions end, and whether their leaders answer.
class EndsTest : public testing::Test {
 protected:
  /// What the host was told, and whether the cluster was asked at all.
  std::string look() {
    told_.clear();
    ends_.look(
        [this](const std::vector<Ends::Place>& places) -> std::optional<std::vector<int64_t>> {
          told_ += "?";
          now_ += takes_;
          if (away_) return std::nullopt;
          std::vector<int64_t> out;
          for (const Ends::Place& one : places) out.push_back(log_ends_[one.number]);
          return out;
        },
        [this](uint32_t number, bool proven) {
          told_ += (proven ? " at end " : " lost ") + std::to_string(number);
        });
    return told_;
  }
  std::string look_later(std::chrono::milliseconds wait) {
    now_ += wait;
    return look();
  }

  Ends::Time now_{1h};
  Ends ends_{[this] { return now_; }};
  std::map<uint32_t, int64_t> log_ends_{{0, 10}, {1, 20}};
  bool away_ = false;
  std::chrono::milliseconds takes_{0};
  std::string told_;
};

TEST_F(EndsTest, NobodyIsAskedWithoutAnEnd) { EXPECT_EQ(look(), ""); }

TEST_F(EndsTest, R16_AnEndIsAskedForAgainAndAgain) {
  ends_.reached(0, 10);
  EXPECT_EQ(look(), "?");
  EXPECT_EQ(look_later(499ms), "") << "not all the time";
  EXPECT_EQ(look_later(1ms), "?");
}

TEST_F(EndsTest, R16_AnEndIsNoProofWhileTheLeaderIsAway) {
  ends_.reached(0, 10);
  ends_.reached(1, 20);
  EXPECT_EQ(look(), "?");
  away_ = true;
  EXPECT_EQ(look_later(500ms), "? lost 0 lost 1");
  EXPECT_EQ(look_later(500ms), "?") << "told once";
  away_ = false;
  EXPECT_EQ(look_later(500ms), "? at end 0 at end 1") << "proven anew";
  EXPECT_EQ(look_later(500ms), "?");
}

TEST_F(EndsTest, R16_WhatCameWhileTheLeaderWasAwayIsReadFirst) {
  ends_.reached(0, 10);
  ends_.reached(1, 20);
  away_ = true;
  EXPECT_EQ(look(), "? lost 0 lost 1");
  away_ = false;
  log_ends_[1] = 25;
  EXPECT_EQ(look_later(1h), "? at end 0");
  EXPECT_EQ(look_later(1h), "?");
  ends_.reached(1, 25);
  EXPECT_EQ(look_later(1h), "?") << "the source told that itself";
}

TEST_F(EndsTest, R16_RecordsThatWaitToBeReadTakeTheProofBack) {
  ends_.reached(0, 10);
  log_ends_[0] = 11;  // The host did not poll for long: it is on its way to us.
  EXPECT_EQ(look(), "? lost 0");
  EXPECT_EQ(look_later(1h), "") << "nothing is at its end any more";
}

TEST_F(EndsTest, R16_ALogThatBecameShorterProvesNothing) {
  ends_.reached(0, 10);
  log_ends_[0] = 9;
  EXPECT_EQ(look(), "? lost 0");
  log_ends_[0] = 10;
  EXPECT_EQ(look_later(1h), "? at end 0");
}

TEST_F(EndsTest, R16_ARecordEndsTheAsking) {
  ends_.reached(0, 10);
  ends_.passed(0);
  EXPECT_EQ(look(), "");
}

TEST_F(EndsTest, AskingInVainLeavesTimeToRead) {
  ends_.reached(0, 10);
  away_ = true;
  takes_ = 1000ms;
  EXPECT_EQ(look(), "? lost 0");
  EXPECT_EQ(look_later(3999ms), "");
  EXPECT_EQ(look_later(1ms), "?");
}

}  // namespace
}  // namespace millrace::kafka
