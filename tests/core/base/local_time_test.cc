#include "base/local_time.h"

#include <gtest/gtest.h>

#include <random>

namespace millrace {
namespace {

std::string read(std::string_view pattern, std::string_view text) {
  const auto compiled = LocalPattern::compile(pattern);
  EXPECT_TRUE(compiled) << (compiled ? "" : compiled.error().message);
  const auto local = compiled->read(text);
  return local ? format_rfc3339(*local) : "unusable";
}

std::string fault(std::string_view pattern) {
  const auto compiled = LocalPattern::compile(pattern);
  return compiled ? "" : compiled.error().message;
}

LocalTimeFormat format(std::string_view zone, std::string_view pattern,
                       Ambiguous ambiguous = Ambiguous::kEarlier) {
  return {Zone::find(zone).value(), LocalPattern::compile(pattern).value(), ambiguous};
}

std::string instant(LocalTimeReader& reader, std::string_view text) {
  const auto time = reader.read(text);
  return time ? format_rfc3339(*time) : "unusable";
}

TEST(LocalPattern, ReadsWhatFilesHold) {
  EXPECT_EQ(read("%Y-%m-%d %H:%M:%S", "2015-11-01 01:05:00"), "2015-11-01T01:05:00Z");
  EXPECT_EQ(read("%m/%d/%Y %H:%M", "12/1/2010 8:26"), "2010-12-01T08:26:00Z");
  EXPECT_EQ(read("%d-%m-%Y %H:%M", "01-12-2010 08:26"), "2010-12-01T08:26:00Z");
  EXPECT_EQ(read("%Y%m%d%H%M%S", "20240229235960"), "2024-03-01T00:00:00Z");
  EXPECT_EQ(read("%d %b %Y, %I:%M %p", "3 Sep 1998, 12:05 AM"), "1998-09-03T00:05:00Z");
  EXPECT_EQ(read("%d %B %y %I %p", "3 september 68 12 pm"), "2068-09-03T12:00:00Z");
  EXPECT_EQ(read("%D %R", "07/04/69 23:59"), "1969-07-04T23:59:00Z");
  EXPECT_EQ(read("%A, %e %b %Y", "Sunday,  1 Nov 2015"), "2015-11-01T00:00:00Z");
  EXPECT_EQ(read("%F %T.%f", "2015-11-01 01:05:00.1234567"), "2015-11-01T01:05:00.123456Z");
  EXPECT_EQ(read("%Y %j", "2024 366"), "2024-12-31T00:00:00Z");
  EXPECT_EQ(read("100%% %F", "100% 2015-11-01"), "2015-11-01T00:00:00Z");
}

TEST(LocalPattern, RefusesWhatNamesNoTime) {
  for (const char* text :
       {"", "2015-11-01", "2015-11-01 01:05", "2015-11-01 01:05:00 ", " 2015-11-01 01:05:00",
        "2015-11-31 01:05:00", "2015-02-29 01:05:00", "2015-13-01 01:05:00", "2015-00-01 01:05:00",
        "2015-11-00 01:05:00", "2015-11-01 24:00:00", "2015-11-01 01:60:00", "2015-11-01 01:05:61",
        "2015-11-0101:05:00", "2015-11-01T01:05:00", "x"}) {
    EXPECT_EQ(read("%Y-%m-%d %H:%M:%S", text), "unusable") << text;
  }
  EXPECT_EQ(read("%Y %j", "2023 366"), "unusable");
  EXPECT_EQ(read("%Y %j", "2023 0"), "unusable");
  EXPECT_EQ(read("%F %I %p", "2023-01-01 13 pm"), "unusable");
  EXPECT_EQ(read("%F %I %p", "2023-01-01 0 am"), "unusable");
}

TEST(LocalPattern, FaultsAreTold) {
  EXPECT_EQ(fault("%H:%M"), "the pattern names no day; e.g. %Y-%m-%d %H:%M:%S");
  EXPECT_EQ(fault("%Y-%m"), "the pattern names no day; e.g. %Y-%m-%d %H:%M:%S");
  EXPECT_EQ(fault("%F %I"), "the pattern has only one of %I and %p, which belong together");
  EXPECT_EQ(
      fault("%F %z"),
      "the pattern has \"%z\", which is not read; there are %Y %y %m %d %e %b %B %j %H %I %p %M "
      "%S %f %a %A %F %D %T %R and %%");
  EXPECT_NE(fault("%F %"), "");
}

TEST(LocalTime, R8_NewYorkTaxiTimes) {
  // sources TX4: the first of two, a skipped one goes on by an hour.
  LocalTimeReader earlier(format("America/New_York", "%Y-%m-%d %H:%M:%S"));
  EXPECT_EQ(instant(earlier, "2015-11-01 01:05:00"), "2015-11-01T05:05:00Z");
  EXPECT_EQ(instant(earlier, "2015-11-01 02:00:00"), "2015-11-01T07:00:00Z");
  EXPECT_EQ(instant(earlier, "2016-03-13 02:30:00"), "2016-03-13T07:30:00Z");
  EXPECT_EQ(instant(earlier, "2015-07-01 12:00:00"), "2015-07-01T16:00:00Z");
  LocalTimeReader later(format("America/New_York", "%F %T", Ambiguous::kLater));
  EXPECT_EQ(instant(later, "2015-11-01 01:05:00"), "2015-11-01T06:05:00Z");
  EXPECT_EQ(instant(later, "2016-03-13 02:30:00"), "2016-03-13T07:30:00Z");
  LocalTimeReader reject(format("America/New_York", "%F %T", Ambiguous::kReject));
  EXPECT_EQ(instant(reject, "2015-11-01 01:05:00"), "unusable");
  EXPECT_EQ(instant(reject, "2015-11-01 02:05:00"), "2015-11-01T07:05:00Z");
  EXPECT_EQ(instant(reject, "2016-03-13 02:30:00"), "2016-03-13T07:30:00Z");
}

TEST(LocalTime, WhatWasReadBeforeDoesNotShow) {
  // Near and far from changes of the offset, in any order: the same as asking the zone each time.
  for (const char* name :
       {"Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "Africa/Casablanca"}) {
    const LocalTimeFormat format_of = format(name, "%F");
    LocalTimeReader reader(format_of);
    std::mt19937_64 random(7);
    std::uniform_int_distribution<int64_t> anywhere(0, 2'600'000'000), near(-200'000, 200'000);
    for (int i = 0; i < 20'000; ++i) {
      const int64_t far = anywhere(random) * kSecondUs;
      const EventTime change = format_of.zone->at(far).end;
      const bool at_change = i % 2 && change < kTimeMax;
      const int64_t local = at_change ? change + near(random) * kSecondUs : far;
      ASSERT_EQ(reader.to_utc(local).value(), format_of.zone->to_utc(local).earlier)
          << name << format_rfc3339(local);
    }
  }
}

}  // namespace
}  // namespace millrace
