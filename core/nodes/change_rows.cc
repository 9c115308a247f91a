#include "nodes/change_rows.h"

#include <algorithm>

#include "base/assert.h"
#include "columns/json_encode.h"
#include "nodes/own_batch.h"
#include "window/group_key.h"
#include "window/stored_row.h"

namespace millrace {

ChangeRows::ChangeRows(std::vector<Field> fields, std::vector<uint32_t> key, const Shape* passes)
    : fields_(std::move(fields)),
      key_(std::move(key)),
      made_(fields_.size()),
      has_bytes_(passes && passes->has_bytes),
      bytes_are_json_(!passes || passes->bytes_are_json) {}

Shape ChangeRows::shape() const {
  Shape shape;
  shape.schema.add("op", Type::kText);
  for (const Field& field : fields_) shape.schema.add(field.name, field.type);
  shape.visible = shape.schema.size();
  shape.schema.add("event_time()", Type::kTimestamptz);
  shape.omitted_when_null = {"op"};
  shape.has_bytes = shape.own_bytes = has_bytes_;
  shape.bytes_are_json = bytes_are_json_;
  shape.is_table = true;
  shape.op = 0;
  for (uint32_t field : key_) shape.key.push_back(field + 1);
  shape.record_key = shape.key;
  return shape;
}

void ChangeRows::set_wanted(const std::vector<bool>& wanted) {
  for (uint32_t i = 0; i < fields_.size(); ++i) made_[i] = wanted[i + 1];
  for (uint32_t field : key_) made_[field] = true;
}

void ChangeRows::make(Work& work) const {
  work.columns.resize(fields_.size());
  work.key_columns.resize(key_.size());
}

void ChangeRows::start(Work& work, Rows& out) const {
  for (uint32_t i = 0; i < fields_.size(); ++i) work.columns[i].reset(fields_[i].type, 0);
  work.op.reset(Type::kText, 0);
  work.time.reset(Type::kTimestamptz, 0);
  work.keys.clear();
  work.records.clear();
  work.texts.clear();
  out.clear();
  out.own_record.clear();
  out.own_time.clear();
}

void ChangeRows::end_row(Work& work, bool deletes, EventTime time, uint32_t record,
                         std::string_view value, Rows& out) const {
  if (deletes) {
    work.op.texts.push_back("delete");
    work.op.pushed_valid();
  } else {
    work.op.push_null();
  }
  work.time.ints.push_back(time);
  out.own_record.push_back(record);
  out.own_time.push_back(time);
  if (has_bytes_) work.records.push_back(deletes ? delete_text(work) : value);
}

void ChangeRows::upsert(Work& work, const std::vector<const Column*>& cells, uint32_t row,
                        EventTime time, uint32_t record, std::string_view value, Rows& out) const {
  for (uint32_t i = 0; i < fields_.size(); ++i) {
    if (made_[i]) push_cell(*cells[i], row, work.columns[i]);
  }
  end_row(work, false, time, record, value, out);
}

void ChangeRows::remove(Work& work, std::string_view key, EventTime time, uint32_t record,
                        Rows& out) const {
  for (size_t i = 0; i < key_.size(); ++i) work.key_columns[i].reset(fields_[key_[i]].type, 0);
  MILLRACE_ASSERT(read_group_key(work.keys.store(key), work.key_columns));
  for (uint32_t i = 0; i < fields_.size(); ++i) {
    if (!made_[i]) continue;
    const auto place = std::find(key_.begin(), key_.end(), i);
    if (place == key_.end()) {
      work.columns[i].push_null();
    } else {
      push_cell(work.key_columns[static_cast<size_t>(place - key_.begin())], 0, work.columns[i]);
    }
  }
  end_row(work, true, time, record, {}, out);
}

/// The bytes of the delete that was pushed last: the key, then the fields that went.
std::string_view ChangeRows::delete_text(Work& work) const {
  ByteBuffer text;
  text.append("{\"op\":\"delete\"");
  const auto write = [&](uint32_t field, bool is_key) {
    text.append(',');
    write_json_string(fields_[field].name, text);
    text.append(':');
    const Column& column = work.columns[field];
    is_key ? write_json_cell(column, column.size() - 1, text) : text.append("null");
  };
  for (uint32_t field : key_) write(field, true);
  for (uint32_t field = 0; field < fields_.size(); ++field) {
    if (std::find(key_.begin(), key_.end(), field) == key_.end()) write(field, false);
  }
  text.append('}');
  return work.texts.store(text.view());
}

std::string ChangeRows::store(const std::vector<const Column*>& cells, uint32_t row,
                              std::string_view value) const {
  std::string bytes;
  if (has_bytes_) append_sized(bytes, value);
  for (const Column* cell : cells) write_stored_cell(*cell, row, bytes);
  return bytes;
}

void ChangeRows::upsert_stored(Work& work, std::string_view row, EventTime time, uint32_t record,
                               Rows& out) const {
  ByteReader reader(work.keys.store(row));
  const std::string_view value = has_bytes_ ? reader.sized() : std::string_view();
  for (uint32_t i = 0; i < fields_.size(); ++i) {
    MILLRACE_ASSERT(made_[i] ? read_stored_cell(reader, work.columns[i])
                             : skip_stored_cell(reader, fields_[i].type));
  }
  end_row(work, false, time, record, value, out);
}

void ChangeRows::finish(Work& work, Rows& out) const {
  out.count = static_cast<uint32_t>(out.own_record.size());
  out.record = out.own_record.data();
  out.time = out.own_time.data();
  out.columns.assign(fields_.size() + 2, nullptr);
  out.columns[0] = &work.op;
  for (uint32_t i = 0; i < fields_.size(); ++i) {
    if (made_[i]) out.columns[i + 1] = &work.columns[i];
  }
  out.columns.back() = &work.time;
  if (has_bytes_ && out.count > 0) out.batch = batch_of(work.builder, work.records);
}

}  // namespace millrace
