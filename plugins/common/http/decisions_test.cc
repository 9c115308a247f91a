// The pure parts: what an answer means and how long to wait.

#include <gtest/gtest.h>

#include "common/http/backoff.h"
#include "common/http/host_gate.h"
#include "common/http/retry_after.h"
#include "common/http/status_class.h"
#include "common/http/url.h"

namespace millrace::http {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Micros kNow = seconds(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT

std::optional<int64_t> wait_s(std::string_view value, std::string_view date = "") {
  const auto parsed = parse_retry_after(value, date, kNow, hours(1));
  if (!parsed) return std::nullopt;
  return parsed->wait / seconds(1);
}

TEST(RetryAfter, TakesSeconds) {
  EXPECT_EQ(wait_s("120"), 120);
  EXPECT_EQ(wait_s(" 7 "), 7);
  EXPECT_EQ(wait_s("0"), 0);
}

TEST(RetryAfter, TakesDatesInAllThreeForms) {
  EXPECT_EQ(wait_s("Sun, 06 Nov 1994 08:50:37 GMT"), 60);
  EXPECT_EQ(wait_s("Sunday, 06-Nov-94 08:50:37 GMT"), 60);
  EXPECT_EQ(wait_s("Sun Nov  6 08:50:37 1994"), 60);
}

TEST(RetryAfter, TheServersClockIsItsDateElseOurs) {
  const Micros now(1'700'000'000'000'000);
  EXPECT_EQ(server_now(" Sun, 06 Nov 1994 08:49:37 GMT", now), std::chrono::seconds(784'111'777));
  for (const char* none : {"", "soon", "1994"}) EXPECT_EQ(server_now(none, now), now) << none;
}

TEST(RetryAfter, MeasuresDatesAgainstTheAnswersOwnClock) {
  EXPECT_EQ(wait_s("Sun, 06 Nov 2044 08:50:37 GMT", "Sun, 06 Nov 2044 08:50:07 GMT"), 30);
  EXPECT_EQ(wait_s("Sun, 06 Nov 1994 08:50:37 GMT", "yesterday"), 60);
}

TEST(RetryAfter, ThePastMeansNow) {
  EXPECT_EQ(wait_s("Sun, 06 Nov 1994 08:00:00 GMT"), 0);
  EXPECT_EQ(wait_s("-5"), 0);
}

TEST(RetryAfter, ClampsTheAbsurdAndSaysSo) {
  for (const char* value : {"3601", "99999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"}) {
    const auto parsed = parse_retry_after(value, "", kNow, hours(1));
    ASSERT_TRUE(parsed) << value;
    EXPECT_EQ(parsed->wait, Micros(hours(1))) << value;
    EXPECT_TRUE(parsed->clamped) << value;
  }
  EXPECT_FALSE(parse_retry_after("3600", "", kNow, hours(1))->clamped);
}

TEST(RetryAfter, RefusesAnythingElse) {
  for (const char* value :
       {"", " ", "soon", "1.5", "5s", "--5", "-", "06 Nov 1994", "Sun, 06 Nov 1994", "1e9"}) {
    EXPECT_EQ(wait_s(value), std::nullopt) << value;
  }
}

TEST(StatusClass, FollowsTheTable) {
  const auto all_are = [](StatusClass wanted, std::initializer_list<int> statuses) {
    for (const int status : statuses) EXPECT_EQ(class_of_status(status), wanted) << status;
  };
  all_are(StatusClass::kOk, {200, 201, 206});
  all_are(StatusClass::kNoContent, {204});
  all_are(StatusClass::kRedirect, {301, 302, 303, 307, 308});
  all_are(StatusClass::kNotModified, {304});
  all_are(StatusClass::kRetry, {408, 425, 429, 500, 502, 503, 504, 520, 525, 527, 599});
  all_are(StatusClass::kRefused, {401, 403, 404, 407, 410, 451});
  all_are(StatusClass::kOurFault, {400, 405, 422, 300, 305});
}

RetrySettings quick() {
  RetrySettings settings;
  settings.initial = seconds(1);
  settings.max = seconds(10);
  settings.reset_after = minutes(1);
  return settings;
}

TEST(Backoff, GrowsToTheBoundAndDrawsFromAllOfIt) {
  double drawn = 0.5;
  Backoff backoff(quick(), [&] { return drawn; });
  std::vector<int64_t> waits_ms;
  for (int i = 0; i < 6; ++i)
    waits_ms.push_back(backoff.after_failure(Micros(0)) / milliseconds(1));
  EXPECT_EQ(waits_ms, (std::vector<int64_t>{500, 1000, 2000, 4000, 5000, 5000}));
  drawn = 0;
  EXPECT_EQ(backoff.after_failure(Micros(0)), Micros(0));
}

TEST(Backoff, NeverOverflows) {
  Backoff backoff(quick(), [] { return 0.999; });
  for (int i = 0; i < 5000; ++i) {
    const Micros wait = backoff.after_failure(Micros(0));
    ASSERT_GE(wait, Micros(0));
    ASSERT_LT(wait, Micros(seconds(10)));
  }
}

TEST(Backoff, AHealthyWhileWipesOutFailures) {
  Backoff backoff(quick(), [] { return 1.0; });
  for (int i = 0; i < 5; ++i) backoff.after_failure(Micros(0));
  backoff.healthy(seconds(100));
  EXPECT_EQ(backoff.after_failure(seconds(130)), Micros(seconds(10)));  // Not held long enough.
  backoff.healthy(seconds(200));
  EXPECT_EQ(backoff.after_failure(seconds(260)), Micros(seconds(1)));
}

TEST(Backoff, ACutWaitsTheReconnectionTimeAndSome) {
  Backoff backoff(quick(), [] { return 0.25; });
  EXPECT_EQ(backoff.after_cut(Micros(0), seconds(3)), Micros(milliseconds(3250)));
}

TEST(Backoff, RetryAfterIsAFloorWithATenthOnTop) {
  Backoff backoff(quick(), [] { return 0.5; });
  EXPECT_EQ(backoff.at_least(seconds(100), seconds(2)), Micros(seconds(105)));
  EXPECT_EQ(backoff.at_least(seconds(1), seconds(20)), Micros(milliseconds(20'050)));
}

TEST(Backoff, GivesUpOnlyWhenToldTo) {
  RetrySettings settings = quick();
  Backoff never(settings, [] { return 0.5; });
  never.after_failure(Micros(0));
  EXPECT_FALSE(never.should_give_up(hours(1000)));
  settings.give_up_after = hours(1);
  Backoff backoff(settings, [] { return 0.5; });
  backoff.after_failure(seconds(10));
  EXPECT_FALSE(backoff.should_give_up(minutes(59)));
  EXPECT_TRUE(backoff.should_give_up(minutes(61)));
  backoff.healthy(minutes(61));
  EXPECT_FALSE(backoff.should_give_up(minutes(200)));
}

TEST(AuthGrace, StopsAfterThreeTriesOverFiveMinutes) {
  AuthGrace grace(GraceSettings{}, minutes(2));
  Micros now{0};
  int tries = 0;
  for (;; ++tries) {
    const auto wait = grace.refused(now);
    if (!wait) break;
    EXPECT_GE(*wait, Micros(minutes(2)));
    now += *wait;
  }
  EXPECT_EQ(tries + 1, 3);
  EXPECT_GE(now, Micros(minutes(5)));
}

TEST(AuthGrace, AcceptedBeginsAnew) {
  AuthGrace grace({.attempts = 2, .over = Micros(0)}, Micros(1));
  EXPECT_TRUE(grace.refused(Micros(0)));
  grace.accepted();
  EXPECT_TRUE(grace.refused(Micros(10)));
  EXPECT_FALSE(grace.refused(Micros(20)));
}

TEST(HostGate, HoldsOneOriginForAll) {
  HostGate gate;
  gate.hold("https://a:443", seconds(9));
  gate.hold("https://a:443", seconds(5));
  EXPECT_EQ(gate.open_at("https://a:443"), Micros(seconds(9)));
  EXPECT_EQ(gate.open_at("https://b:443"), Micros(0));
}

TEST(HostGate, H6_ABucketGivesItsBurstThenKeepsTheRate) {
  HostGate gate;
  const Rate rate{2, 3};
  const Micros now = seconds(100);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(gate.take("a", rate, 1, now), Micros(0));
  const Micros due = gate.take("a", rate, 1, now);
  EXPECT_NEAR(static_cast<double>((due - now).count()), 500'000, 2);
  EXPECT_EQ(gate.take("b", rate, 1, now), Micros(0)) << "another credential";
  EXPECT_EQ(gate.take("a", rate, 1, due), Micros(0));
  EXPECT_GT(gate.take("a", rate, 1, due), due);
  EXPECT_GT(gate.take("a", rate, 1, now - seconds(50)), Micros(0)) << "a clock that steps back";
}

TEST(HostGate, H6_ARequestDearerThanTheBurstIsSentOnceTheBucketIsFull) {
  HostGate gate;
  EXPECT_EQ(gate.take("a", {1, 2}, 5, seconds(1)), Micros(0));
  const Micros due = gate.take("a", {1, 2}, 5, seconds(1));
  EXPECT_NEAR(static_cast<double>(due.count()), 6e6, 2);
  EXPECT_EQ(gate.take("none", {0, 1}, 1e9, seconds(1)), Micros(0)) << "no limit";
}

TEST(Url, QueriesAreEncoded) {
  EXPECT_EQ(with_query("http://h/a?b=c", "d e", "f&g=\u00fc/+"),
            "http://h/a?b=c&d%20e=f%26g%3d%c3%bc%2f%2b");
  EXPECT_EQ(with_query("http://h", "q", ""), "http://h/?q=");
}

TEST(Url, KnowsOriginAndHidesSecrets) {
  const auto url = parse_url("https://user:secret@Example.ORG/a/b?key=secret");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->origin(), "https://example.org:443");
  EXPECT_EQ(url->printable(), "https://example.org/a/b");
  EXPECT_EQ(parse_url("http://h:8080/x")->printable(), "http://h:8080/x");
  for (const char* bad :
       {"", "ftp://h/", "file:///etc/passwd", "/path", "http://", "http://h:99999/"}) {
    EXPECT_FALSE(parse_url(bad)) << bad;
  }
}

TEST(Url, ResolvesRedirects) {
  EXPECT_EQ(resolve_url("https://h/a/b?q", "/c"), "https://h/c");
  EXPECT_EQ(resolve_url("https://h/a/b", "c?d"), "https://h/a/c?d");
  EXPECT_EQ(resolve_url("https://h/a", "//other/x"), "https://other/x");
  EXPECT_EQ(resolve_url("https://h/a", "http://o/x"), "http://o/x");
  EXPECT_EQ(resolve_url("https://h/a", "ftp://o/x"), std::nullopt);
}

TEST(Url, DomainsEndAtDots) {
  EXPECT_TRUE(is_in_domain("wikimedia.org", "wikimedia.org"));
  EXPECT_TRUE(is_in_domain("stream.wikimedia.org", "wikimedia.org"));
  EXPECT_FALSE(is_in_domain("notwikimedia.org", "wikimedia.org"));
  EXPECT_FALSE(is_in_domain("org", "wikimedia.org"));
}

}  // namespace
}  // namespace millrace::http
