// The table's own examples, and every operator and function with its edges.

#include "functions/function.h"

#include <gtest/gtest.h>

#include <set>

#include "eval_support.h"
#include "expr/resolve.h"
#include "expr/table.h"

namespace millrace {
namespace {

TEST(FunctionTable, EveryExampleGivesItsResult) {
  for (const Function* function : functions()) {
    EXPECT_FALSE(function->doc.empty()) << function->name;
    if (function->example.empty()) continue;
    EXPECT_EQ(value_of(std::string(function->example)), function->example_result)
        << function->name << ": " << function->example;
  }
}

TEST(FunctionTable, HasNoTwoEqualEntries) {
  std::set<std::string> seen;
  for (const Function* function : functions()) {
    std::string key(function->name);
    for (uint8_t i = 0; i < function->arg_count; ++i) {
      key += ' ';
      key += shown_type(function->args[i]);
    }
    if (function->cast != Cast::kNone)
      key += std::string(" to ") + std::string(type_name(function->result));
    EXPECT_TRUE(seen.insert(key).second) << key;
  }
}

TEST(Arithmetic, ChecksEveryRange) {
  expect_all({
      {"2147483647 + 1", "22003 integer out of range"},
      {"-2147483648 - 1", "22003 integer out of range"},
      {"65536 * 65536", "22003 integer out of range"},
      {"2147483648 + 1", "2147483649"},
      {"9223372036854775807 + 1", "22003 bigint out of range"},
      {"-9223372036854775808 - 1", "22003 bigint out of range"},
      {"4611686018427387904 * 2", "22003 bigint out of range"},
      {"1 / 0", "22012 division by zero"},
      {"1 % 0", "22012 division by zero"},
      {"1.5 / 0", "22012 division by zero"},
      {"1.5::float8 / 0", "22012 division by zero"},
      {"(-2147483648) / (-1)", "22003 integer out of range"},
      {"(-9223372036854775808) / (-1)", "22003 bigint out of range"},
      {"(-9223372036854775808) % (-1)", "0"},
      {"abs(-2147483648)", "22003 integer out of range"},
      {"-7 / 2", "-3"},
      {"7 / -2", "-3"},
      {"-7 % 3", "-1"},
      {"7 % -3", "1"},
      {"1e308::float8 * 10", "22003 value out of range: overflow"},
      {"1e308::float8 + 1e308", "22003 value out of range: overflow"},
      {"1e-308::float8 / 1e10 / 1e10", "22003 value out of range: underflow"},
      {"'Infinity'::float8 + 1", "Infinity"},
      {"'Infinity'::float8 - 'Infinity'::float8", "NaN"},
      {"'NaN'::float8 / 0", "NaN"},
      {"1 + 2.5", "3.5"},
      {"1 / 2", "0"},
      {"1 / 2.0", "0.50000000000000000000"},
      {"- - 5", "5"},
      {"-5", "-5"},
      {"-(5)", "-5"},
      {"- /* a comment - ( */ 5", "-5"},
      {"-2147483648", "-2147483648"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"0", "0"},
      {"-0", "0"},
      {"-0.0", "0.0"},
      {"1 + null", "NULL"},
      {"2 + '3'", "5"},
  });
}

TEST(Comparison, FollowsPostgresOrder) {
  expect_all({
      {"'a' < 'b'", "true"},
      {"'Z' < 'a'", "true"},
      {"'é' > 'z'", "true"},
      {"'' < 'a'", "true"},
      {"'a' < 'aa'", "true"},
      {"'NaN'::float8 = 'NaN'::float8", "true"},
      {"'NaN'::float8 > 'Infinity'::float8", "true"},
      {"'NaN'::float8 < 1", "false"},
      {"1 < 'NaN'::float8", "true"},
      {"'-0'::float8 = 0.0", "true"},
      {"1 = 1.0", "true"},
      {"1 != 2", "true"},
      {"false < true", "true"},
      {"timestamptz '2026-01-01' < timestamptz '2026-01-02'", "true"},
      {"timestamptz '2026-01-01' = '2026-01-01 01:00+01'", "true"},
      {"null = null", "NULL"},
      {"1 = null", "NULL"},
      {"null is distinct from null", "false"},
      {"1 is distinct from null", "true"},
      {"1 is not distinct from 1", "true"},
      {"2 between 1 and 3", "true"},
      {"2 not between 1 and 3", "false"},
      {"2 between 3 and 1", "false"},
      {"2 between symmetric 3 and 1", "true"},
      {"2 not between symmetric 3 and 1", "false"},
      {"5 between 6 and null", "false"},
      {"5 between 1 and null", "NULL"},
      {"2.5 between 1 and 3", "true"},
      {"'b' between 'a' and 'c'", "true"},
  });
}

TEST(Lists, InHasThreeValues) {
  expect_all({
      {"1 in (1, 2)", "true"},
      {"3 in (1, 2)", "false"},
      {"3 in (1, null)", "NULL"},
      {"1 in (1, null)", "true"},
      {"null in (1, 2)", "NULL"},
      {"3 not in (1, 2)", "true"},
      {"3 not in (1, null)", "NULL"},
      {"1 in (1.0, 2)", "true"},
      {"'a' in ('a', 'b')", "true"},
      {"1 in (2, 1 / 1)", "true"},
      {"true in (false)", "false"},
  });
  TestBatch batch;
  batch.ints("n", {1, 5, 9, std::nullopt}).texts("t", {"a", "k", "zz", std::nullopt});
  using Values = std::vector<std::string>;
  EXPECT_EQ(values_of("n in (1, 2, 3)", batch), (Values{"true", "false", "false", "NULL"}));
  EXPECT_EQ(values_of("n in (1, 2, 3, 4, 5)", batch), (Values{"true", "true", "false", "NULL"}));
  EXPECT_EQ(values_of("n in (9,8,7,6,5,4,3,2,1,0,-1)", batch),
            (Values{"true", "true", "true", "NULL"}));
  EXPECT_EQ(values_of("n not in (5, null)", batch), (Values{"NULL", "false", "NULL", "NULL"}));
  EXPECT_EQ(values_of("n in (n)", batch), (Values{"true", "true", "true", "NULL"}));
  EXPECT_EQ(values_of("n in (1, n - 1, null)", batch), (Values{"true", "NULL", "NULL", "NULL"}));
  EXPECT_EQ(values_of("t in ('a', 'zz')", batch), (Values{"true", "false", "true", "NULL"}));
  EXPECT_EQ(values_of("t in ('b','c','d','e','f','g','h','i','k')", batch),
            (Values{"false", "true", "false", "NULL"}));
  EXPECT_EQ(values_of("n in (1.5, 5)", batch), (Values{"false", "true", "false", "NULL"}));
}

TEST(Forms, EvaluateOnlyWhatTheyNeed) {
  expect_all({
      {"case when true then 1 else 1 / 0 end", "1"},
      {"case when false then 1 / 0 end", "NULL"},
      {"case 2 when 1 then 'a' when 2 then 'b' end", "b"},
      {"case null when null then 1 else 2 end", "2"},
      {"case when null then 1 else 2 end", "2"},
      {"case when true then 1 else 2.5 end", "1"},
      {"coalesce(null, null, 3)", "3"},
      {"coalesce(1, 1 / 0)", "1"},
      {"coalesce(null, 1 / 0)", "22012 division by zero"},
      {"coalesce(null)", "NULL"},
      {"nullif(1, 1)", "NULL"},
      {"nullif(1, 2)", "1"},
      {"nullif(1, null)", "1"},
      {"nullif('a', 'b')", "a"},
      {"greatest(1, null, 3, 2)", "3"},
      {"least(null, 'b', 'a')", "a"},
      {"greatest(null, null)", "NULL"},
      {"greatest(1, 2.5)", "2.5"},
      {"greatest('NaN'::float8, 1)", "NaN"},
      {"false and 1 / 0 = 1", "false"},
      {"true or 1 / 0 = 1", "true"},
      {"true and 1 / 0 = 1", "22012 division by zero"},
  });
  TestBatch batch;
  batch.ints("n", {0, 1, 2, std::nullopt});
  using Values = std::vector<std::string>;
  EXPECT_EQ(values_of("case when n = 0 then 0 else 10 / n end", batch),
            (Values{"0", "10", "5", "NULL"}));
  EXPECT_EQ(values_of("n <> 0 and 10 / n > 5", batch), (Values{"false", "true", "false", "NULL"}));
  EXPECT_EQ(values_of("n = 0 or 10 / n > 5", batch), (Values{"true", "true", "false", "NULL"}));
  EXPECT_EQ(values_of("10 / n", batch), (Values{"22012 division by zero", "10", "5", "NULL"}));
  EXPECT_EQ(values_of("coalesce(nullif(n, 0), 10 / n)", batch),
            (Values{"22012 division by zero", "1", "2", "NULL"}));
  EXPECT_EQ(values_of("case n when 0 then 'no' when 1 then 'one' else n::text end", batch),
            (Values{"no", "one", "2", "NULL"}));
  EXPECT_EQ(values_of("greatest(n, 1, null)", batch), (Values{"1", "1", "2", "1"}));
  EXPECT_EQ(values_of("least(n, 1)", batch), (Values{"0", "1", "1", "1"}));
  EXPECT_EQ(values_of("n is distinct from nullif(n, 1)", batch),
            (Values{"false", "true", "false", "false"}));
  EXPECT_EQ(values_of("n between symmetric 2 and n", batch),
            (Values{"true", "true", "true", "NULL"}));
}

/// What PostgreSQL's planner knows to be NULL is not computed, errors or not.
TEST(Forms, AConstantNullDecides) {
  TestBatch batch;
  batch.ints("n", {0});
  EXPECT_EQ(values_of("power(null::float8, 1 / n)", batch)[0], "NULL");
  EXPECT_EQ(values_of("jsonb_extract_path(null::jsonb, (1 / n)::text)", batch)[0], "NULL");
  EXPECT_EQ(values_of("jsonb_extract_path('{}'::jsonb, null, (1 / n)::text)", batch)[0],
            "22012 division by zero");
  EXPECT_EQ(values_of("concat(null, 1 / n)", batch)[0], "22012 division by zero");
}

TEST(Text, FunctionsAndPatterns) {
  expect_all({
      {"'a' || 'b'", "ab"},
      {"'a' || null", "NULL"},
      {"1 || 'x' || true", "1xtrue"},
      {"lower('ÀBC')", "Àbc"},
      {"length('')", "0"},
      {"length('a\xF0\x9F\x98\x80')", "2"},
      {"'abc' like 'a%'", "true"},
      {"'abc' like '%c'", "true"},
      {"'abc' like '%b%'", "true"},
      {"'abc' like 'abc'", "true"},
      {"'abc' like 'ab'", "false"},
      {"'abc' like 'a_c'", "true"},
      {"'abc' like '_b_'", "true"},
      {"'né' like 'n_'", "true"},
      {"'' like '%'", "true"},
      {"'' like '_'", "false"},
      {"'a%c' like 'a\\%c'", "true"},
      {"'abc' like 'a\\%c'", "false"},
      {"'abcabd' like '%ab_'", "true"},
      {"'aXbXc' like 'a%b%c'", "true"},
      {"'mississippi' like '%iss%ip%'", "true"},
      {"'abc' like 'abc\\'", "false"},
      {"'abcd' like 'abc\\'", "22025 LIKE pattern must not end with escape character"},
      {"'a_c' like 'a!_c' escape '!'", "true"},
      {"'abc' like 'a!_c' escape '!'", "false"},
      {"'a\\c' like 'a\\c' escape ''", "true"},
      {"'ABC' ilike 'abc'", "true"},
      {"'ABC' ilike '%B_'", "true"},
      {"'ABC' not ilike 'b%'", "true"},
      {"'abc' not like 'a%'", "false"},
      {"null like 'a'", "NULL"},
  });
}

TEST(Casts, UsePostgresTextForms) {
  expect_all({
      {"1e14::float8::text", "100000000000000"},
      {"1e15::float8::text", "1e+15"},
      {"123456789012345678::float8::text", "1.2345678901234568e+17"},
      {"0.0001::float8::text", "0.0001"},
      {"0.00001::float8::text", "1e-05"},
      {"1.5e-7::float8::text", "1.5e-07"},
      {"1e100::float8::text", "1e+100"},
      {"(-0.0)::float8::text", "0"},
      {"('-0'::float8)::text", "-0"},
      {"(-4611686016279904256)::float8::text", "-4.6116860162799043e+18"},
      {"617283945624999936::float8::text", "6.172839456249999e+17"},
      {"9007199254740993::float8::text", "9.007199254740992e+15"},
      {"sign('NaN'::float8)", "0"},
      {"0.1::text", "0.1"},
      {"100.5::text", "100.5"},
      {"'Infinity'::float8::text", "Infinity"},
      {"'-inf'::float8::text", "-Infinity"},
      {"'nan'::float8::text", "NaN"},
      {"0.5::int4", "1"},
      {"0.5::float8::int4", "0"},
      {"1.5::int4", "2"},
      {"2.5::int8", "3"},
      {"-1.5::float8::int8", "-2"},
      {"1e10::int4", "22003 integer out of range"},
      {"1e19::int8", "22003 bigint out of range"},
      {"'NaN'::float8::int8", "22003 bigint out of range"},
      {"5000000000::int4", "22003 integer out of range"},
      {"(' 12 ' || '')::int4", "12"},
      {"('1x' || '')::int4", "22P02 invalid input syntax for type integer: \"1x\""},
      {"('' || '')::int8", "22P02 invalid input syntax for type bigint: \"\""},
      {"('99999999999' || '')::int4",
       "22003 value \"99999999999\" is out of range for type integer"},
      {"('-9223372036854775808' || '')::int8", "-9223372036854775808"},
      {"('1e400' || '')::float8", "22003 \"1e400\" is out of range for type double precision"},
      {"('1e-400' || '')::float8", "22003 \"1e-400\" is out of range for type double precision"},
      {"('1.5x' || '')::float8", "22P02 invalid input syntax for type double precision: \"1.5x\""},
      {"(' +1.5 ' || '')::float8", "1.5"},
      {"('TR' || '')::bool", "true"},
      {"('oF' || '')::bool", "false"},
      {"('o' || '')::bool", "22P02 invalid input syntax for type boolean: \"o\""},
      {"cast(3 as double precision)", "3"},
      {"true::int4", "1"},
      {"0::bool", "false"},
      {"false::text", "false"},
      {"'2026-11-23T10:00:00.5Z'::timestamptz", "2026-11-23 10:00:00.5+00"},
      {"'2026-11-23 10:00:00 +01:30'::timestamptz", "2026-11-23 08:30:00+00"},
      {"'2026-11-23 10:00-0530'::timestamptz", "2026-11-23 15:30:00+00"},
      {"'2026-11-23'::timestamptz", "2026-11-23 00:00:00+00"},
      {"'20261123'::timestamptz", "2026-11-23 00:00:00+00"},
      {"'2026-11-23 24:00'::timestamptz", "2026-11-24 00:00:00+00"},
      {"'2026-11-23 10:00:00.1234567 UTC'::timestamptz", "2026-11-23 10:00:00.123457+00"},
      {"'epoch'::timestamptz", "1970-01-01 00:00:00+00"},
      {"'9999-12-31 23:59:59.999999'::timestamptz", "9999-12-31 23:59:59.999999+00"},
      {"('2026-02-30' || '')::timestamptz",
       "22008 date/time field value out of range: \"2026-02-30\""},
      {"('2026-11-23-7' || '')::timestamptz",
       "22007 invalid input syntax for type timestamp with time zone: \"2026-11-23-7\""},
      {"'2026-11-23+01'::timestamptz", "2026-11-22 23:00:00+00"},
      {"('soon' || '')::timestamptz",
       "22007 invalid input syntax for type timestamp with time zone: \"soon\""},
  });
}

TEST(Time, TruncatesAndExtracts) {
  expect_all({
      {"date_trunc('microseconds', timestamptz '2026-11-23 10:59:59.123456')",
       "2026-11-23 10:59:59.123456+00"},
      {"date_trunc('milliseconds', timestamptz '2026-11-23 10:59:59.123456')",
       "2026-11-23 10:59:59.123+00"},
      {"date_trunc('minute', timestamptz '1969-12-31 23:59:59.5')", "1969-12-31 23:59:00+00"},
      {"date_trunc('day', timestamptz '2026-11-23 10:59')", "2026-11-23 00:00:00+00"},
      {"date_trunc('week', timestamptz '2026-11-22 10:59')", "2026-11-16 00:00:00+00"},
      {"date_trunc('month', timestamptz '2024-02-29 10:59')", "2024-02-01 00:00:00+00"},
      {"date_trunc('quarter', timestamptz '2026-11-23')", "2026-10-01 00:00:00+00"},
      {"date_trunc('year', timestamptz '2026-11-23')", "2026-01-01 00:00:00+00"},
      {"date_trunc('decade', timestamptz '2026-11-23')", "2020-01-01 00:00:00+00"},
      {"date_trunc('century', timestamptz '2026-11-23')", "2001-01-01 00:00:00+00"},
      {"extract(epoch from timestamptz '1969-12-31 23:59:59.5')", "-0.500000"},
      {"extract(year from timestamptz '2026-11-23')", "2026"},
      {"extract(second from timestamptz '2026-11-23 00:00:01.25')", "1.250000"},
      {"extract(dow from timestamptz '2026-11-22')", "0"},
      {"extract(isodow from timestamptz '2026-11-22')", "7"},
      {"extract(doy from timestamptz '2024-12-31')", "366"},
      {"extract(week from timestamptz '2027-01-01')", "53"},
      {"extract(isoyear from timestamptz '2027-01-01')", "2026"},
      {"extract(quarter from timestamptz '2026-11-23')", "4"},
      {"date_trunc('hour', null::timestamptz)", "NULL"},
  });
}

TEST(Logic, TruthTables) {
  TestBatch batch;
  const auto null = std::nullopt;
  batch.bools("a", {1, 1, 1, 0, 0, 0, null, null, null})
      .bools("b", {1, 0, null, 1, 0, null, 1, 0, null});
  using Values = std::vector<std::string>;
  const std::string t = "true", f = "false", n = "NULL";
  EXPECT_EQ(values_of("a and b", batch), (Values{t, f, n, f, f, f, n, f, n}));
  EXPECT_EQ(values_of("a or b", batch), (Values{t, t, t, t, f, n, t, n, n}));
  EXPECT_EQ(values_of("not a", batch), (Values{f, f, f, t, t, t, n, n, n}));
  EXPECT_EQ(values_of("not (a and b)", batch), (Values{f, t, n, t, t, t, n, t, n}));
  EXPECT_EQ(values_of("a is true", batch), (Values{t, t, t, f, f, f, f, f, f}));
  EXPECT_EQ(values_of("a is not true", batch), (Values{f, f, f, t, t, t, t, t, t}));
  EXPECT_EQ(values_of("a is false", batch), (Values{f, f, f, t, t, t, f, f, f}));
  EXPECT_EQ(values_of("a is not false", batch), (Values{t, t, t, f, f, f, t, t, t}));
  EXPECT_EQ(values_of("a is unknown", batch), (Values{f, f, f, f, f, f, t, t, t}));
  EXPECT_EQ(values_of("a is null", batch), (Values{f, f, f, f, f, f, t, t, t}));
  EXPECT_EQ(values_of("a is not null", batch), (Values{t, t, t, t, t, t, f, f, f}));
  EXPECT_EQ(values_of("a is distinct from b", batch), (Values{f, t, t, t, f, t, t, t, f}));
  EXPECT_EQ(values_of("a = b", batch), (Values{t, f, n, f, t, n, n, n, n}));
  EXPECT_EQ(values_of("(a or b) and not (a and b)", batch), (Values{f, t, n, t, f, n, n, n, n}));
}

}  // namespace
}  // namespace millrace
