#include "nodes/error_rows.h"

#include <algorithm>

#include "base/log.h"
#include "nodes/late_rows.h"

namespace millrace {
namespace {

enum Field : size_t {
  kOperator,
  kReason,
  kPlace,
  kPartition,
  kPosition,
  kTime,
  kValue,
  kBase64,
  kFields
};

void push_text(Column& column, std::string_view text) {
  column.texts.push_back(column.bytes.store(text));
  column.pushed_valid();
}

void push_int(Column& column, int64_t value) {
  column.ints.push_back(value);
  column.pushed_valid();
}

}  // namespace

Shape ErrorRows::shape() {
  Shape shape;
  shape.schema = Schema({{"operator", Type::kText},
                         {"reason", Type::kText},
                         {"place", Type::kText},
                         {"partition", Type::kInt8},
                         {"position", Type::kInt8},
                         {"event_time", Type::kTimestamptz},
                         {"value", Type::kJsonb},
                         {"value_base64", Type::kText},
                         {std::string(kWhose), Type::kText},
                         {std::string(kWhy), Type::kText}});
  shape.visible = kFields;
  shape.omitted_when_null = {"value", "value_base64"};
  return shape;
}

void ErrorRows::start(Rows& rows, std::string_view operator_name) {
  rows_ = &rows;
  operator_ = operator_name;
  rows.clear();
  rows.own_record.clear();
  rows.own_time.clear();
  const Shape columns = shape();
  for (size_t i = 0; i < kFields; ++i)
    rows.own_column(i).reset(columns.schema[static_cast<uint32_t>(i)].type, 0);
}

void ErrorRows::add(const FailedRow& failed) {
  const auto column = [&](size_t i) -> Column& { return *rows_->own[i]; };
  push_text(column(kOperator), operator_);
  // Expressions may hold interpolated secrets, and reasons may quote them.
  push_text(column(kReason), masked(failed.reason));
  if (failed.place.empty()) {
    column(kPlace).push_null();
  } else {
    push_text(column(kPlace), masked(failed.place));
  }
  push_int(column(kPartition), failed.partition);
  push_int(column(kPosition), static_cast<int64_t>(failed.position));
  if (failed.time == kTimeNone) {
    column(kTime).push_null();
  } else {
    push_int(column(kTime), failed.time);
  }
  scratch_.clear();
  if (!failed.is_json && !is_utf8(failed.bytes)) {
    write_base64(failed.bytes, scratch_);
    push_text(column(kBase64), scratch_.view());
    column(kValue).push_null();
  } else {
    if (failed.is_json) {
      write_raw_json(failed.bytes, scratch_);
    } else {
      write_json_string(failed.bytes, scratch_);
    }
    push_text(column(kValue), scratch_.view());
    column(kBase64).push_null();
  }
  rows_->own_record.push_back(failed.record);
  rows_->own_time.push_back(failed.time);
  ++rows_->count;
}

void ErrorRows::finish() {
  rows_->record = rows_->own_record.data();
  rows_->time = rows_->own_time.data();
  rows_->columns.resize(kFields);
  for (size_t i = 0; i < kFields; ++i) rows_->columns[i] = rows_->own[i].get();
  rows_->columns.push_back(rows_->own[kOperator].get());
  rows_->columns.push_back(rows_->own[kReason].get());
}

void ErrorRows::write(std::vector<FailedRow> failed, Rows& rows, std::string_view operator_name) {
  std::stable_sort(failed.begin(), failed.end(),
                   [](const FailedRow& a, const FailedRow& b) { return a.record < b.record; });
  start(rows, operator_name);
  for (const FailedRow& one : failed) add(one);
  finish();
}

void write_row_json(const Rows& rows, const Shape& shape, uint32_t row, ByteBuffer& out) {
  out.append('{');
  bool first = true;
  for (uint32_t i = 0; i < shape.visible; ++i) {
    if (!rows.columns[i]) continue;
    if (!first) out.append(',');
    first = false;
    write_json_string(shape.schema[i].name, out);
    out.append(':');
    write_json_cell(*rows.columns[i], row, out);
  }
  out.append('}');
}

void describe_row(const Rows& rows, const Shape& shape, uint32_t row, ByteArena& store,
                  FailedRow& failed) {
  failed.record = rows.record_of(row);
  failed.time = rows.time ? rows.time[row] : kTimeNone;
  failed.is_json = true;
  if (rows.batch) {
    const uint32_t origin = rows.origin_of(row);
    failed.partition = rows.batch.partition(origin);
    failed.position = rows.batch.position(origin);
    failed.bytes = rows.batch.value(origin);
    failed.is_json = shape.bytes_are_json;
    return;
  }
  ByteBuffer text;
  write_row_json(rows, shape, row, text);
  failed.bytes = store.store(text.view());
}

}  // namespace millrace
