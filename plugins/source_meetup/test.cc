#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <millrace/testing.hpp>
#include <sstream>

#include "common/json/record_fields.h"
#include "source_meetup/personal.h"
#include "source_meetup/tracked.h"

namespace millrace::meetup {
namespace {

TEST(WithoutPeople, HashesTheIdAndNothingElse) {
  const std::string one =
      without_people(R"({ "a":1,"member":{"member_id":11,"member_name":"M"}, "b":"member"})");
  EXPECT_EQ(one.substr(0, 28), R"({ "a":1,"member":{"member_id)");
  EXPECT_EQ(one.find("\"M\""), std::string::npos);
  EXPECT_TRUE(one.ends_with(R"(}, "b":"member"})"));
  EXPECT_EQ(without_people(R"({"member":{"member_name":"X","member_id":11}})"),
            without_people(R"({"member":{"member_id":11}})"));
  EXPECT_NE(without_people(R"({"member":{"member_id":12}})"),
            without_people(R"({"member":{"member_id":11}})"));
  EXPECT_EQ(without_people(R"({"rsvp":{"member":{"id":"11"}}})"),
            R"({"rsvp":)" + without_people(R"({"member":{"member_id":11}})") + "}");
  EXPECT_EQ(without_people(R"({"member":{"name":"Ada"}})"), R"({"member":{"member_id":null}})");
  EXPECT_EQ(without_people(R"({"member":"Ada"})"), R"({"member":null})")
      << "what is not understood is not passed on";
  for (const char* same :
       {"", "x", "[1]", R"({"member":null})", R"({"a":{"member":{"member_id":1}}})"}) {
    EXPECT_EQ(without_people(same), same);
  }
}

TEST(Tracked, TellsChangesAndWhatVanished) {
  Tracked tracked(100);
  EXPECT_TRUE(tracked.differs("e", "a", 1));
  tracked.keep("e", {{"a", 1}, {"b", 2}}, false);
  EXPECT_FALSE(tracked.differs("e", "a", 1));
  EXPECT_TRUE(tracked.differs("e", "a", 2));
  EXPECT_TRUE(tracked.differs("f", "a", 1));
  EXPECT_EQ(tracked.absent("e", {{"b", 2}}), (std::vector<std::string>{"a"}));
  tracked.keep("e", {{"b", 2}}, true);
  EXPECT_TRUE(tracked.absent("e", {{"b", 2}}).empty());
  EXPECT_EQ(tracked.size(), 1u);
}

TEST(Tracked, MU7_TheEventsSeenLongestAgoAreForgotten) {
  Tracked tracked(4);
  tracked.keep("old", {{"a", 1}, {"b", 1}}, false);
  tracked.keep("new", {{"c", 1}, {"d", 1}}, false);
  tracked.keep("old", {{"a", 1}, {"b", 1}}, false);
  tracked.keep("third", {{"e", 1}}, false);
  EXPECT_TRUE(tracked.differs("new", "c", 1));
  EXPECT_FALSE(tracked.differs("old", "a", 1));
}

TEST(Tracked, SnapshotsHoldAllSixtyFourBits) {
  Tracked tracked(100), other(100);
  tracked.keep("e\"1", {{"a", UINT64_MAX}}, false);
  tracked.keep("f", {}, false);
  other.restore(tracked.snapshot());
  EXPECT_FALSE(other.differs("e\"1", "a", UINT64_MAX));
  EXPECT_EQ(other.snapshot(), tracked.snapshot());
}

TEST(Settings, AreChecked) {
  const test::library plugin(MILLRACE_PLUGIN_FILE);
  const auto wrong = [&](const std::string& text) {
    return test::harness::validate(plugin.component("meetup"), text);
  };
  EXPECT_NE(wrong("{}").find("a search or an event"), std::string::npos);
  EXPECT_EQ(wrong(R"({"events": ["1"]})"), "");
  EXPECT_EQ(wrong(R"({"mode": "stream"})"), "");
  EXPECT_NE(wrong(R"({"mode": "stream", "stream_url": "x"})"), "");
  EXPECT_NE(
      wrong(R"({"events": ["1"], "auth": {"client_key": "c", "private_key": "secret words"}})")
          .find("RSA"),
      std::string::npos);
  EXPECT_EQ(
      wrong(R"({"events": ["1"], "auth": {"client_key": "c", "private_key": "secret words"}})")
          .find("secret words"),
      std::string::npos);
}

TEST(Recorded, RsvpsOf2015HaveWhatThePluginReads) {
  const char* folder = std::getenv("MILLRACE_TEST_DATA");
  const std::filesystem::path packed =
      std::filesystem::path(folder ? folder : "") / "meetup/rsvps-2015-03.jsonl.zst";
  if (!folder || !std::filesystem::exists(packed)) {
    GTEST_SKIP() << "no recorded answers: set MILLRACE_TEST_DATA to the folder of test data";
  }
  FILE* lines = popen(("zstd -dcq " + packed.string()).c_str(), "r");
  ASSERT_NE(lines, nullptr);
  json::RecordFields fields("event.event_id", {"rsvp_id", "mtime"}, {"rsvp_id", "mtime"});
  char* line = nullptr;
  size_t room = 0;
  int read = 0, broken = 0;
  for (ssize_t n = 0; (n = getline(&line, &room, lines)) > 0;) {
    const std::string_view text(line, static_cast<size_t>(n));
    const bool good = fields.read(text) && fields.key() && fields.identity() != 0 &&
                      json::integer_of(fields.raw(1));
    good ? ++read : ++broken;
    if (!good) continue;
    EXPECT_EQ(without_people(text).find("member_name"), std::string::npos);
  }
  free(line);
  pclose(lines);
  EXPECT_EQ(read, 2460);
  EXPECT_EQ(broken, 1) << "the last line is torn";
}

}  // namespace
}  // namespace millrace::meetup
