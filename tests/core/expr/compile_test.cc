#include "expr/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <random>

#include "eval_support.h"

namespace millrace {
namespace {

Schema edits() {
  Schema schema;
  schema.add("type", Type::kText);
  schema.add("bot", Type::kBool);
  schema.add("namespace", Type::kInt4);
  schema.add("length.new", Type::kInt8);
  schema.add("length.old", Type::kInt8);
  schema.add("user", Type::kText);
  schema.add("serverName", Type::kText);
  schema.add("score", Type::kFloat8);
  schema.add("payload", Type::kJsonb);
  schema.add(std::string(80, 'n'), Type::kInt8);
  schema.add("event_time()", Type::kTimestamptz);
  schema.add("processing_time()", Type::kTimestamptz);
  return schema;
}

ExprError refused(const std::string& text) {
  auto program = compile_expression(text, edits());
  EXPECT_FALSE(program) << text;
  return program ? ExprError() : program.error();
}

/// `position: summary`.
std::string fault(const std::string& text) {
  const ExprError error = refused(text);
  return std::to_string(error.position) + ": " + error.summary();
}

TEST(Compile, PutsTheCaretUnderTheUnknownField) {
  const ExprError error = refused("not bot and typ = 'edit'");
  EXPECT_EQ(error.caret(),
            "not bot and typ = 'edit'\n"
            "            ^ unknown field \"typ\"; did you mean \"type\"?");
  EXPECT_EQ(error.unknown_field, "typ");
}

TEST(Compile, CaretCountsCharactersAndLines) {
  EXPECT_EQ(refused("type = 'é€' and\n\tbott").caret(),
            "\tbott\n"
            "\t^ unknown field \"bott\"; did you mean \"bot\"?");
  EXPECT_EQ(refused("'é' = nope").caret(), "'é' = nope\n      ^ unknown field \"nope\"");
}

TEST(Compile, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(fault("length.nw > 1"), "0: unknown field \"length.nw\"; did you mean \"length.new\"?");
  EXPECT_EQ(fault("1 + new"), "4: unknown field \"new\"; did you mean \"length.new\"?");
  EXPECT_EQ(fault("serverName = 'x'"),
            "0: unknown field \"servername\"; SQL folds capitals; the field is written "
            "\"serverName\"");
  EXPECT_EQ(
      fault("user = 'x'"),
      "0: \"user\" is an SQL word; a field of that name is written \"user\", quotes included");
  EXPECT_EQ(
      fault("é = group"),
      "5: syntax error at or near \"group\"; a field of that name is written \"group\", quotes "
      "included");
  for (const std::string word : {"left", "full", "verbose", "order", "inner"}) {
    EXPECT_THAT(fault(word + " = 1"),
                testing::HasSubstr("a field of that name is written \"" + word + "\""));
  }
  EXPECT_EQ(fault("type + 1"),
            "5: operator does not exist: text + int4; another type may need a cast, as in x::text");
  EXPECT_EQ(fault("lowr(type)"), "0: unknown function \"lowr\"; did you mean \"lower\"?");
  EXPECT_EQ(fault("lower(bot)"),
            "0: function does not exist: lower(bool); another type may need a cast, as in x::text");
  EXPECT_EQ(fault("bot and namespace"), "8: argument of AND must be bool, not int4");
  EXPECT_EQ(fault("case when namespace then 1 end"), "10: argument of WHEN must be bool, not int4");
  EXPECT_EQ(fault("case when bot then 1 else type end"), "0: CASE types do not match: int4 text");
  EXPECT_EQ(fault("namespace = 'x'"), "12: invalid input syntax for type integer: \"x\"");
  EXPECT_EQ(fault("event_time() > 'soon'"),
            "15: invalid input syntax for type timestamp with time zone: \"soon\"");
  EXPECT_EQ(fault("date_trunc('houre', event_time())"),
            "11: unit \"houre\" not recognized for type timestamp with time zone");
  EXPECT_EQ(fault("record_key()"), "0: record_key() is not available here");
  EXPECT_EQ(fault("sum(namespace)"),
            "0: sum(): aggregates are not possible in an expression per record");
  EXPECT_EQ(
      fault("namespace::money"),
      "11: type \"money\" is not supported; types are bool, int4, int8, float8, numeric, text, "
      "timestamptz, timestamp, date, interval, jsonb, and arrays of these");
  EXPECT_EQ(fault("namespace::numeric(0, 2)"),
            "9: numeric(precision, scale): precision is 1 to 1000, scale 0 to 1000");
  EXPECT_EQ(fault("type ~ '(a'"), "7: invalid regular expression: missing ): (a");
  EXPECT_EQ(fault("bot::timestamptz"), "3: cannot cast bool to timestamptz");
  EXPECT_EQ(fault("'1' + '2'"),
            "4: operator is not unique: unknown + unknown; add a cast, as in '…'::int8");
  EXPECT_EQ(fault("payload < payload"),
            "8: operator does not exist: jsonb < jsonb; another type may need a cast, as in "
            "x::text");
  EXPECT_EQ(fault("current_timestamp"),
            "0: current_timestamp is not available; use event_time() for the record's time, "
            "processing_time() for the clock");
}

TEST(Compile, AConstantThatNoRowCanMakeRightIsAFaultOfTheText) {
  EXPECT_EQ(fault("event_time() at time zone 'Mars/X'"), "26: time zone \"Mars/X\" not recognized");
  EXPECT_EQ(fault("date_trunc('day', event_time(), 'Mars')"),
            "32: time zone \"Mars\" not recognized");
  EXPECT_EQ(fault("date_trunc('dya', event_time(), 'UTC')"),
            "11: unit \"dya\" not recognized for type timestamp with time zone");
  EXPECT_EQ(fault("split_part(type, ',', 0)"), "22: field position must not be zero");
  EXPECT_EQ(fault("regexp_match(type, '(a', 'i')"),
            "19: invalid regular expression: missing ): (a");
  EXPECT_EQ(fault("regexp_replace(type, 'a', 'b', 'q!')"),
            "31: invalid regular expression option: \"q!\"");
  // What rows decide is theirs.
  EXPECT_TRUE(compile_expression("split_part(type, ',', namespace)", edits()));
  EXPECT_TRUE(compile_expression("event_time() at time zone type", edits()));
}

TEST(Compile, AnUnknownNameIsToldBeforeWhatItIsGiven) {
  EXPECT_EQ(fault("lenght(typo)"), "0: unknown function \"lenght\"; did you mean \"length\"?");
  EXPECT_EQ(fault("cuont(*)"), "0: unknown function \"cuont\"; did you mean \"count\"?");
  EXPECT_EQ(fault("summ(distinct score)"), "0: unknown function \"summ\"; did you mean \"sum\"?");
}

TEST(Compile, AnOddNameIsNoCrash) {
  EXPECT_EQ(fault("\" x\"(1)"), "0: unknown function \" x\"");
  EXPECT_EQ(fault("\"!!\"()"), "0: unknown function \"!!\"");
}

TEST(Compile, TheClockHasAnotherName) {
  for (const char* name : {"now", "clock_timestamp", "statement_timestamp"}) {
    EXPECT_EQ(fault(std::string(name) + "() > event_time()"),
              "0: " + std::string(name) +
                  "() is not available; use event_time() for the record's time, processing_time() "
                  "for the clock");
  }
}

/// Never another value than PostgreSQL's: '2' alone would be seconds.
TEST(Compile, FieldsOfAnIntervalAreItsUnitOrRefused) {
  EXPECT_TRUE(compile_expression("interval '2' day = interval '2 days'", edits()));
  for (const char* text :
       {"interval '1 day 02:03:04' day", "interval '1:2' minute to second", "interval '1.5' hour",
        "interval '1.234' second(1)", "interval(2) '1.236 seconds'", "type::interval hour"}) {
    EXPECT_THAT(refused(text).message, testing::HasSubstr("fields and precision")) << text;
  }
}

TEST(Compile, WantsExactlyOneExpression) {
  EXPECT_EQ(fault(""), "0: empty expression");
  EXPECT_EQ(fault("  -- nothing"), "0: empty expression");
  EXPECT_EQ(fault("1, 2"), "3: one expression is expected, this is a list");
  EXPECT_EQ(fault("1; select 2"), "1: one expression is expected");
  EXPECT_EQ(fault("bot as b"),
            "7: an expression takes no alias here; the name stands in the configuration");
  EXPECT_EQ(fault("1 from t"), "0: an expression is expected, not a query with FROM");
  EXPECT_EQ(fault("1 limit 1"), "0: an expression is expected, not a query with LIMIT");
  EXPECT_EQ(fault("1 union select 2"), "0: an expression is expected, not a query with UNION");
  EXPECT_EQ(fault("*"), "0: * is not an expression");
  EXPECT_EQ(fault("(select 1)"), "0: a subquery is not possible here");
  EXPECT_EQ(fault("$1"), "0: parameters ($1) are not possible here");
  EXPECT_EQ(fault("count(*) over ()").substr(0, 2), "0:");
  EXPECT_EQ(fault("bot)"), "3: syntax error at or near \")\"");
  EXPECT_EQ(fault(std::string("bot\0x", 5)), "3: a NUL byte");
  EXPECT_EQ(fault("'\xff'"), "1: invalid UTF-8");
  EXPECT_EQ(fault(std::string(16 * 1024 + 1, ' ')), "0: longer than 16 KiB");
}

TEST(Compile, ReadsNamesAsSqlDoes) {
  const Schema schema = edits();
  for (const char* text :
       {"\"user\" = 'x'", "\"serverName\" like 'en%'", "TYPE = 'edit'",
        "length.new - length . old > 0", "\"length\".\"new\" > 1",
        "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
        "nnnn > 1",
        "event_time() > timestamptz '2026-01-01'"}) {
    auto program = compile_filter(text, schema);
    EXPECT_TRUE(program) << text << ": " << program.error().caret();
  }
}

TEST(Compile, KnowsWhatAProgramNeeds) {
  const Schema schema = edits();
  auto program = compile_expression("length.new - length.old + length.new", schema);
  ASSERT_TRUE(program);
  EXPECT_EQ(program->fields(), (std::vector<uint32_t>{3, 4}));
  EXPECT_EQ(program->type(), Type::kInt8);
  EXPECT_TRUE(program->deterministic());
  EXPECT_FALSE(program->constant());
  auto folded = compile_expression("1 + 2 * 3", schema);
  ASSERT_TRUE(folded);
  EXPECT_TRUE(folded->constant());
  EXPECT_TRUE(folded->fields().empty());
  auto clock = compile_expression("processing_time()", schema);
  ASSERT_TRUE(clock);
  EXPECT_FALSE(clock->deterministic());
  uint32_t field = 0;
  EXPECT_TRUE(clock->is_field(field));
  EXPECT_EQ(field, 11u);
  EXPECT_EQ(compile_expression("'x'", schema)->type(), Type::kText);
  EXPECT_EQ(compile_expression("namespace::int8", schema)->type(), Type::kInt8);
  EXPECT_EQ(compile_expression("payload::text", schema)->type(), Type::kText);
  auto filter = compile_filter("namespace", schema);
  ASSERT_FALSE(filter);
  EXPECT_EQ(filter.error().message, "this must be bool, but it is int4");
  EXPECT_TRUE(compile_filter("'true'", schema));
}

TEST(Compile, InspectsWithoutASchema) {
  auto use =
      inspect_expression("coalesce(a.b, \"C\") > 1 and event_time() is not null and a.b = 2");
  ASSERT_TRUE(use);
  std::string fields;
  for (const auto& field : use->fields) {
    fields += field.path + "@" + std::to_string(field.position) + " ";
  }
  EXPECT_EQ(fields, "a.b@9 C@14 event_time()@27 a.b@56 ");
  EXPECT_FALSE(use->aggregates);
  EXPECT_TRUE(inspect_expression("1 + sum(x)")->aggregates);
  EXPECT_TRUE(inspect_expression("count(*)")->aggregates);
}

TEST(Compile, DeepTextsAreRefusedNotCrashed) {
  const Schema schema = edits();
  std::string sum = "1";
  while (sum.size() < 16000) sum += "+1";
  EXPECT_EQ(fault(sum).substr(0, 2), "0:");
  EXPECT_FALSE(compile_expression(std::string(8000, '('), schema));
  EXPECT_FALSE(
      compile_expression(std::string(5000, '(') + "1" + std::string(5000, ')') + "+", schema));
  std::string comments;
  while (comments.size() < 16000) comments += "/*";
  EXPECT_EQ(fault(comments), "0: more than 100 comments");
  std::string nots;
  for (int i = 0; i < 3000; ++i) nots += "not ";
  EXPECT_FALSE(compile_expression(nots + "bot", schema));
  std::string ands = "bot";
  while (ands.size() < 16000) ands += " and bot";
  EXPECT_TRUE(compile_filter(ands, schema)) << "AND chains are flat";
  std::string cases = "1";
  for (int i = 0; i < 400; ++i) cases = "case when bot then " + cases + " end";
  EXPECT_TRUE(compile_expression(cases, schema));
}

/// Garbage from the words of the language: whatever it is, it is refused or compiled in time.
/// By the process's clock: a busy machine does not count. Without optimisation, as under
/// sanitizers, the texts are compiled all the same, but their time is not the program's.
double cpu_ms_to_compile(const std::string& text) {
  const Schema schema({{"i", Type::kInt8}, {"t", Type::kText}});
  const std::clock_t start = std::clock();
  (void)compile_expression(text, schema);
  return 1000.0 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

TEST(Compile, TakesNoMoreThan100MsWhateverTheText) {
  const auto repeated = [](std::string_view text, size_t size) {
    std::string out;
    while (out.size() < size) out += text;
    return out;
  };
  constexpr size_t kLong = 16 * 1000;
  const std::string texts[] = {
      repeated("(", kLong),
      repeated("not ", kLong) + "true",
      repeated("i + ", kLong) + "i",
      repeated("i = 1 or ", kLong) + "true",
      "i in (" + repeated("1,", kLong) + "2)",
      "i = any(array[" + repeated("1,", kLong) + "2])",
      "array[" + repeated("1.5,", kLong) + "2]::text[]::float8[]",
      "t ~ '" + repeated("(a|b)*", kLong) + "'",
      "t ~ '(((((a{100}){100}){100}){100}){100})'",
      "t similar to '" + repeated("(a|b)*", kLong) + "'",
      "t like '" + repeated("%a", kLong) + "'",
      "case " + repeated("when i = 1 then 2 ", kLong) + "end",
      "'" + repeated("[", kLong) + "'::jsonb",
      "'" + repeated("{", kLong) + "'::int4[]",
      "format('" + repeated("%s", kLong) + "')",
      "to_char(i, '" + repeated("9G", kLong) + "')",
      "i" + repeated("::text::int8", kLong),
      repeated("lower(", kLong),
      repeated("/*", kLong),
      repeated("x", kLong),
      repeated("\xff", kLong),
      "repeat('a', 10000000) || repeat('b', 10000000)",
      repeated("md5(repeat('a', 10000000)) || ", kLong) + "''",
  };
  for (const std::string& text : texts) {
    cpu_ms_to_compile("1");  // What is made once is not the text's.
    const double took = cpu_ms_to_compile(text);
#ifdef __OPTIMIZE__
    EXPECT_LT(took, 100) << text.substr(0, 60);
#else
    EXPECT_GE(took, 0);
#endif
  }
}

TEST(Compile, RandomWordsNeverCrash) {
  const std::vector<std::string> words = {"type",        "bot",    "namespace",
                                          "length.new",  "score",  "(",
                                          ")",           "+",      "-",
                                          "*",           "/",      "=",
                                          "<",           "and",    "or",
                                          "not",         "in",     "(1,2)",
                                          "case",        "when",   "then",
                                          "else",        "end",    "'x'",
                                          "1",           "2.5",    "null",
                                          "is",          "like",   "between",
                                          "::int8",      "::text", "lower(",
                                          "coalesce(",   ",",      "sum(",
                                          "||",          "%",      "distinct from",
                                          "'",           "\"",     "--",
                                          "/*",          "$1",     "[",
                                          "]",           "\xff",   "é",
                                          ";",           "user",   "cast(",
                                          "as",          "e'\\",   "U&'",
                                          "filter(where"};
  std::mt19937 random(20261126);
  const Schema schema = edits();
  for (int i = 0; i < 4000; ++i) {
    std::string text;
    const size_t count = 1 + random() % 14;
    for (size_t k = 0; k < count; ++k) text += words[random() % words.size()] + " ";
    auto program = compile_expression(text, schema);
    if (program) {
      EXPECT_EQ(program->text(), text);
    } else {
      EXPECT_FALSE(program.error().message.empty()) << text;
      EXPECT_LE(program.error().position, text.size()) << text;
      program.error().caret();
    }
    GroupedText grouped;
    grouped.select = {{"x", text}};
    (void)compile_grouped(grouped, schema);
  }
}

}  // namespace
}  // namespace millrace
