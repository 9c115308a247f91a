#include "kafka/repartition.h"

#include <gtest/gtest.h>

namespace millrace::kafka {
namespace {

TEST(Repartition, R23_ARowTellsItsTimeToTheMicrosecondAndWhoSentIt) {
  const auto note = read_note(write_note({3, false, -1'234'567, false, 0}));
  ASSERT_TRUE(note);
  EXPECT_EQ(note->upstream, 3);
  EXPECT_FALSE(note->marker);
  EXPECT_EQ(note->time, -1'234'567);
}

TEST(Repartition, R23_AMarkerTellsWIdlenessAndItsCommit) {
  const auto note = read_note(write_note({0, true, kTimeNone, true, 77}));
  ASSERT_TRUE(note);
  EXPECT_TRUE(note->marker);
  EXPECT_TRUE(note->idle);
  EXPECT_EQ(note->time, kTimeNone);
  EXPECT_EQ(note->epoch, 77u);
}

TEST(Repartition, DamagedAndNewerNotesAreRefused) {
  const std::string bytes = write_note({1, true, 5, false, 9});
  EXPECT_FALSE(read_note(""));
  for (size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(read_note(bytes.substr(0, length))) << length;
  EXPECT_FALSE(read_note(bytes + "x"));
  std::string newer = bytes;
  newer[0] = 2;
  EXPECT_FALSE(read_note(newer));
}

}  // namespace
}  // namespace millrace::kafka
