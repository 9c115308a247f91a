#include "base/zone.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <random>

namespace millrace {
namespace {

/// Expected instants are Python's zoneinfo (PEP 495), or follow from the text of the case.
EventTime at(std::string_view rfc3339) { return parse_rfc3339(rfc3339).value(); }
int64_t wall(std::string_view text) { return parse_rfc3339(std::string(text) + "Z").value(); }

std::shared_ptr<const Zone> zone(std::string_view name) {
  auto found = Zone::find(name);
  EXPECT_TRUE(found) << (found ? "" : found.error().message);
  return std::move(found).value();
}

struct Means {
  Zone::Reading reading;
  std::string earlier, later;
  bool operator==(const Means&) const = default;
};
void PrintTo(const Means& means, std::ostream* out) {
  *out << static_cast<int>(means.reading) << " " << means.earlier << " " << means.later;
}

Means means(std::string_view zone_name, std::string_view reading) {
  const Zone::Instants found = zone(zone_name)->to_utc(wall(reading));
  return {found.reading, format_rfc3339(found.earlier), format_rfc3339(found.later)};
}
Means once(std::string at) { return {Zone::Reading::kOnce, at, at}; }
Means twice(std::string earlier, std::string later) {
  return {Zone::Reading::kTwice, earlier, later};
}
Means skipped(std::string at) { return {Zone::Reading::kSkipped, at, at}; }

std::string begins(std::string_view zone_name, std::string_view reading) {
  return format_rfc3339(zone(zone_name)->first_at_or_after(wall(reading)));
}

TEST(Zone, R8_Berlin) {
  EXPECT_EQ(means("Europe/Berlin", "2024-03-31T01:59:59"), once("2024-03-31T00:59:59Z"));
  EXPECT_EQ(means("Europe/Berlin", "2024-03-31T02:00:00"), skipped("2024-03-31T01:00:00Z"));
  EXPECT_EQ(means("Europe/Berlin", "2024-03-31T03:00:00"), once("2024-03-31T01:00:00Z"));
  EXPECT_EQ(means("Europe/Berlin", "2024-10-27T02:30:00"),
            twice("2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z"));
  EXPECT_EQ(means("Europe/Berlin", "2024-10-27T03:00:00"), once("2024-10-27T02:00:00Z"));
  EXPECT_EQ(begins("Europe/Berlin", "2024-03-31T00:00:00"), "2024-03-30T23:00:00Z");
}

TEST(Zone, R8_NewYork) {
  EXPECT_EQ(means("America/New_York", "2015-11-01T00:59:59"), once("2015-11-01T04:59:59Z"));
  EXPECT_EQ(means("America/New_York", "2015-11-01T01:05:00"),
            twice("2015-11-01T05:05:00Z", "2015-11-01T06:05:00Z"));
  EXPECT_EQ(means("America/New_York", "2015-11-01T02:00:00"), once("2015-11-01T07:00:00Z"));
  EXPECT_EQ(means("America/New_York", "2016-03-13T02:30:00"), skipped("2016-03-13T07:30:00Z"));
}

TEST(Zone, R8_SaoPauloSkipsMidnight) {
  EXPECT_EQ(means("America/Sao_Paulo", "2018-11-04T00:30:00"), skipped("2018-11-04T03:30:00Z"));
  EXPECT_EQ(begins("America/Sao_Paulo", "2018-11-04T00:00:00"), "2018-11-04T03:00:00Z");
  EXPECT_EQ(means("America/Sao_Paulo", "2018-02-17T23:30:00"),
            twice("2018-02-18T01:30:00Z", "2018-02-18T02:30:00Z"));
  EXPECT_EQ(begins("America/Sao_Paulo", "2018-02-18T00:00:00"), "2018-02-18T03:00:00Z");
}

TEST(Zone, R8_LordHoweMovesByHalfAnHour) {
  EXPECT_EQ(means("Australia/Lord_Howe", "2024-04-07T01:45:00"),
            twice("2024-04-06T14:45:00Z", "2024-04-06T15:15:00Z"));
  EXPECT_EQ(means("Australia/Lord_Howe", "2024-04-07T01:29:59"), once("2024-04-06T14:29:59Z"));
  EXPECT_EQ(means("Australia/Lord_Howe", "2024-10-06T02:15:00"), skipped("2024-10-05T15:45:00Z"));
}

TEST(Zone, R8_ApiaSkipsADay) {
  EXPECT_EQ(means("Pacific/Apia", "2011-12-30T10:00:00"), skipped("2011-12-30T20:00:00Z"));
  EXPECT_EQ(begins("Pacific/Apia", "2011-12-30T00:00:00"), "2011-12-30T10:00:00Z");
  EXPECT_EQ(begins("Pacific/Apia", "2011-12-31T00:00:00"), "2011-12-30T10:00:00Z");
}

TEST(Zone, R8_KathmanduMovesByAQuarter) {
  EXPECT_EQ(means("Asia/Kathmandu", "1986-01-01T00:05:00"), skipped("1985-12-31T18:35:00Z"));
  EXPECT_EQ(begins("Asia/Kathmandu", "1986-01-01T00:00:00"), "1985-12-31T18:30:00Z");
  EXPECT_EQ(zone("Asia/Kathmandu")->at(at("2024-05-05T00:00:00Z")).offset_us,
            (5 * 60 + 45) * 60 * kSecondUs);
}

TEST(Zone, R8_TheFirstOfTwoMidnightsBegins) {
  // Newfoundland's clocks went from 00:01 back to 23:01.
  EXPECT_EQ(begins("America/St_Johns", "2010-11-07T00:00:00"), "2010-11-07T02:30:00Z");
}

TEST(Zone, TheLastRuleGoesOnForEver) {
  EXPECT_EQ(means("Europe/Berlin", "2050-03-27T02:30:00"), skipped("2050-03-27T01:30:00Z"));
  // 2450 has the calendar of 2050.
  EXPECT_EQ(means("Europe/Berlin", "2450-03-27T02:30:00"), skipped("2450-03-27T01:30:00Z"));
  EXPECT_EQ(means("Europe/Berlin", "9999-07-01T12:00:00"), once("9999-07-01T10:00:00Z"));
}

TEST(Zone, StretchesLieSideBySide) {
  const auto berlin = zone("Europe/Berlin");
  EventTime t = at("1890-01-01T00:00:00Z");
  int changes = 0;
  for (; t < at("2900-01-01T00:00:00Z"); ++changes) {
    const Zone::Stretch here = berlin->at(t), last = berlin->at(here.end - 1);
    ASSERT_LE(here.begin, t);
    ASSERT_GT(here.end, t);
    ASSERT_EQ(last.offset_us, here.offset_us) << format_rfc3339(t);
    ASSERT_NE(berlin->at(here.end).offset_us, here.offset_us) << format_rfc3339(here.end);
    t = here.end;
  }
  EXPECT_GT(changes, 1800);
}

TEST(Zone, SaturatesAtBothEndsOfTime) {
  for (const char* name : {"UTC", "Europe/Berlin", "Pacific/Apia", "America/New_York"}) {
    const auto here = zone(name);
    EXPECT_EQ(here->at(kTimeMax - 1).begin <= kTimeMax - 1, true) << name;
    EXPECT_EQ(here->at(kTimeNone).begin, kTimeNone) << name;
    EXPECT_GT(here->first_at_or_after(kTimeMax), at("9999-01-01T00:00:00Z")) << name;
    EXPECT_LT(here->first_at_or_after(kTimeNone), at("1800-01-01T00:00:00Z")) << name;
    EXPECT_GT(here->to_utc(kTimeMax - 1).later, at("9999-01-01T00:00:00Z")) << name;
  }
}

TEST(Zone, UnknownNamesAreToldWithAHint) {
  const auto wrong = Zone::find("Europe/Berln");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kInvalidConfig);
  EXPECT_EQ(wrong.error().message,
            "there is no time zone \"Europe/Berln\"; did you mean \"Europe/Berlin\"?");
  for (const char* name :
       {"", "/etc/passwd", "../../etc/passwd", "Europe", "zone.tab", "tzdata.zi"}) {
    EXPECT_FALSE(Zone::find(name)) << name;
  }
}

TEST(Zone, DamagedFilesAreRefused) {
  for (const char* bytes :
       {"", "TZif", "TZif2 and nothing else that would make sense to a reader of zones........"}) {
    const auto wrong = Zone::parse("x", bytes);
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, Code::kCorrupt);
  }
}

