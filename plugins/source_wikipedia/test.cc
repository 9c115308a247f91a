// The pure parts, and what the component says before it connects. Everything with a connection is
// in tests/sim/wikipedia_*_test.py.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <millrace/testing.hpp>
#include <sstream>

#include "common/sse/sse_parser.h"
#include "common/text/stable_hash.h"
#include "source_wikipedia/change.h"
#include "source_wikipedia/event_id.h"
#include "source_wikipedia/settings.h"

namespace millrace::wikipedia {
namespace {

constexpr const char* kEqiad = "eqiad.mediawiki.recentchange";
constexpr const char* kCodfw = "codfw.mediawiki.recentchange";
constexpr int64_t kNowMs = 1'760'000'000'000;

Settings settings_of(const std::string& text) {
  test::fake_host host;
  const context ctx(host.abi(), host.ctx());
  return Settings(ctx, config(ctx, text));
}

constexpr const char* kEdit =
    R"({"$schema":"/x","meta":{"id":"u-1","domain":"xx.example","stream":"mediawiki.recentchange",)"
    R"("dt":"2025-10-09T08:53:20.123Z","topic":"eqiad.mediawiki.recentchange","partition":0},"id":7,"type":"edit",)"
    R"("timestamp":1760000000,"wiki":"xx\u0077iki"})";

TEST(EventId, ReadsTimesAndTopicsWithoutEvents) {
  EventIdReader reader;
  const auto& positions = reader.read(
      R"([{"topic":"codfw.mediawiki.recentchange","partition":0,"offset":-1},
          {"topic":"eqiad.mediawiki.recentchange","partition":0,"timestamp":1760000000124}])");
  ASSERT_EQ(positions.size(), 2u);
  EXPECT_EQ(positions[0].next_ms, std::nullopt);
  EXPECT_EQ(kafka_ms_of(positions, kEqiad, 0), kNowMs + 123);
  EXPECT_EQ(kafka_ms_of(positions, kCodfw, 0), std::nullopt);
  EXPECT_EQ(kafka_ms_of(positions, kEqiad, 1), std::nullopt);
}

TEST(EventId, TakesNothingFromWhatIsNoId) {
  EventIdReader reader;
  for (const char* id : {"", "7", "{}", "[", "[1,2]", "[{\"partition\":0}]", "[{\"topic\":1}]",
                         "[{\"topic\":\"a\"}"}) {
    EXPECT_TRUE(reader.read(id).empty()) << id;
  }
}

TEST(ChangeReader, ReadsWhatThePluginNeeds) {
  ChangeReader reader("wiki", {"meta.id"});
  ASSERT_EQ(reader.read(kEdit), nullptr);
  const Change& change = reader.change();
  EXPECT_EQ(change.topic, kEqiad);
  EXPECT_EQ(change.stream, "mediawiki.recentchange");
  EXPECT_FALSE(change.is_canary);
  EXPECT_EQ(change.wiki, "xxwiki");
  EXPECT_EQ(change.key, "xxwiki");
  EXPECT_EQ(change.event_time_ms, kNowMs);
  EXPECT_EQ(change.identity, text::stable_hash("u-1"));
}

TEST(ChangeReader, CanariesHaveTheirTimeInMeta) {
  ChangeReader reader("wiki", {"meta.id"});
  ASSERT_EQ(reader.read(
                R"({"meta":{"id":"c","domain":"canary","topic":"t","dt":"2025-10-09T08:53:20Z"}})"),
            nullptr);
  EXPECT_TRUE(reader.change().is_canary);
  EXPECT_EQ(reader.change().event_time_ms, kNowMs);
  EXPECT_EQ(reader.change().key, std::nullopt);
}

TEST(ChangeReader, SaysWhatIsWrong) {
  ChangeReader reader("wiki", {"meta.id"});
  for (const char* data : {"", "x", "[]", "{", "{\"meta\":{}", "{}x"})
    EXPECT_STREQ(reader.read(data), "not a JSON object") << data;
  for (const char* data : {"{}", "{\"meta\":1}", "{\"meta\":null}"})
    EXPECT_STREQ(reader.read(data), "no object \"meta\"") << data;
}

TEST(ChangeReader, IdentityOfSeveralFieldsExcludesNulls) {
  ChangeReader reader("", {"wiki", "id", "type"});
  ASSERT_EQ(reader.read(kEdit), nullptr);
  const uint64_t first = reader.change().identity;
  EXPECT_NE(first, 0u);
  EXPECT_EQ(reader.change().key, std::nullopt);
  ASSERT_EQ(reader.read(R"({"meta":{},"wiki":"xxwiki","id":7,"type":"log"})"), nullptr);
  EXPECT_NE(reader.change().identity, first);
  ASSERT_EQ(reader.read(R"({"meta":{},"wiki":"xxwiki","id":null,"type":"log"})"), nullptr);
  EXPECT_EQ(reader.change().identity, 0u);
  ASSERT_EQ(reader.read(R"({"meta":{},"wiki":"xxwiki","type":"log"})"), nullptr);
  EXPECT_EQ(reader.change().identity, 0u);
}

TEST(Settings, WikimediaWantsAContact) {
  EXPECT_THROW(settings_of("{}").check(), config_error);
  EXPECT_THROW(settings_of(R"({"contact": "me"})").check(), config_error);
  EXPECT_NO_THROW(settings_of(R"({"contact": "me@example.org"})").check());
  EXPECT_NO_THROW(settings_of(R"({"url": "http://127.0.0.1:1"})").check());
  EXPECT_THROW(settings_of(R"({"url": "https://wikimedia.org"})").check(), config_error);
}

TEST(Settings, FindWhatTheSchemaCannot) {
  const std::string base = R"("url": "http://127.0.0.1:1")";
  for (const char* bad : {R"("stream": "a/b")", R"("stream": ["a", "a?b"])",
                          R"("overlap": "2m", "dedupe_horizon": "3m")"}) {
    EXPECT_THROW(settings_of("{" + base + "," + bad + "}").check(), config_error) << bad;
  }
  EXPECT_THROW(settings_of(R"({"start": "yesterday"})"), config_error);
  EXPECT_THROW(settings_of(R"({"url": "stream.wikimedia.org"})").check(), config_error);
}

TEST(Recorded, EventsOfThreeYearsAreRead) {
  const char* folder = std::getenv("MILLRACE_TEST_DATA");
  const std::filesystem::path data =
      folder ? folder : std::filesystem::path(MILLRACE_SOURCE_DIR) / "../shared/data";
  const auto file = data / "wikipedia/eventstreams-samples.sse";
  if (!std::filesystem::exists(file)) {
    GTEST_SKIP() << "no recorded events: set MILLRACE_TEST_DATA to the folder of test data";
  }
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  const std::string stream = text.str();
  std::string_view rest = stream;
  sse::SseParser parser;
  ChangeReader changes("wiki", {"meta.id"});
  EventIdReader ids;
  int events = 0;
  for (; parser.next(rest) == sse::SseParser::Got::kEvent; ++events) {
    EXPECT_EQ(parser.event().type, "message");
    ASSERT_EQ(changes.read(parser.event().data), nullptr);
    const Change& change = changes.change();
    const auto& positions = ids.read(parser.event().id);
    EXPECT_EQ(positions.size(), 2u);
    EXPECT_TRUE(kafka_ms_of(positions, change.topic, change.partition)) << parser.event().id;
    EXPECT_NE(change.identity, 0u);
    EXPECT_TRUE(change.key && change.event_time_ms && !change.is_canary);
  }
  EXPECT_EQ(events, 6);
}

TEST(Component, DescribesItselfAndChecksItsConfiguration) {
  const test::library plugin(MILLRACE_PLUGIN_FILE);
  const mr_component& component = plugin.component("wikipedia");
  EXPECT_STREQ(component.id, "org.millrace.wikipedia");
  EXPECT_NE(test::harness::validate(component, "{}").find("contact"), std::string::npos);
  EXPECT_EQ(test::harness::validate(component, R"({"contact": "https://example.org"})"), "");
  test::harness source(
      component, R"({"url": "http://127.0.0.1:1", "retry": {"initial": "10ms", "max": "20ms"}})");
  const mr_traits traits = source.traits();
  EXPECT_EQ(traits.bounded, 0u);
  EXPECT_EQ(traits.replay, MR_REPLAY_WINDOW);
  source.open();
  EXPECT_EQ(source.poll(), MR_IDLE);  // Refused, and tried again by itself.
  EXPECT_GE(source.host.metric("requests"), 2);
  source.cancel();
  EXPECT_THROW(source.poll(), failure);
  source.close();
}

}  // namespace
}  // namespace millrace::wikipedia
