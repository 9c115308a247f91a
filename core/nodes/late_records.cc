#include "nodes/late_records.h"

#include <algorithm>
#include <span>

#include "window/stored_row.h"

namespace millrace {

LateRecords::LateRecords(const std::vector<Shape>& shapes) : fields_(shapes.size()) {
  Shape all;
  all.has_bytes = true;
  for (const Shape& shape : shapes) {
    all.has_bytes = all.has_bytes && shape.has_bytes && !shape.own_bytes;
    all.bytes_are_json = all.bytes_are_json && shape.bytes_are_json;
    for (uint32_t i = 0; i < shape.visible; ++i) {
      const auto known = all.schema.find(shape.schema[i].name);
      if (!known || all.schema[*known].type != shape.schema[i].type) {
        all.schema.add(shape.schema[i].name, shape.schema[i].type);
      }
    }
  }
  all.visible = all.schema.size();
  for (size_t input = 0; input < shapes.size(); ++input) {
    fields_[input].assign(all.visible, -1);
    const auto visible = std::span(shapes[input].schema.fields()).first(shapes[input].visible);
    for (uint32_t i = 0; i < all.visible; ++i) {
      const Field& wanted = all.schema[i];
      const auto found = std::ranges::find_if(visible, [&](const Field& field) {
        return field.name == wanted.name && field.type == wanted.type;
      });
      if (found != visible.end())
        fields_[input][i] = static_cast<int32_t>(std::distance(visible.begin(), found));
    }
  }
  if (shapes.size() > 1) all.omitted_when_null = all.visible_names();
  shape_ = late_shape(all, all.has_bytes);
}

void LateRecords::demand(size_t input, const std::vector<bool>& read,
                         std::vector<bool>& wanted) const {
  for (uint32_t i = 0; i < shape_.visible; ++i) {
    const int32_t field = fields_[input][i];
    const bool shown = !shape_.has_bytes || (i < read.size() && read[i]);
    if (shown && field >= 0) wanted[static_cast<size_t>(field)] = true;
  }
}

void LateRecords::finish(std::string_view op, Work& work, const std::vector<const Rows*>& rows,
                         bool shown, Rows& out) const {
  out.clear();
  out.own_record.clear();
  out.own_time.clear();
  work.origins.clear();
  out.columns.assign(shape_.schema.size(), nullptr);
  if (!shown || work.late.empty()) return;
  for (uint32_t i = 0; i < shape_.schema.size(); ++i) {
    Column& column = out.own_column(i);
    column.reset(shape_.schema[i].type, 0);
    out.columns[i] = &column;
  }
  for (const Late& late : work.late) {
    const Rows& from = *rows[late.input];
    for (uint32_t i = 0; i < shape_.visible; ++i) {
      const int32_t field = fields_[late.input][i];
      const Column* column = field >= 0 ? from.columns[static_cast<size_t>(field)] : nullptr;
      column ? push_cell(*column, late.row, out.own_column(i)) : out.own_column(i).push_null();
    }
    const EventTime time = from.time ? from.time[late.row] : kTimeNone;
    write_context(op, late, time, out);
    out.own_record.push_back(from.record_of(late.row));
    out.own_time.push_back(time);
    work.origins.push_back(from.origin_of(late.row));
    if (shape_.has_bytes) out.batch = from.batch;
  }
  out.count = static_cast<uint32_t>(work.late.size());
  out.record = out.own_record.data();
  out.time = out.own_time.data();
  out.origin = work.origins.data();
}

void LateRecords::write_context(std::string_view op, const Late& late, EventTime time,
                                Rows& out) const {
  enum Context : uint32_t { kOperator, kKey, kTime, kW, kStart, kEnd, kLateBy, kReason };
  const auto column = [&](uint32_t i) -> Column& { return out.own_column(shape_.visible + i); };
  const auto push_int = [&](uint32_t i, int64_t value) {
    column(i).ints.push_back(value);
    column(i).pushed_valid();
  };
  column(kOperator).texts.push_back(op);
  column(kKey).texts.push_back(column(kKey).bytes.store(late.key));
  push_int(kTime, time);
  push_int(kW, late.w);
  column(kStart).push_null();
  column(kEnd).push_null();
  push_int(kLateBy, floor_div(saturating_sub(late.w, late.over_at), 1000));
  column(kReason).texts.push_back(late.after_idle
                                      ? "behind the watermark since its partition was idle"
                                      : "behind the watermark");
}

}  // namespace millrace
