// to_char, to_timestamp and to_date by templates. The values are PostgreSQL's; tests/expressions
// asks PostgreSQL itself, where it is there.

#include <gtest/gtest.h>

#include "eval_support.h"

namespace millrace {
namespace {

TEST(Template, ReadsWhatLogsAndExportsWrite) {
  expect_all({
      {"to_timestamp('03/11/2026 09:05', 'DD/MM/YYYY HH24:MI')", "2026-11-03 09:05:00+00"},
      {"to_timestamp('11/3/2026 9:05 PM', 'MM/DD/YYYY HH:MI AM')", "2026-11-03 21:05:00+00"},
      {"to_timestamp('20261103090507', 'YYYYMMDDHH24MISS')", "2026-11-03 09:05:07+00"},
      {"to_timestamp('2026-11-03T09:05:07.25Z', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
       "2026-11-03 09:05:07.25+00"},
      {"to_timestamp('[03/Nov/2026:09:05:07 +0100]', '[DD/Mon/YYYY:HH24:MI:SS TZHTZM]')",
       "2026-11-03 08:05:07+00"},
      {"to_date('Tuesday, 3rd of November 2026', 'Day, DDth \"of\" Month YYYY')", "2026-11-03"},
      {"to_date('2026-W45-2', 'IYYY-\"W\"IW-ID')", "2026-11-03"},
      {"to_date('2024-366', 'YYYY-DDD')", "2024-12-31"},
      {"to_date('15 March 44 BC', 'DD Month YYYY BC')", "0044-03-15 BC"},
  });
}

TEST(Template, ShortYearsAreNear2020) {
  expect_all({
      {"to_date('69', 'YY')", "2069-01-01"},
      {"to_date('70', 'YY')", "1970-01-01"},
      {"to_date('519', 'YYY')", "2519-01-01"},
      {"to_date('520', 'YYY')", "1520-01-01"},
      {"to_date('19 99', 'CC YY')", "1899-01-01"},
  });
}

TEST(Template, BlanksAndSeparatorsStandForEachOtherUnlessFX) {
  expect_all({
      {"to_date('2026/11/03', 'YYYY-MM-DD')", "2026-11-03"},
      {"to_date(' 2026  11  03', 'YYYY-MM-DD')", "2026-11-03"},
      {"to_date('20261103', 'YYYY-MM-DD')", "22008 year \"20261103\" is out of range"},
      {"to_date('2026-1-03', 'YYYY-MM-DD')", "2026-01-03"},
      {"to_date('2026 -11-03', 'FXYYYY-MM-DD')",
       "22008 date/time field value out of range: \"2026 -11-03\""},
  });
}

TEST(Template, WhatDoesNotFitIsTold) {
  expect_all({
      {"to_date('31.04.2026', 'DD.MM.YYYY')",
       "22008 date/time field value out of range: \"31.04.2026\""},
      {"to_timestamp('13:05 pm', 'HH:MI pm')",
       "22007 hour \"13\" is invalid for the 12-hour clock"},
      {"to_timestamp('24:00', 'HH24:MI')", "22008 date/time field value out of range: \"24:00\""},
      {"to_date('Nov', 'YYYY')", "22007 invalid value \"Nov\" for \"YYYY\""},
      {"to_date('2026-11-12', 'YYYY-MM-MM')",
       "22007 conflicting values for \"MM\" field in template"},
      {"to_timestamp('2026 UTC', 'YYYY TZ')",
       "0A000 template field \"TZ\" can be written, not read"},
      {"to_timestamp('2026 +16', 'YYYY TZH')",
       "22009 time zone displacement out of range: \"2026 +16\""},
  });
}

TEST(Template, CapitalsAndModifiersOfToChar) {
  expect_all({
      {"to_char(timestamp '2026-03-05 13:04:05', 'Yyyy yyyy Dd dd')", "6026 2026 55 05"},
      {"to_char(timestamp '2026-03-05 13:04:05', 'FMDDth, FMDDTH \\\"FX\\\"')", "5th, 5TH \"\""},
      {"to_char(timestamp '2026-03-05 13:04:05', 'FMFMDD')", "FM05"},
  });
}

TEST(Template, ADayOfTheWallClockIsCutByItsZone) {
  expect_all({
      {"date_trunc('day', timestamptz '2026-10-25 12:00Z', 'Europe/Berlin')",
       "2026-10-24 22:00:00+00"},
      {"date_trunc('hour', timestamptz '2026-10-25 01:30Z', 'Europe/Berlin')",
       "2026-10-25 01:00:00+00"},
      {"date_trunc('hour', timestamptz '2026-07-01 12:40Z', 'Asia/Kolkata')",
       "2026-07-01 12:30:00+00"},
      {"date_trunc('day', timestamptz '2018-11-04 12:00Z', 'America/Sao_Paulo')",
       "2018-11-04 03:00:00+00"},
  });
}

}  // namespace
}  // namespace millrace
