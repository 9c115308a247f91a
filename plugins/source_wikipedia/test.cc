// The pure parts, and what the component says before it connects. Everything with a connection is
// in tests/sim/wikipedia_plugin_test.py.

#include <gtest/gtest.h>

#include <millrace/testing.hpp>

#include "source_wikipedia/change.h"
#include "source_wikipedia/end_target.h"
#include "source_wikipedia/event_id.h"
#include "source_wikipedia/problem.h"
#include "source_wikipedia/resume.h"
#include "source_wikipedia/retention_watch.h"
#include "source_wikipedia/time_text.h"
#include "source_wikipedia/topic_times.h"

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

TEST(TopicTimes, ResumeNamesEveryTopicAndNeverSendsTheIdBack) {
  TopicTimes times;
  EXPECT_EQ(times.resume_header(30'000), "");
  times.named(kCodfw, 0);
  EXPECT_EQ(times.resume_header(30'000), "");
  times.saw(kEqiad, 0, kNowMs);
  times.saw(kEqiad, 0, kNowMs - 8);  // Stamped out of order: the largest counts.
  EXPECT_EQ(times.resume_header(30'000),
            R"([{"topic":"codfw.mediawiki.recentchange","partition":0,"timestamp":1759999970000},)"
            R"({"topic":"eqiad.mediawiki.recentchange","partition":0,"timestamp":1759999970000}])");
}

TEST(TopicTimes, NeverSeenTopicsResumeAtTheOldestOfTheOthers) {
  TopicTimes times;
  times.saw("a.x", 0, 5'000);
  times.saw("b.x", 0, 9'000);
  times.named("c.x", 0);
  EXPECT_EQ(
      times.resume_header(1'000),
      R"([{"topic":"a.x","partition":0,"timestamp":4000},{"topic":"b.x","partition":0,"timestamp":8000},)"
      R"({"topic":"c.x","partition":0,"timestamp":4000}])");
  EXPECT_EQ(times.newest()->name, "b.x");
  EXPECT_EQ(times.oldest_ms(), 5'000);
  EXPECT_NE(times.resume_header(100'000).find("\"timestamp\":0}"), std::string::npos);
}

TEST(TopicTimes, SurviveTheSnapshot) {
  TopicTimes times;
  times.saw("a.x", 0, 5'000);
  times.named("b.\"x", 0);
  times.saw("a.x", 3, 7'000);
  EXPECT_EQ(times.to_json(), R"({"a.x":{"0":5000,"3":7000},"b.\"x":{"0":null}})");
  TopicTimes again;
  ASSERT_TRUE(again.restore(times.to_json()));
  EXPECT_EQ(again.to_json(), times.to_json());
  for (const char* bad : {"", "[]", "{\"a\":1}", "{\"a\":{\"x\":1}}", "{\"a\":{\"0\":\"1\"}}"}) {
    EXPECT_FALSE(again.restore(bad)) << bad;
  }
}

TEST(RetentionWatch, ResumeThatBeginsTooLateIsAGap) {
  TopicTimes times;
  times.saw(kEqiad, 0, kNowMs);
  times.saw(kCodfw, 0, kNowMs - 900'000);
  RetentionWatch watch;
  watch.expect_resume(times, 30'000);
  EXPECT_FALSE(watch.saw(kCodfw, kNowMs + 3'000'000, true));  // Not the active topic.
  const auto gap = watch.saw(kEqiad, kNowMs + 30'001, false);
  ASSERT_TRUE(gap);
  EXPECT_EQ(gap->from_ms, kNowMs - 900'000);
  EXPECT_EQ(gap->to_ms, kNowMs + 30'001);
  EXPECT_FALSE(watch.saw(kEqiad, kNowMs + 99'999'999, false));  // Told once.
}

TEST(RetentionWatch, TheLastEventComingAgainIsNone) {
  TopicTimes times;
  times.saw(kEqiad, 0, kNowMs);
  RetentionWatch watch;
  watch.expect_resume(times, 30'000);
  EXPECT_FALSE(watch.saw(kEqiad, kNowMs + 30'000, false));
  // A quiet stream under a long overlap: the first event is the last one, minutes after the asked
  // time.
  watch.expect_resume(times, 600'000);
  EXPECT_FALSE(watch.saw(kEqiad, kNowMs, false));
}

TEST(RetentionWatch, StartInThePast) {
  RetentionWatch watch;
  watch.expect_since(kNowMs, 30'000);
  EXPECT_FALSE(watch.saw(kCodfw, kNowMs + 3'000'000, true));
  EXPECT_FALSE(watch.saw(kEqiad, kNowMs + 60'000, false));
  watch.expect_since(kNowMs, 30'000);
  const auto gap = watch.saw(kEqiad, kNowMs + 86'400'000, false);
  ASSERT_TRUE(gap);
  EXPECT_EQ(gap->from_ms, kNowMs);
  watch.expect_since(kNowMs, 4'200'000);
  EXPECT_FALSE(watch.saw(kEqiad, kNowMs + 4'000'000, false));
}

TEST(EndTarget, WaitsForTheActiveTopic) {
  TopicTimes times;
  EndTarget target(kNowMs);
  EXPECT_FALSE(target.is_reached(times));
  times.named(kEqiad, 0);
  times.named(kCodfw, 0);
  target.saw(kEqiad, kNowMs - 1, false);
  target.saw(kCodfw, kNowMs + 5, true);
  EXPECT_FALSE(target.is_reached(times));
  target.saw(kEqiad, kNowMs, true);  // A canary tells as much.
  EXPECT_TRUE(target.is_reached(times));
}

TEST(EndTarget, SwitchOverMovesTheActiveTopic) {
  TopicTimes times;
  times.named(kEqiad, 0);
  times.named(kCodfw, 0);
  EndTarget target(kNowMs);
  target.saw(kEqiad, kNowMs - 500, false);
  target.saw(kCodfw, kNowMs, false);
  EXPECT_TRUE(target.is_reached(times));
}

TEST(EndTarget, NeedsEveryStreamAndBothTopicsWhileOnlyCanariesCome) {
  TopicTimes times;
  for (const char* topic : {"eqiad.a", "codfw.a", "eqiad.b", "codfw.b"}) times.named(topic, 0);
  EndTarget target(kNowMs);
  target.saw("eqiad.a", kNowMs, false);
  EXPECT_FALSE(target.is_reached(times));
  target.saw("codfw.b", kNowMs, true);
  EXPECT_FALSE(target.is_reached(times));
  target.saw("eqiad.b", kNowMs, true);
  EXPECT_TRUE(target.is_reached(times));
}

constexpr const char* kEdit =
    R"({"$schema":"/x","meta":{"id":"u-1","domain":"xx.example","stream":"mediawiki.recentchange",)"
    R"("dt":"2025-10-09T08:53:20.123Z","topic":"eqiad.mediawiki.recentchange","partition":0},"id":7,"type":"edit",)"
    R"("timestamp":1760000000,"wiki":"xx\u0077iki"})";

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
  EXPECT_EQ(change.identity, stable_hash("u-1"));
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

TEST(ChangeReader, HashesAreKeptInCommitsSoTheyNeverChange) {
  EXPECT_EQ(stable_hash(""), 18284041282127212159u);
  EXPECT_EQ(stable_hash("00000000-0000-4000-8000-000000000001"), 14450672577717009887u);
}

TEST(Resume, LiveThenByHeader) {
  const Settings settings = settings_of("{}");
  Resume resume(settings);
  ASSERT_TRUE(resume.begin("", kNowMs));
  EXPECT_EQ(resume.request().url, "https://stream.wikimedia.org/v2/stream/recentchange");
  EXPECT_EQ(resume.request().last_event_id, "");
  resume.connected(kNowMs);
  // Cut before the first event: nothing may be missed all the same.
  EXPECT_EQ(resume.request().url,
            "https://stream.wikimedia.org/v2/stream/recentchange?since=2025-10-09T08:53:20.000Z");
  resume.saw(kEqiad, 0, kNowMs + 60'000, false);
  EXPECT_EQ(resume.request().url, "https://stream.wikimedia.org/v2/stream/recentchange");
  EXPECT_NE(resume.request().last_event_id.find("\"timestamp\":1760000030000"), std::string::npos);
}

TEST(Resume, StartAgoAndStartTime) {
  const Settings ago = settings_of(R"({"start": "24h", "stream": ["page-create", "page-delete"]})");
  Resume resume(ago);
  resume.begin("", kNowMs);
  EXPECT_EQ(resume.request().url,
            "https://stream.wikimedia.org/v2/stream/"
            "page-create,page-delete?since=2025-10-08T08:53:20.000Z");
  const Settings time = settings_of(R"({"start": "2025-10-09T08:53:20+00:00"})");
  Resume from(time);
  from.begin("", kNowMs + 1'000'000);
  EXPECT_TRUE(from.request().url.ends_with("?since=2025-10-09T08:53:20.000Z"));
}

TEST(Resume, SnapshotGoesOnWhereItWas) {
  const Settings settings = settings_of("{}");
  Resume resume(settings);
  resume.begin("", kNowMs);
  resume.connected(kNowMs);
  resume.named({{kCodfw, 0, std::nullopt}});
  resume.saw(kEqiad, 0, kNowMs, false);
  EXPECT_EQ(resume.take_position(), 1u);
  const std::string snapshot = resume.snapshot();
  EXPECT_TRUE(snapshot.starts_with("{\"v\":1,\"seq\":1,"));
  Resume again(settings);
  ASSERT_TRUE(again.begin(snapshot, kNowMs + 5));
  EXPECT_EQ(again.request().last_event_id, resume.request().last_event_id);
  EXPECT_EQ(again.take_position(), 2u);
  for (const char* bad : {"x", "{}", "{\"v\":2,\"seq\":1}", "{\"v\":1,\"seq\":-1}",
                          "{\"v\":1,\"seq\":1,\"topics\":[]}"}) {
    EXPECT_FALSE(again.begin(bad, kNowMs)) << bad;
  }
}

TEST(Resume, OtherStreamsResumeBySince) {
  const Settings before = settings_of("{}");
  Resume resume(before);
  resume.begin("", kNowMs);
  resume.saw(kEqiad, 0, kNowMs + 30'000, false);
  const Settings after = settings_of(R"({"stream": ["recentchange", "page-create"]})");
  Resume again(after);
  ASSERT_TRUE(again.begin(resume.snapshot(), kNowMs));
  EXPECT_EQ(again.request().last_event_id, "");
  EXPECT_TRUE(
      again.request().url.ends_with("recentchange,page-create?since=2025-10-09T08:53:20.000Z"));
}

TEST(Resume, RefusedHeaderFallsBackToSinceThenLiveWithAGap) {
  const Settings settings = settings_of("{}");
  Resume resume(settings);
  resume.begin("", kNowMs);
  resume.connected(kNowMs);
  resume.saw(kEqiad, 0, kNowMs + 30'000, false);
  EXPECT_TRUE(resume.refused(400));
  EXPECT_EQ(resume.request().last_event_id, "");
  EXPECT_TRUE(resume.request().url.ends_with("?since=2025-10-09T08:53:20.000Z"));
  EXPECT_FALSE(resume.refused(404));
  EXPECT_TRUE(resume.refused(400));
  EXPECT_TRUE(resume.request().url.ends_with("/recentchange"));
  EXPECT_FALSE(resume.refused(400));
  resume.connected(kNowMs + 500'000);
  const auto gap = resume.saw(kEqiad, 0, kNowMs + 501'000, false);
  ASSERT_TRUE(gap);
  EXPECT_EQ(gap->from_ms, kNowMs + 30'000);
  EXPECT_EQ(gap->to_ms, kNowMs + 501'000);
}

TEST(Resume, ARefusedTopicDoesNotHoldLaterResumesBack) {
  const Settings settings = settings_of("{}");
  Resume resume(settings);
  resume.begin("", kNowMs);
  resume.connected(kNowMs);
  resume.saw("gone.mediawiki.recentchange", 0, kNowMs, false);
  resume.saw(kEqiad, 0, kNowMs + 100'000, false);
  EXPECT_TRUE(resume.refused(404));
  resume.connected(kNowMs + 200'000);
  EXPECT_TRUE(resume.request().url.ends_with("?since=2025-10-09T08:52:50.000Z"));
  EXPECT_FALSE(resume.saw(kEqiad, 0, kNowMs + 80'000, false));
  EXPECT_EQ(resume.request().last_event_id.find("gone"), std::string::npos);
}

TEST(Resume, AFirstStartThatIsRefusedIsTheUsersFault) {
  const Settings settings = settings_of(R"({"start": "24h"})");
  Resume resume(settings);
  resume.begin("", kNowMs);
  EXPECT_FALSE(resume.refused(400));
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

TEST(Problem, SaysWhatTheServiceSaid) {
  EXPECT_EQ(problem_text(
                R"({"type":"not_found","title":"Stream Not Found","detail":"x is not a stream"})"),
            ": Stream Not Found: x is not a stream");
  EXPECT_EQ(problem_text("<html>"), "");
  EXPECT_EQ(problem_text(""), "");
  EXPECT_EQ(problem_text("plain\n\x1b[31mtext"), ": plain  [31mtext");
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
