#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <millrace/testing.hpp>
#include <sstream>

#include "common/json/pointer.h"
#include "common/json/record_fields.h"
#include "source_blockchain/chain.h"
#include "source_blockchain/explorer.h"

namespace millrace::blockchain {
namespace {

Block block(int64_t height, const std::string& hash, const std::string& previous,
            bool is_main = true) {
  return {height, hash, previous, 1000 * height, is_main};
}

TEST(Chain, BC7_BlocksByHeightFromTheStart) {
  Chain chain;
  chain.start_at(5);
  EXPECT_EQ(chain.wanted(4), std::nullopt);
  EXPECT_EQ(chain.wanted(6), 5);
  EXPECT_EQ(chain.take({block(5, "a", "?")}).block->hash, "a");
  EXPECT_EQ(chain.wanted(6), 6);
  EXPECT_EQ(chain.take({}).block, std::nullopt) << "the service does not know it yet";
  EXPECT_EQ(chain.wanted(6), 6);
}

TEST(Chain, BC7_ABlockWithAnotherParentMakesTheLastOneAnOrphan) {
  Chain chain;
  chain.start_at(5);
  chain.take({block(5, "a5", "")});
  chain.take({block(6, "a6", "a5")});
  chain.take({block(7, "a7", "a6")});
  EXPECT_EQ(chain.take({block(8, "b8", "b7")}).orphan->hash, "a7");
  EXPECT_EQ(chain.wanted(8), 7);
  EXPECT_EQ(chain.take({block(7, "b7", "b6"), block(7, "a7", "a6", false)}).orphan->hash, "a6");
  EXPECT_EQ(chain.take({block(6, "b6", "a5"), block(6, "a6", "a5", false)}).block->hash, "b6");
  EXPECT_EQ(chain.take({block(7, "a7", "a6", false), block(7, "b7", "b6")}).block->hash, "b7");
}

TEST(Chain, OfTwoChildrenTheOneThatTheServiceCallsMainIsTaken) {
  Chain chain;
  chain.start_at(5);
  chain.take({block(5, "a", "")});
  EXPECT_EQ(chain.take({block(6, "x", "a", false), block(6, "y", "a", true)}).block->hash, "y");
}

TEST(Chain, ATipAtLeastAsHighReplacesAndAShorterOneIsALaggingNode) {
  Chain chain;
  chain.start_at(5);
  chain.take({block(5, "a5", "")});
  chain.take({block(6, "a6", "a5")});
  EXPECT_TRUE(chain.saw_tip(5, "b5").empty());
  EXPECT_TRUE(chain.saw_tip(6, "a6").empty());
  EXPECT_TRUE(chain.saw_tip(9, "c9").empty());
  const auto lost = chain.saw_tip(6, "b6");
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].hash, "a6");
  EXPECT_EQ(chain.wanted(6), 6);
}

TEST(Chain, IsBoundedToADay) {
  Chain chain;
  chain.start_at(0);
  for (int i = 0; i < 300; ++i) chain.take({block(i, std::to_string(i), std::to_string(i - 1))});
  EXPECT_EQ(chain.known().size(), 144u);
  EXPECT_EQ(chain.known().back().height, 299);
}

TEST(Chain, BC9_EventTimeIsTheRunningMaximum) {
  Chain chain;
  EXPECT_EQ(chain.event_time_s(50), 50);
  EXPECT_EQ(chain.event_time_s(40), 50);
  EXPECT_EQ(chain.event_time_s(60), 60);
}

TEST(ReadBlock, SaysItAsTheFeedWouldWithoutTransactions) {
  const auto one = read_block(
      R"({"hash":"h","ver":2,"prev_block":"p","time":7,"height":3,"n_tx":9,"main_chain":true,"tx":[{"hash":"t"}]})");
  ASSERT_TRUE(one);
  EXPECT_EQ(
      one->value,
      R"({"op":"block","x":{"hash":"h","version":2,"prevBlock":"p","time":7,"height":3,"nTx":9}})");
  EXPECT_EQ(one->previous, "p");
  EXPECT_TRUE(one->is_main);
  for (const char* bad :
       {"", "{}", "[]", R"({"hash":"h","time":1})", R"({"hash":7,"time":1,"height":2})",
        R"({"hash":"h","time":1.5,"height":2})"}) {
    EXPECT_FALSE(read_block(bad)) << bad;
  }
}

TEST(ReadBlock, HoldsItsTransactionsWhereTheyAreWanted) {
  const auto one =
      read_block(R"({"hash":"h","time":7,"height":3,"tx":[{"hash":"t","fee":5}]})", true);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->value,
            R"({"op":"block","x":{"hash":"h","time":7,"height":3,"tx":[{"hash":"t","fee":5}]}})");
  EXPECT_FALSE(read_block(R"({"hash":"h","time":7,"height":3})", true));
}

std::filesystem::path recorded(const char* name) {
  const char* folder = std::getenv("MILLRACE_TEST_DATA");
  return folder ? std::filesystem::path(folder) / "bitcoin" / name : std::filesystem::path();
}

std::string text_of(const std::filesystem::path& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

TEST(Recorded, ConsecutiveRealBlocksAreLinked) {
  const auto first = recorded("block-227835.rawblock.json"),
             second = recorded("block-227836.rawblock.json");
  if (first.empty() || !std::filesystem::exists(first)) {
    GTEST_SKIP() << "no recorded blocks: set MILLRACE_TEST_DATA to the folder of test data";
  }
  const auto a = read_block(text_of(first)), b = read_block(text_of(second));
  ASSERT_TRUE(a && b);
  EXPECT_EQ(b->previous, a->hash);
  EXPECT_EQ(b->height, a->height + 1);
  EXPECT_EQ(json::at_pointer(a->value, "/x/nTx"), "122");
}

TEST(Recorded, MessagesOfTheFeedHaveWhatThePluginReads) {
  const auto file = recorded("ws-messages.jsonl");
  if (file.empty() || !std::filesystem::exists(file)) {
    GTEST_SKIP() << "no recorded messages: set MILLRACE_TEST_DATA to the folder of test data";
  }
  json::RecordFields fields("", {}, {"op", "x.hash", "x.time"});
  std::ifstream lines(file);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    ASSERT_TRUE(fields.read(line));
    EXPECT_TRUE(fields.scalar(0) == "utx" || fields.scalar(0) == "block");
    EXPECT_EQ(fields.scalar(1)->size(), 64u);
    EXPECT_TRUE(json::integer_of(fields.raw(2)));
  }
  EXPECT_EQ(count, 3);
}

}  // namespace
}  // namespace millrace::blockchain
