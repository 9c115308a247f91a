#include "nodes/journal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/time.h"
#include "nodes/journal_entry.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() {
    std::string name = (fs::temp_directory_path() / "millrace-journal-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~JournalTest() override { fs::remove_all(folder_); }

  std::unique_ptr<Journal> opened(int64_t retain_us = 0) {
    auto journal = Journal::open(folder_, retain_us);
    EXPECT_TRUE(journal) << (journal ? "" : journal.error().message);
    return journal ? std::move(*journal) : nullptr;
  }
  std::vector<std::string> all(const Journal& journal) {
    std::vector<std::string> out;
    for (uint64_t at = journal.begin(); at < journal.end();) {
      auto entry = journal.read(at);
      if (!entry) return out;
      out.push_back(std::move(*entry));
    }
    return out;
  }
  fs::path segment(size_t n) {
    std::vector<fs::path> found;
    for (const auto& one : fs::directory_iterator(folder_)) {
      if (one.path().extension() == ".journal") found.push_back(one.path());
    }
    std::sort(found.begin(), found.end());
    return n < found.size() ? found[n] : fs::path();
  }

  std::string folder_;
};

using Texts = std::vector<std::string>;

TEST_F(JournalTest, KeepsEntriesOverALife) {
  uint64_t second = 0;
  {
    auto journal = opened();
    EXPECT_EQ(journal->begin(), journal->end());
    EXPECT_EQ(journal->last(), journal->end());
    ASSERT_TRUE(journal->append("one"));
    second = journal->end();
    ASSERT_TRUE(journal->append(""));
    ASSERT_TRUE(journal->append("three"));
  }
  auto journal = opened();
  EXPECT_EQ(all(*journal), (Texts{"one", "", "three"}));
  uint64_t at = second;
  EXPECT_EQ(*journal->read(at), "");
  EXPECT_EQ(at, journal->last());
  ASSERT_TRUE(journal->append("four"));
  EXPECT_EQ(all(*journal), (Texts{"one", "", "three", "four"}));
}

TEST_F(JournalTest, AnEntryThatACrashCutIsTakenOff) {
  uint64_t end = 0;
  {
    auto journal = opened();
    ASSERT_TRUE(journal->append("one"));
    end = journal->end();
    ASSERT_TRUE(journal->append("a longer one"));
  }
  const auto whole = fs::file_size(segment(0));
  for (auto size = whole - 1; size >= end; --size) {
    fs::resize_file(segment(0), size);
    auto journal = opened();
    EXPECT_EQ(journal->end(), end) << size;
    EXPECT_EQ(all(*journal), (Texts{"one"}));
  }
  fs::resize_file(segment(0), 5);
  auto journal = opened();
  EXPECT_EQ(journal->end(), 0u);
  ASSERT_TRUE(journal->append("again"));
  EXPECT_EQ(all(*journal), (Texts{"again"}));
}

TEST_F(JournalTest, DamageInTheMiddleIsToldAndNothingIsCutOff) {
  {
    auto journal = opened();
    ASSERT_TRUE(journal->append("one"));
    ASSERT_TRUE(journal->append("two"));
  }
  const auto size = fs::file_size(segment(0));
  {
    std::fstream file(segment(0), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(12);
    file.put('X');
  }
  auto journal = Journal::open(folder_, 0);
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().code, Code::kCorrupt);
  EXPECT_NE(journal.error().message.find("is damaged at 0"), std::string::npos);
  EXPECT_EQ(fs::file_size(segment(0)), size);
}

TEST_F(JournalTest, BelongsToOneRun) {
  auto journal = opened();
  auto other = Journal::open(folder_, 0);
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message.find("is in use"), std::string::npos);
}

TEST_F(JournalTest, ForgetsOldSegmentsThatAreCommitted) {
  const std::string large(9 << 20, 'x');
  constexpr int64_t kHourUs = 3'600'000'000;
  auto journal = opened(kHourUs);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(journal->append(large));
  ASSERT_NE(segment(2), fs::path());
  const uint64_t third = journal->end() - large.size() - 12;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const int64_t now_us = int64_t{now.tv_sec} * 1'000'000;
  journal->forget(journal->end(), now_us);
  EXPECT_EQ(journal->begin(), 0u) << "not old enough";
  journal->forget(0, now_us + 2 * kHourUs);
  EXPECT_EQ(journal->begin(), 0u) << "not committed";
  journal->forget(third, now_us + 2 * kHourUs);
  EXPECT_EQ(journal->begin(), third);
  EXPECT_EQ(all(*journal).size(), 1u);
  journal->forget(journal->end(), now_us + 2 * kHourUs);
  EXPECT_EQ(journal->begin(), third) << "the last entry stays";
  journal.reset();
  EXPECT_EQ(all(*opened()).size(), 1u);
}

