#include <gtest/gtest.h>

#include "common/text/printable.h"
#include "common/text/stable_hash.h"
#include "common/text/time_text.h"

namespace millrace::text {
namespace {

constexpr int64_t kNowMs = 1'760'000'000'000;

TEST(TimeText, ParsesWhatTheServiceAndItsUsersWrite) {
  EXPECT_EQ(parse_time_ms("2025-10-09T08:53:20Z"), kNowMs);
  EXPECT_EQ(parse_time_ms("2025-10-09T08:53:20.1239Z"), kNowMs + 123);
  EXPECT_EQ(parse_time_ms("2025-10-09T10:53:20.5+02:00"), kNowMs + 500);
  EXPECT_EQ(parse_time_ms("2025-10-09T04:23:20-0430"), kNowMs);
  EXPECT_EQ(parse_time_ms("1970-01-02"), 86'400'000);
  EXPECT_EQ(parse_time_ms("1969-12-31T23:59:59Z"), -1000);
  for (const char* bad :
       {"", "2025", "2025-13-01", "2025-02-29", "2025-10-09T08:53:20", "2025-10-09T25:00:00Z",
        "2025-10-09T08:53:20.Z", "2025-10-09T08:53:20Z ", "24h"}) {
    EXPECT_EQ(parse_time_ms(bad), std::nullopt) << bad;
  }
}

TEST(TimeText, WritesZ) {
  EXPECT_EQ(time_text(kNowMs + 7), "2025-10-09T08:53:20.007Z");
  EXPECT_EQ(time_text(-1), "1969-12-31T23:59:59.999Z");
}

TEST(StableHash, IsKeptInCommitsSoItNeverChanges) {
  EXPECT_EQ(stable_hash(""), 18284041282127212159u);
  EXPECT_EQ(stable_hash("00000000-0000-4000-8000-000000000001"), 14450672577717009887u);
}

TEST(Printable, NeitherMovesTheCursorNorBreaksTheLine) {
  EXPECT_EQ(printable("plain\n\x1b[31mtext"), "plain  [31mtext");
  EXPECT_EQ(printable(std::string(199, 'a') + "\xC3\xA4").size(), 202u);  // A cut character.
}

}  // namespace
}  // namespace millrace::text
