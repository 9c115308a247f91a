// What `.late` shows of records that came too late (R13).
#include "nodes/late_rows.h"

#include "core/nodes/chunks.h"
#include "nodes/late_records.h"

namespace millrace {
namespace {

using Names = std::vector<std::string>;

Shape shape_of(const std::vector<std::pair<std::string, Type>>& fields) {
  Shape out;
  for (const auto& [name, type] : fields) out.schema.add(name, type);
  out.visible = out.schema.size();
  out.schema.add("event_time()", Type::kTimestamptz);
  return out;
}

/// Columns of int8 and text: a number per row, and the same as text.
void fill(Rows& rows, const Shape& shape, const std::vector<int64_t>& numbers) {
  rows.clear();
  rows.count = static_cast<uint32_t>(numbers.size());
  rows.columns.clear();
  for (uint32_t i = 0; i < shape.schema.size(); ++i) {
    Column& column = rows.own_column(i);
    column.reset(shape.schema[i].type, 0);
    for (const int64_t number : numbers) {
      if (shape.schema[i].type == Type::kText) {
        column.texts.push_back(column.bytes.store(std::to_string(number)));
      } else {
        column.ints.push_back(number);
      }
    }
    rows.columns.push_back(&column);
    if (shape.schema[i].name != "event_time()") continue;
    for (const int64_t number : numbers) rows.own_time.push_back(number);
  }
  rows.time = rows.own_time.data();
}

std::string json_of(const Shape& shape, const Rows& rows, uint32_t row) {
  const JsonRowEncoder encoder(shape.visible_names(), shape.omitted_when_null);
  ByteBuffer out;
  encoder.write(rows.columns.data(), row, out);
  return std::string(out.view());
}

struct TwoInputs {
  std::vector<Shape> shapes{shape_of({{"a", Type::kInt8}, {"b", Type::kText}}),
                            shape_of({{"b", Type::kInt8}, {"a", Type::kInt8}, {"c", Type::kText}})};
  LateRecords late{shapes};
};

TEST(LateRecords, R13_ShowTheFieldsOfAllInputsByNameAndType) {
  const TwoInputs two;
  EXPECT_EQ(two.late.shape().visible_names(), (Names{"a", "b", "b", "c"}));
  EXPECT_EQ(two.late.shape().omitted_when_null, (Names{"a", "b", "b", "c"}));
  EXPECT_EQ(two.late.shape().schema.size(), 4 + std::size(kLateContext));
  EXPECT_EQ(two.late.shape().schema[2].type, Type::kInt8);
}

TEST(LateRecords, R13_OneInputShowsItsNullsToo) {
  const LateRecords late({shape_of({{"a", Type::kInt8}})});
  EXPECT_EQ(late.shape().visible_names(), Names{"a"});
  EXPECT_EQ(late.shape().omitted_when_null, Names{});
}

TEST(LateRecords, AskForTheFieldsThatTheyShow) {
  const TwoInputs two;
  std::vector<bool> first(3), second(4);
  two.late.demand(0, {}, first);
  two.late.demand(1, {}, second);
  EXPECT_EQ(first, (std::vector<bool>{true, true, false}));
  EXPECT_EQ(second, (std::vector<bool>{true, true, true, false}));
}

TEST(LateRecords, OfRecordsThatPassAskOnlyForWhatIsRead) {
  Shape shape = shape_of({{"a", Type::kInt8}, {"b", Type::kText}});
  shape.has_bytes = true;
  const LateRecords late({shape});
  std::vector<bool> wanted(3);
  late.demand(0, {}, wanted);
  EXPECT_EQ(wanted, (std::vector<bool>{false, false, false}));
  late.demand(0, {false, true}, wanted);
  EXPECT_EQ(wanted, (std::vector<bool>{false, true, false}));
}

TEST(LateRecords, R13_ShowTheRecordAndWhyItIsLate) {
  const TwoInputs two;
  Rows left, right, out;
  fill(left, two.shapes[0], {11, 12});
  fill(right, two.shapes[1], {21});
  LateRecords::Work work;
  work.late.push_back({0, 1, 7000, 2000, "k"});
  work.late.push_back({1, 0, 7999, 2000, "l", true});
  two.late.finish("op", work, {&left, &right}, true, out);
  ASSERT_EQ(out.count, 2u);
  EXPECT_EQ(out.own.size(), two.late.shape().schema.size());
  EXPECT_EQ(json_of(two.late.shape(), out, 0), R"({"a":12,"b":"12"})");
  EXPECT_EQ(json_of(two.late.shape(), out, 1), R"({"a":21,"b":21,"c":"21"})");
  const auto context = [&](size_t i) -> const Column& { return *out.columns[5 + i]; };
  EXPECT_EQ(out.columns[4]->texts[0], "op") << "whose it is";
  EXPECT_EQ(context(0).texts[1], "l");
  EXPECT_EQ(context(1).ints[0], 12) << "its event time";
  EXPECT_EQ(context(2).ints[0], 7000) << "W";
  EXPECT_FALSE(context(3).valid(0));
  EXPECT_FALSE(context(4).valid(0));
  EXPECT_EQ(context(5).ints[0], 5) << "late by, in ms";
  EXPECT_EQ(context(5).ints[1], 5) << "rounded down";
  EXPECT_EQ(context(6).texts[0], "behind the watermark");
  EXPECT_EQ(context(6).texts[1], "behind the watermark since its partition was idle");
  EXPECT_EQ(out.time[1], 21);
}

TEST(LateRecords, AreOnlyCountedIfDropped) {
  const TwoInputs two;
  Rows left, right, out;
  fill(left, two.shapes[0], {11});
  fill(right, two.shapes[1], {21});
  LateRecords::Work work;
  work.late.push_back({0, 0, 7000, 2000, "k"});
  two.late.finish("op", work, {&left, &right}, false, out);
  EXPECT_EQ(out.count, 0u);
}

TEST(LateRows, R13_ShowTheRecordItsWindowAndWhyItIsLate) {
  const Shape stage = shape_of({{"a", Type::kInt8}, {"b", Type::kText}});
  const Shape shape = late_shape(stage, false);
  Rows rows, out;
  fill(rows, stage, {11, 12, 13});
  LateRows late;
  late.add({1, 7999, {0, 1000}, 1000});
  late.add({2, 9000, {0, 1000}, 2000, true});
  late.finish("op", rows, shape, {rows.columns[1]}, true, out);
  EXPECT_EQ(std::vector<uint32_t>(out.live.begin(), out.live.end()), (std::vector<uint32_t>{1, 2}));
  EXPECT_EQ(out.columns.size(), shape.schema.size());
  EXPECT_EQ(out.own.size(), std::size(kLateContext));
  EXPECT_EQ(json_of(shape, out, 1), R"({"a":12,"b":"12"})");
  const auto context = [&](size_t i) -> const Column& { return *out.columns[4 + i]; };
  EXPECT_EQ(out.columns[3]->texts[1], "op") << "whose it is";
  EXPECT_EQ(context(0).texts[1], "12");
  EXPECT_EQ(context(1).ints[1], 12);
  EXPECT_EQ(context(2).ints[1], 7999);
  EXPECT_EQ(context(3).ints[1], 0);
  EXPECT_EQ(context(4).ints[1], 1000);
  EXPECT_EQ(context(5).ints[1], 6) << "in ms, rounded down";
  EXPECT_EQ(context(6).texts[1], "window closed");
  EXPECT_EQ(context(6).texts[2], "window closed while its partition was idle");
}

}  // namespace
}  // namespace millrace
