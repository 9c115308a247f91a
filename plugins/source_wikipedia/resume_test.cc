// Where the stream goes on, what is lost, and when it is done.

#include "source_wikipedia/resume.h"

#include <gtest/gtest.h>

#include <millrace/testing.hpp>

#include "source_wikipedia/end_target.h"
#include "source_wikipedia/retention_watch.h"
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

TEST(Resume, LiveThenByHeader) {
  const Settings settings = settings_of("{}");
  Resume resume(settings);
  ASSERT_TRUE(resume.begin("", kNowMs));
  EXPECT_EQ(resume.request().url, "https://stream.wikimedia.org/v2/stream/recentchange");
  EXPECT_EQ(resume.request().last_event_id, "");
  resume.connected(kNowMs);
  // Cut before the first event: nothing may be missed all the same, though `Date` is of another
  // clock than the events.
  EXPECT_EQ(resume.request().url,
            "https://stream.wikimedia.org/v2/stream/recentchange?since=2025-10-09T08:53:15.000Z");
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

}  // namespace
}  // namespace millrace::wikipedia
