// What a value becomes under each declared type.
#include <limits>

#include "decoding.h"

namespace millrace {
namespace {

TEST(JsonDecoder, Int8TakesWholeNumbersHoweverWritten) {
  EXPECT_EQ(cell_of(Type::kInt8, "0"), "0");
  EXPECT_EQ(cell_of(Type::kInt8, "-0"), "0");
  EXPECT_EQ(cell_of(Type::kInt8, "1.0"), "1");
  EXPECT_EQ(cell_of(Type::kInt8, "1e3"), "1000");
  EXPECT_EQ(cell_of(Type::kInt8, "-1E+3"), "-1000");
  EXPECT_EQ(cell_of(Type::kInt8, "1200e-2"), "12");
  EXPECT_EQ(cell_of(Type::kInt8, "0.00001e5"), "1");
  EXPECT_EQ(cell_of(Type::kInt8, "0e999999999999"), "0");
  EXPECT_EQ(cell_of(Type::kInt8, "999999999999999999"), "999999999999999999");
  EXPECT_EQ(cell_of(Type::kInt8, "1000000000000000000"), "1000000000000000000");
  EXPECT_EQ(cell_of(Type::kInt8, " 5 "), "5");
}

TEST(JsonDecoder, Int8KnowsItsRange) {
  EXPECT_EQ(cell_of(Type::kInt8, "9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(cell_of(Type::kInt8, "-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(cell_of(Type::kInt8, "9223372036854775807.0"), "9223372036854775807");
  for (const char* value : {"9223372036854775808", "-9223372036854775809", "18446744073709551616",
                            "1e19", "1e400", "123456789012345678901234567890", "-1e999999999999"}) {
    EXPECT_EQ(cell_of(Type::kInt8, value), "MISMATCH") << value;
  }
}

TEST(JsonDecoder, Int4KnowsItsRange) {
  EXPECT_EQ(cell_of(Type::kInt4, "2147483647"), "2147483647");
  EXPECT_EQ(cell_of(Type::kInt4, "-2147483648"), "-2147483648");
  EXPECT_EQ(cell_of(Type::kInt4, "2.147483647e9"), "2147483647");
  EXPECT_EQ(cell_of(Type::kInt4, "2147483648"), "MISMATCH");
  EXPECT_EQ(cell_of(Type::kInt4, "-2147483649"), "MISMATCH");
  EXPECT_EQ(cell_of(Type::kInt4, "4294967296"), "MISMATCH");
}

TEST(JsonDecoder, IntsTakeNothingElse) {
  for (const char* value : {"1.5", "1e-1", "\"1\"", "true", "[1]", "{\"a\":1}", "\"\""}) {
    EXPECT_EQ(cell_of(Type::kInt8, value), "MISMATCH") << value;
    EXPECT_EQ(cell_of(Type::kInt4, value), "MISMATCH") << value;
  }
  EXPECT_EQ(cell_of(Type::kInt8, "null"), "NULL");
}

TEST(JsonDecoder, R46_ReadNumbersMustBeGoodJson) {
  for (const char* value : {"01", "-01", "1.", "-", "-a", "1e", "1e+", "0x10", "1.5.2", "1_000",
                            "00", "1a", "-1.e1", "2147483648x"}) {
    for (Type type : {Type::kInt4, Type::kInt8, Type::kFloat8, Type::kText, Type::kBool,
                      Type::kJsonb, Type::kTimestamptz}) {
      EXPECT_EQ(cell_of(type, value), "BROKEN") << value << " as " << type_name(type);
    }
  }
  for (const char* value : {"+1", ".5", "NaN", "Infinity", "'1'", "abc"}) {
    EXPECT_EQ(cell_of(Type::kInt8, value), "BROKEN") << value;
  }
}

TEST(JsonDecoder, R46_ReadLiteralsMustBeWhole) {
  for (const char* value : {"nul", "nulll", "tru", "truee", "fals", "falsy", "nan", "t", "n"}) {
    for (Type type : {Type::kInt8, Type::kText, Type::kBool, Type::kJsonb}) {
      EXPECT_EQ(cell_of(type, value), "BROKEN") << value << " as " << type_name(type);
    }
  }
}

TEST(JsonDecoder, Float8TakesNumbers) {
  EXPECT_EQ(cell_of(Type::kFloat8, "1"), "1");
  EXPECT_EQ(cell_of(Type::kFloat8, "-0.0"), "-0");
  EXPECT_EQ(cell_of(Type::kFloat8, "0.1"), "0.10000000000000001");
  EXPECT_EQ(cell_of(Type::kFloat8, "1.7976931348623157e308"), "1.7976931348623157e+308");
  EXPECT_EQ(cell_of(Type::kFloat8, "5e-324"), "4.9406564584124654e-324");
  EXPECT_EQ(cell_of(Type::kFloat8, "9007199254740993"), "9007199254740992");
  for (const char* value : {"1e400", "-1e400", "\"1\"", "\"NaN\"", "true", "[]", "{}"}) {
    EXPECT_EQ(cell_of(Type::kFloat8, value), "MISMATCH") << value;
  }
}

TEST(JsonDecoder, BoolTakesTrueAndFalse) {
  EXPECT_EQ(cell_of(Type::kBool, "true"), "true");
  EXPECT_EQ(cell_of(Type::kBool, "false"), "false");
  EXPECT_EQ(cell_of(Type::kBool, "null"), "NULL");
  for (const char* value : {"1", "0", "\"true\"", "[true]", "{}"}) {
    EXPECT_EQ(cell_of(Type::kBool, value), "MISMATCH") << value;
  }
}

TEST(JsonDecoder, TextTakesStringsAndUnescapesThem) {
  EXPECT_EQ(cell_of(Type::kText, R"("")"), "''");
  EXPECT_EQ(cell_of(Type::kText, R"("plain")"), "'plain'");
  EXPECT_EQ(cell_of(Type::kText, R"("\"\\\/\b\f\n\r\t")"), "'\"\\/\b\f\n\r\t'");
  EXPECT_EQ(cell_of(Type::kText, R"("gr\u00fc\u00DFe \ud834\udd1e")"), "'grüße 𝄞'");
  EXPECT_EQ(cell_of(Type::kText, R"("a\\")"), R"('a\')");
  EXPECT_EQ(cell_of(Type::kText, R"("}{][,:")"), "'}{][,:'");
  const std::string longer(100'000, 'y');
  EXPECT_EQ(cell_of(Type::kText, "\"" + longer + "\\n\""), "'" + longer + "\n'");
  for (const char* value : {"1", "true", "[]", "[\"x\"]", "{}", "-1.5e3"}) {
    EXPECT_EQ(cell_of(Type::kText, value), "MISMATCH") << value;
  }
}

TEST(JsonDecoder, R46_ReadStringsMustBeGood) {
  for (const char* value : {R"("\x")", R"("\u12")", R"("\u12G4")", R"("\ud800")", R"("\udc00")",
                            R"("\ud800\u0041")", R"("\ud800\ud800")", R"("\ud834 \udd1e")"}) {
    for (Type type : {Type::kText, Type::kJsonb, Type::kTimestamptz}) {
      EXPECT_EQ(cell_of(type, value), "BROKEN") << value << " as " << type_name(type);
    }
  }
}

TEST(JsonDecoder, JsonbIsTheRawTextOfAnyValue) {
  for (const char* value :
       {R"({ "x" : [ 1 , 2 ] })", "[]", "[ ]", "{}", "[[[]],{\"a\":{}}]", R"("a\n\u0041")", "1.50",
        "-0", "1e400", "true", "false", R"("")", R"(["]","}"])"}) {
    EXPECT_EQ(cell_of(Type::kJsonb, value), value);
  }
  EXPECT_EQ(cell_of(Type::kJsonb, "null"), "NULL");
  // Blanks around a value are not part of it.
  EXPECT_EQ(cell_of(Type::kJsonb, " \t[1] \r\n"), "[1]");
  EXPECT_EQ(cell_of(Type::kJsonb, " {\"a\":1} \n"), "{\"a\":1}");
  EXPECT_EQ(cell_of(Type::kJsonb, " 12 "), "12");
}

TEST(JsonDecoder, R46_JsonbThatIsReadIsCheckedInside) {
  // What is read is written again; a sink must never get text that is no JSON.
  for (const char* value : {"[nul]", "[01]", "[1,]", R"({"x":nul})", R"({"x":["\ud800"]})"}) {
    EXPECT_EQ(cell_of(Type::kJsonb, value), "BROKEN") << value;
  }
}

TEST(JsonDecoder, TimestamptzTakesRfc3339Strings) {
  EXPECT_EQ(cell_of(Type::kTimestamptz, R"("1970-01-01T00:00:01.5Z")"), "1500000");
  EXPECT_EQ(cell_of(Type::kTimestamptz, R"("1970-01-01 01:00:00+01:00")"), "0");
  EXPECT_EQ(cell_of(Type::kTimestamptz, R"("1969-12-31T23:59:59.9999999Z")"), "-1");
  for (const char* value : {R"("")", R"("1970-01-01")", R"("1970-01-01T00:00:00")", "0", "1e3",
                            "true", "[]", "{}", R"("now")"}) {
    EXPECT_EQ(cell_of(Type::kTimestamptz, value), "MISMATCH") << value;
  }
}

std::string csv_cell(Type type, const std::string& value) {
  return cell_of(type, value, CellFormat::kText);
}

TEST(JsonDecoder, TextCellsAreReadAsPostgresqlReadsText) {
  EXPECT_EQ(csv_cell(Type::kInt8, R"(" +42 ")"), "42");
  EXPECT_EQ(csv_cell(Type::kInt8, R"("-9223372036854775808")"), "-9223372036854775808");
  EXPECT_EQ(csv_cell(Type::kInt4, R"("2147483647")"), "2147483647");
  EXPECT_EQ(csv_cell(Type::kInt8, R"("\u0034\u0032")"), "42");
  EXPECT_EQ(csv_cell(Type::kFloat8, R"("1e3")"), "1000");
  EXPECT_EQ(csv_cell(Type::kFloat8, R"("-Infinity")"), "-inf");
  EXPECT_EQ(csv_cell(Type::kBool, R"(" Yes ")"), "true");
  EXPECT_EQ(csv_cell(Type::kBool, R"("off")"), "false");
  EXPECT_EQ(csv_cell(Type::kText, R"(" a\tb ")"), "' a\tb '");
  EXPECT_EQ(csv_cell(Type::kText, R"("")"), "''");
  EXPECT_EQ(csv_cell(Type::kTimestamptz, R"("1970-01-02")"), "86400000000");
  EXPECT_EQ(csv_cell(Type::kTimestamptz, R"("1970-01-01 00:01")"), "60000000");
}

TEST(JsonDecoder, TextCellsThatDoNotFitAreMismatches) {
  for (const char* value :
       {R"("4.0")", R"("")", R"("x")", R"("9223372036854775808")", R"("1 2")"}) {
    EXPECT_EQ(csv_cell(Type::kInt8, value), "MISMATCH") << value;
  }
  EXPECT_EQ(csv_cell(Type::kInt4, R"("2147483648")"), "MISMATCH");
  EXPECT_EQ(csv_cell(Type::kFloat8, R"("1,5")"), "MISMATCH");
  EXPECT_EQ(csv_cell(Type::kBool, R"("2")"), "MISMATCH");
  EXPECT_EQ(csv_cell(Type::kTimestamptz, R"("1970-02-30")"), "MISMATCH");
  EXPECT_EQ(csv_cell(Type::kText, "null"), "NULL");
  EXPECT_EQ(csv_cell(Type::kInt8, "null"), "NULL");
  EXPECT_EQ(csv_cell(Type::kInt8, "7"), "7");
  EXPECT_EQ(csv_cell(Type::kText, R"("\ud800")"), "BROKEN");
}

TEST(JsonDecoder, AJsonbTextCellIsTheJsonThatItSpells) {
  EXPECT_EQ(csv_cell(Type::kJsonb, R"("{\"a\": [1]}")"), R"({"a": [1]})");
  EXPECT_EQ(csv_cell(Type::kJsonb, R"("12")"), "12");
  EXPECT_EQ(csv_cell(Type::kJsonb, R"("{oops")"), "MISMATCH");
}

}  // namespace
}  // namespace millrace
