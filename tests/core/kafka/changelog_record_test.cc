#include "kafka/changelog_record.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace millrace::kafka {
namespace {

using Records = std::vector<std::pair<std::string, std::string>>;

Records cut(std::string_view block, uint64_t commit, std::string_view bytes) {
  Records out;
  cut_record(block, commit, bytes, [&](const std::string& key, const std::string& value) {
    out.emplace_back(key, value);
  });
  return out;
}

TEST(ChangelogRecord, ABlockComesBackAsItWas) {
  const Records records = cut("bop", 7, "bytes");
  ASSERT_EQ(records.size(), 1u);
  RecordAssembly assembly;
  const auto whole = assembly.take(records[0].first, records[0].second);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->block, "bop");
  EXPECT_EQ(whole->commit, 7u);
  EXPECT_EQ(whole->bytes, "bytes");
}

TEST(ChangelogRecord, EmptyBytesAreNotATombstone) {
  const Records records = cut("bop", 7, "");
  RecordAssembly assembly;
  EXPECT_EQ(assembly.take(records[0].first, records[0].second)->bytes, "");
  const auto gone = assembly.take(records[0].first, std::nullopt);
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->block, "bop");
  EXPECT_FALSE(gone->bytes);
}

TEST(ChangelogRecord, LargeBlocksAreCutAndPutTogether) {
  std::string bytes(2 * kPartBytesMax + 5, 'x');
  bytes[kPartBytesMax] = 'y';
  const Records records = cut("big", 1, bytes);
  ASSERT_EQ(records.size(), 3u);
  RecordAssembly assembly;
  EXPECT_FALSE(assembly.take(records[0].first, records[0].second));
  EXPECT_FALSE(assembly.take(records[1].first, records[1].second));
  EXPECT_EQ(assembly.take(records[2].first, records[2].second)->bytes, bytes);
}

/// Compaction keeps the newest record of each key: of an older, longer block its last parts may
/// stay.
TEST(ChangelogRecord, PartsThatCompactionLeftMakeNoBlock) {
  const Records old = cut("big", 1, std::string(3 * kPartBytesMax, 'o'));
  const Records young = cut("big", 2, std::string(kPartBytesMax + 1, 'n'));
  RecordAssembly assembly;
  EXPECT_FALSE(assembly.take(old[1].first, old[1].second));
  EXPECT_FALSE(assembly.take(old[2].first, old[2].second));
  EXPECT_FALSE(assembly.take(young[0].first, young[0].second));
  EXPECT_FALSE(assembly.take(old[2].first, old[2].second)) << "between the parts of another commit";
  EXPECT_FALSE(assembly.take(young[1].first, young[1].second)) << "its first part was interrupted";
  EXPECT_EQ(assembly.foreign(), 0u);
}

TEST(ChangelogRecord, WhatIsNotOursIsCounted) {
  RecordAssembly assembly;
  EXPECT_FALSE(assembly.take("ab", "value"));
  EXPECT_FALSE(assembly.take(part_key("bop", 0), "short"));
  std::string newer = cut("bop", 1, "x")[0].second;
  newer[0] = 99;
  EXPECT_FALSE(assembly.take(part_key("bop", 0), newer));
  EXPECT_FALSE(assembly.take(part_key("bop", 1), cut("bop", 1, "x")[0].second));
  EXPECT_EQ(assembly.foreign(), 4u);
  EXPECT_EQ(assembly.newer(), 0u) << "a letter is no release's number";
}

TEST(ChangelogRecord, E33c_ARecordOfANewerReleaseIsKnownAsThat) {
  RecordAssembly assembly;
  std::string newer = cut("bop", 1, "x")[0].second;
  newer[0] = kRecordFormat + 1;
  EXPECT_FALSE(assembly.take(part_key("bop", 0), newer));
  EXPECT_EQ(assembly.newer(), kRecordFormat + 1);
}

/// What a record that begins with `format` is refused with.
std::string refused(std::string bytes, std::optional<uint8_t> format) {
  if (format) bytes[0] = static_cast<char>(*format);
  const auto read = read_commit_record(bytes);
  return read ? "" : read.error().message;
}

TEST(ChangelogRecord, E33c_ACommitRecordOfAnotherReleaseIsToldFromADamagedOne) {
  const CommitRecord record{std::string(32, 'a'), 5, "{}", {}};
  const std::string bytes = write_commit_record(record);
  EXPECT_EQ(bytes[0], kCommitFormat);
  EXPECT_EQ(refused(bytes, kCommitFormat + 1),
            "was written by a newer release (format 3; this one reads 2): go on with that release "
            "or a later one, or take another \"pipeline\" name, which begins anew");
  EXPECT_EQ(refused(bytes.substr(1), std::nullopt),
            "was written by an older release (format 1; this one reads 2): go on with that "
            "release, or take another \"pipeline\" name, which begins anew")
      << "format 1 had no number";
  for (const uint8_t damaged : {0, 1, 99, 255})
    EXPECT_TRUE(refused(bytes, damaged).starts_with("is damaged: restore the topic"))
        << int{damaged};
  EXPECT_TRUE(refused("", std::nullopt).starts_with("is damaged"));
}

TEST(ChangelogRecord, TheCommitRecordKeepsStateIdTimeAndText) {
  const CommitRecord record{std::string(32, 'a'), -5, "{\"format\":1}", {}};
  const auto read = read_commit_record(write_commit_record(record));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->state_id, record.state_id);
  EXPECT_EQ(read->written_us, -5);
  EXPECT_EQ(read->meta, record.meta);
  EXPECT_FALSE(read->sums);
  EXPECT_FALSE(read_commit_record("no"));
}

TEST(ChangelogRecord, E33c_TheCommitRecordKeepsWhatACopyMustHold) {
  const CommitRecord record{std::string(32, 'a'), 5, "{}", SumsByOperator{{"op", {3, 2, 1}}}};
  const std::string bytes = write_commit_record(record);
  const auto read = read_commit_record(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->sums, record.sums);
  EXPECT_EQ(read->meta, "{}");
  EXPECT_FALSE(read_commit_record(std::string_view(bytes).substr(0, 45)));
}

}  // namespace
}  // namespace millrace::kafka