TEST(Zone, TheVersionOfTheDatabaseIsKnown) {
  // 2025b and so on.
  const std::string version = tzdata_version();
  EXPECT_EQ(version.size(), 5u) << version;
  EXPECT_EQ(version.substr(0, 2), "20") << version;
}

/// The second opinion: the C library reads the same files with code of its own.
class CLibraryZone {
 public:
  explicit CLibraryZone(const char* name) {
    setenv("TZ", name, 1);
    tzset();
  }
  ~CLibraryZone() {
    unsetenv("TZ");
    tzset();
  }
  int64_t offset_us(int64_t seconds) const {
    const time_t t = seconds;
    tm fields{};
    localtime_r(&t, &fields);
    return fields.tm_gmtoff * kSecondUs;
  }
};

TEST(Zone, AgreesWithTheCLibrary) {
  std::mt19937_64 random(20261126);
  std::uniform_int_distribution<int64_t> seconds(-2'000'000'000, 16'000'000'000);
  for (const char* name :
       {"Europe/Berlin",     "America/New_York",   "America/Sao_Paulo", "Australia/Lord_Howe",
        "Pacific/Apia",      "Asia/Kathmandu",     "America/St_Johns",  "Europe/Dublin",
        "Africa/Casablanca", "Asia/Gaza",          "America/Nuuk",      "Pacific/Chatham",
        "Antarctica/Troll",  "America/Santiago",   "Africa/Cairo",      "Asia/Jerusalem",
        "Etc/GMT+12",        "Pacific/Kiritimati", "Europe/Moscow",     "Australia/Adelaide",
        "CST6CDT",           "Pacific/Kwajalein"}) {
    const CLibraryZone theirs(name);
    const auto ours = zone(name);
    for (int i = 0; i < 2000; ++i) {
      const int64_t t = seconds(random);
      ASSERT_EQ(ours->at(t * kSecondUs).offset_us, theirs.offset_us(t))
          << name << " " << format_rfc3339(t * kSecondUs);
    }
  }
}

}  // namespace
}  // namespace millrace