/// Two records with every column, one of them with nulls.
BatchBuilder::Taken records() {
  BatchBuilder builder;
  mr_need need{};
  need.struct_size = sizeof need;
  need.records = 2;
  need.columns = MR_COL_KEY | MR_COL_HEADERS | MR_COL_TIME | MR_COL_PARTITION | MR_COL_POSITION |
                 MR_COL_DEDUPE;
  need.batch_flags = MR_BATCH_TEXT_CELLS;
  need.value_bytes = 3;
  need.key_bytes = 1;
  need.headers = 1;
  need.header_bytes = 3;
  mr_room room{};
  room.struct_size = sizeof room;
  EXPECT_EQ(builder.reserve(need, room), MR_OK);
  std::memcpy(room.value, "abc", 3);
  room.value_spans[0] = {0, 3};
  room.value_spans[1] = {0, MR_NULL_LEN};
  room.key[0] = 'k';
  room.key_spans[0] = {0, 1};
  room.key_spans[1] = {0, 0};
  std::memcpy(room.header_bytes, "hnv", 3);
  room.headers[0] = {{0, 2}, {2, 1}};
  room.header_first[0] = 0;
  room.header_first[1] = 0;
  room.header_first[2] = 1;
  for (uint32_t i = 0; i < 2; ++i) {
    room.time_us[i] = i == 0 ? -7 : MR_TIME_NONE;
    room.partition[i] = 3 + i;
    room.position[i] = UINT64_MAX - i;
    room.dedupe_hash[i] = 11 * i;
    room.dedupe_time_us[i] = 12;
    room.dedupe_group[i] = 13;
  }
  EXPECT_EQ(builder.commit(2), MR_OK);
  builder.reject({.partition = 1, .position = 2, .bytes = "bad", .rc = -200, .reason = "why"});
  builder.gap({.partition = 9, .from_us = 1, .estimated = true, .reason = "stall"});
  return builder.take();
}

TEST(JournalEntry, HoldsAllThatAPollGave) {
  JournalEntry entry;
  entry.arrival_us = 42;
  entry.plugin_state = std::string("s\0t", 3);
  entry.taken = records();
  entry.events.push_back({SourceInstance::PartitionEvent::What::kAtEnd, 3, kTimeNone, 1});
  const std::string bytes = write_journal_entry(entry);
  auto back = read_journal_entry(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->arrival_us, 42);
  EXPECT_EQ(back->plugin_state, entry.plugin_state);
  ASSERT_EQ(back->taken.batches.size(), 1u);
  const BatchRef& batch = back->taken.batches[0].batch;
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_EQ(batch.abi().flags, uint32_t{MR_BATCH_TEXT_CELLS});
  EXPECT_EQ(batch.value(0), "abc");
  EXPECT_EQ(batch.value(1).data(), nullptr);
  EXPECT_EQ(batch.key(0), "k");
  EXPECT_NE(batch.key(1).data(), nullptr);
  EXPECT_EQ(batch.time_us(0), -7);
  EXPECT_EQ(batch.time_us(1), MR_TIME_NONE);
  EXPECT_EQ(batch.partition(1), 4u);
  EXPECT_EQ(batch.position(0), UINT64_MAX);
  EXPECT_TRUE(batch.headers(0).empty());
  ASSERT_EQ(batch.headers(1).size(), 1u);
  EXPECT_EQ(batch.header_text(batch.headers(1)[0].name), "hn");
  EXPECT_EQ(batch.header_text(batch.headers(1)[0].value), "v");
  ASSERT_TRUE(back->taken.batches[0].dedupe);
  EXPECT_EQ(back->taken.batches[0].dedupe->hash[1], 11u);
  ASSERT_EQ(back->taken.rejects.size(), 1u);
  EXPECT_EQ(back->taken.rejects[0].bytes, "bad");
  EXPECT_EQ(back->taken.rejects[0].after_record, entry.taken.rejects[0].after_record);
  ASSERT_EQ(back->taken.gaps.size(), 1u);
  EXPECT_EQ(back->taken.gaps[0].reason, "stall");
  EXPECT_EQ(back->events.size(), 1u);
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(read_journal_entry(std::string_view(bytes).substr(0, size))) << size;
}

}  // namespace
}  // namespace millrace
