// Arrays: what the examples of the function table and the comparison with PostgreSQL leave open.

#include <gtest/gtest.h>

#include "eval_support.h"

namespace millrace {
namespace {

TEST(Arrays, TakeTheTypeOfTheirElements) {
  expect_all({
      {"array[1, 2.5]", "{1,2.5}"},
      {"array[1, null]", "{1,NULL}"},
      {"array['a', 'b c', null]", "{a,\"b c\",NULL}"},
      {"array['1', 2.6]::int4[]", "{1,3}"},
      {"array[]::text[]", "{}"},
      {"'{1, 2}'::int8[]", "{1,2}"},
      {"array[1, 2]::text", "{1,2}"},
      {"array[true, false]::text", "{t,f}"},
      {"array[1.5]::text[]::float8[]", "{1.5}"},
      {"('{1,' || '2}')::text::int4[]", "{1,2}"},
      {"array[timestamptz '2026-11-23 10:00Z']::text", "{\"2026-11-23 10:00:00+00\"}"},
  });
}

TEST(Arrays, AreRefusedWithTheReason) {
  const auto refused = [](const char* text, const char* why) {
    const std::string value = value_of(text);
    EXPECT_NE(value.find("refused: "), std::string::npos) << text << ": " << value;
    EXPECT_NE(value.find(why), std::string::npos) << text << ": " << value;
  };
  refused("array[]", "type of an empty array");
  refused("array[[1], [2]]", "one dimension");
  refused("'{{1}}'::int4[]", "one dimension");
  refused("'{1,x}'::int4[]", "invalid input syntax for type integer");
  refused("'{1'::int4[]", "malformed array literal");
  refused("array[1] = array['a'::text]", "operator does not exist: int4[] = text[]");
  refused("array['1'::jsonb] = array['1'::jsonb]", "operator does not exist");
  refused("array[1, 'a'::text]", "types do not match");
  refused("1 = any(1)", "ANY needs an array");
  refused("(array[1])[1.5]", "must be int4");
  refused("(1)[1]", "array item");
  refused("array_agg(1)", "aggregates are not possible");
}

TEST(Arrays, ABadElementFailsItsRow) {
  TestBatch batch;
  batch.texts("t", {"{1,2}", "{1,x}", std::nullopt, "{1"});
  EXPECT_EQ(values_of("(t::int4[])[1]", batch),
            (std::vector<std::string>{"1", "22P02 invalid input syntax for type integer: \"x\"",
                                      "NULL", "22P02 malformed array literal: \"{1\""}));
}

TEST(Arrays, TheSubscriptOfNullIsNotComputed) {
  TestBatch batch;
  batch.texts("t", {"{1,2}", std::nullopt}).ints("n", {0, 0});
  EXPECT_EQ(values_of("(t::int4[])[(1 / n)::int4]", batch),
            (std::vector<std::string>{"22012 division by zero", "NULL"}));
  EXPECT_EQ(values_of("(t::int4[])[:(1 / n)::int4]", batch)[1], "NULL");
}

TEST(Arrays, ASubscriptOfNullStillComputesTheArray) {
  TestBatch batch;
  batch.texts("t", {"{1,2}", "{1", std::nullopt});
  const std::vector<std::string> expected = {"NULL", "22P02 malformed array literal: \"{1\"",
                                             "NULL"};
  for (const char* text : {"(t::int4[])[null]", "(t::int4[])[null::int4]", "(t::int4[])[null:2]",
                           "(t::int4[])[1:null::int4]", "array_position(t::int4[], null::int4)"})
    EXPECT_EQ(values_of(text, batch), expected) << text;
  batch.texts("j", {"{\"a\": 1}", "{", std::nullopt});
  EXPECT_EQ(values_of("(j::jsonb)[null::text]", batch)[1].substr(0, 5), "22P02");
}

TEST(Arrays, AnyAndAllKnowNull) {
  expect_all({
      {"1 = any(array[1, null])", "true"},
      {"2 = any(array[1, null])", "NULL"},
      {"1 <> all(array[1, null])", "false"},
      {"2 <> all(array[1, null])", "NULL"},
      {"1 = any('{}')", "false"},
      {"null = any('{}'::int4[])", "false"},
      {"null::int4 = all('{}'::int4[])", "true"},
      {"null::int4 = any(array[1])", "NULL"},
      {"1 = any(null::int4[])", "NULL"},
      {"'abc' like any(array['x%', 'a%'])", "true"},
      {"'abc' ~ all(array['a', 'z'])", "false"},
      {"2 > all(array[1, 1.5])", "true"},
  });
  TestBatch batch;
  batch.ints("n", {1, 2, std::nullopt}).texts("t", {"{1,5}", "{NULL}", "{1}"});
  EXPECT_EQ(values_of("n = any(t::int8[])", batch),
            (std::vector<std::string>{"true", "NULL", "NULL"}));
  EXPECT_EQ(values_of("n = any(array[1, 3])", batch),
            (std::vector<std::string>{"true", "false", "NULL"}));
  EXPECT_EQ(values_of("n >= all(array[1, 2])", batch),
            (std::vector<std::string>{"false", "true", "NULL"}));
}

/// As PostgreSQL looks at one element after the other.
TEST(Arrays, BehindTheElementThatDecidesNothingFails) {
  TestBatch batch;
  batch.texts("p", {"{a,(}", "{(,a}"});
  EXPECT_EQ(values_of("'a' ~ any(p::text[])", batch)[0], "true");
  EXPECT_TRUE(values_of("'a' ~ any(p::text[])", batch)[1].starts_with("2201B")) << "bad pattern";
}

/// A cast that costs nothing (numeric to text) must still show in the order of the elements.
TEST(Arrays, AreComparedByTheTypeThatTheyWereCastTo) {
  expect_all({
      {"array_position(array[1.50]::text[], '1.5')", "NULL"},
      {"array_position(array[1.50], 1.5)", "1"},
      {"array[10.0]::text[] < array[9.0]::text[]", "true"},
      {"array[1::int4]::int8[] = array[1::int8]", "true"},
  });
}

TEST(Arrays, OfJsonHaveSums) {
  expect_all({
      {"array_sum('[{\"a\": {\"v\": 1}}, {\"a\": {\"v\": 2.5}}, {\"a\": 7}]', 'a.v')", "3.5"},
      {"array_sum('[]', 'v')", "NULL"},
      {"array_sum(null::jsonb, 'v')", "NULL"},
      {"array_count('[]'::jsonb)", "0"},
      {"array_any('[]', 'v')", "false"},
      {"array_any('[{\"v\": \"é\"}]', 'v', 'é')", "true"},
      {"array_sum('[{\"v\": \"1\"}]', 'v')", "22023 array_sum: an element's value is no number"},
      {"array_sum('{}'::jsonb)", "22023 this jsonb is not an array"},
      {"array_sum('{9223372036854775807,1}'::int8[])", "22003 bigint out of range"},
      {"array_sum('{9223372036854775807,1,-1}'::int8[])", "9223372036854775807"},
  });
}

TEST(Arrays, JsonSubscriptsFollowThePath) {
  expect_all({
      {"('{\"a\": [1, 2]}'::jsonb)['a'][1]", "2"},
      {"('[5]'::jsonb)[-1]", "5"},
      {"('5'::jsonb)[0]", "NULL"},
  });
}

}  // namespace
}  // namespace millrace
