#include "nodes/error_rows.h"

#include "core/nodes/chunks.h"

namespace millrace {
namespace {

std::string json_of(const Rows& rows, uint32_t row) {
  const Shape shape = ErrorRows::shape();
  const JsonRowEncoder encoder(shape.visible_names(), shape.omitted_when_null);
  ByteBuffer out;
  encoder.write(rows.columns.data(), row, out);
  return std::string(out.view());
}

FailedRow failed(std::string_view bytes, bool is_json) {
  FailedRow row;
  row.record = 3;
  row.reason = "division by zero";
  row.place = "price / 0";
  row.partition = 2;
  row.position = 77;
  row.time = 1'000'000;
  row.bytes = bytes;
  row.is_json = is_json;
  return row;
}

std::string only_row(const FailedRow& row) {
  Rows rows;
  ErrorRows().write({row}, rows, "op");
  EXPECT_EQ(rows.count, 1u);
  return json_of(rows, 0);
}

constexpr const char* kFront =
    R"({"operator":"op","reason":"division by zero","place":"price / 0","partition":2,"position":77,"event_time":"1970-01-01T00:00:01Z",)";

TEST(ErrorRows, ShowTheRecordAsJsonWhereItIsJson) {
  EXPECT_EQ(only_row(failed("{\"a\":\n1}", true)), std::string(kFront) + R"("value":{"a":1}})");
}

TEST(ErrorRows, ShowOtherTextAsAString) {
  EXPECT_EQ(only_row(failed("{\"a\":", false)), std::string(kFront) + R"("value":"{\"a\":"})");
  EXPECT_EQ(only_row(failed("", false)), std::string(kFront) + R"("value":""})");
}

TEST(ErrorRows, ShowBytesThatAreNoTextAsBase64) {
  EXPECT_EQ(only_row(failed("fo\xff", false)), std::string(kFront) + R"("value_base64":"Zm//"})");
}

TEST(ErrorRows, UnknownPlaceAndTimeAreNull) {
  FailedRow row = failed("1", true);
  row.place = {};
  row.time = kTimeNone;
  EXPECT_EQ(
      only_row(row),
      R"({"operator":"op","reason":"division by zero","place":null,"partition":2,"position":77,"event_time":null,"value":1})");
}

TEST(ErrorRows, KeepOrderRecordAndTime) {
  std::vector<FailedRow> all;
  for (uint32_t i = 0; i < 100; ++i) {
    all.push_back(failed(i % 2 ? "1" : "\xff", i % 2));
    all.back().record = i / 3;
    all.back().position = i;
    all.back().time = i % 5 ? static_cast<EventTime>(i) : kTimeNone;
  }
  Rows rows;
  ErrorRows().write(all, rows, "op");
  ASSERT_EQ(rows.count, 100u);
  for (uint32_t i = 0; i < 100; ++i) {
    EXPECT_EQ(rows.record_of(i), i / 3);
    EXPECT_EQ(rows.time[i], all[i].time);
    EXPECT_NE(json_of(rows, i).find("\"position\":" + std::to_string(i) + ","), std::string::npos);
    EXPECT_NE(json_of(rows, i).find(i % 2 ? "\"value\":1" : "\"value_base64\":\"/w==\""),
              std::string::npos);
  }
}

TEST(ErrorRows, TextsOfTheCallerNeedNotLive) {
  Rows rows;
  ErrorRows error_rows;
  error_rows.start(rows, "op");
  {
    std::string reason = "gone soon", place = "there";
    FailedRow row = failed("1", true);
    row.reason = reason;
    row.place = place;
    error_rows.add(row);
    reason.assign(9, '#');
    place.assign(5, '#');
  }
  error_rows.finish();
  EXPECT_NE(json_of(rows, 0).find("gone soon"), std::string::npos);
  EXPECT_NE(json_of(rows, 0).find("there"), std::string::npos);
}

TEST(ErrorRows, AreMadeAnewInTheSameRows) {
  Rows rows;
  ErrorRows error_rows;
  error_rows.write({failed("1", true), failed("\xff", false)}, rows, "op");
  error_rows.write({}, rows, "op");
  EXPECT_EQ(rows.count, 0u);
  error_rows.write({failed("2", true)}, rows, "other");
  EXPECT_EQ(rows.count, 1u);
  EXPECT_NE(json_of(rows, 0).find("\"operator\":\"other\""), std::string::npos);
  EXPECT_NE(json_of(rows, 0).find("\"value\":2"), std::string::npos);
}

TEST(DescribeRow, ShowsTheSourceRecordWhereThereIsOne) {
  const BatchRef batch = batch_of({{1, "{\"a\":1}", 0, 5}, {2, "{\"a\":2}", 3, 6}});
  const uint32_t origin[] = {1, 1, 0}, record[] = {1, 1, 2};
  const EventTime time[] = {2, 2, kTimeNone};
  Rows rows;
  rows.count = 3;
  rows.batch = batch;
  rows.origin = origin;
  rows.record = record;
  rows.time = time;
  Shape shape;
  shape.has_bytes = true;
  ByteArena store;
  FailedRow failed;
  describe_row(rows, shape, 1, store, failed);
  EXPECT_EQ(failed.record, 1u);
  EXPECT_EQ(failed.partition, 3u);
  EXPECT_EQ(failed.position, 6u);
  EXPECT_EQ(failed.time, 2);
  EXPECT_EQ(failed.bytes, "{\"a\":2}");
  EXPECT_TRUE(failed.is_json);
  shape.bytes_are_json = false;
  describe_row(rows, shape, 2, store, failed);
  EXPECT_EQ(failed.position, 5u);
  EXPECT_FALSE(failed.is_json);
}

TEST(DescribeRow, WritesOtherRowsAsJson) {
  Column a, b;
  a.reset(Type::kInt8, 2);
  a.ints[1] = 7;
  b.reset(Type::kText, 2);
  b.set_cell(1, kNull, 2);
  Rows rows;
  rows.count = 2;
  rows.columns = {&a, nullptr, &b};
  Shape shape;
  shape.schema = Schema({{"a", Type::kInt8},
                         {"unread", Type::kInt8},
                         {"b", Type::kText},
                         {"event_time()", Type::kTimestamptz}});
  shape.visible = 3;
  ByteArena store;
  FailedRow failed;
  describe_row(rows, shape, 1, store, failed);
  EXPECT_EQ(failed.bytes, R"({"a":7,"b":null})");
  EXPECT_TRUE(failed.is_json);
  EXPECT_EQ(failed.time, kTimeNone);
}

}  // namespace
}  // namespace millrace
