#include "nodes/late_rows.h"

#include "nodes/key_text.h"
#include "nodes/record_key.h"

namespace millrace {

Shape late_shape(const Shape& stage, bool has_bytes) {
  Shape late = stage;
  late.has_bytes = has_bytes;
  drop_hidden_key(late);
  constexpr Type kTypes[] = {Type::kText,        Type::kText,        Type::kTimestamptz,
                             Type::kTimestamptz, Type::kTimestamptz, Type::kTimestamptz,
                             Type::kInt8,        Type::kText};
  for (size_t i = 0; i < std::size(kLateContext); ++i) {
    late.schema.add(std::string(kLateContext[i]), kTypes[i]);
  }
  return late;
}

void LateRows::finish(std::string_view op, const Rows& stage, const Shape& shape,
                      const std::vector<const Column*>& groups, bool shown, Rows& out) const {
  out.clear();
  out.count = stage.count;
  out.record = stage.record;
  out.time = stage.time;
  out.batch = stage.batch;
  out.origin = stage.origin;
  out.all_live = false;
  out.columns = stage.columns;
  out.columns.resize(shape.schema.size(), nullptr);
  if (!shown || late_.empty()) return;
  enum Context : size_t { kOperator, kKey, kTime, kW, kStart, kEnd, kLateBy, kReason, kCount };
  const size_t first = out.columns.size() - kCount;
  for (size_t i = 0; i < kCount; ++i) {
    Column& column = out.own_column(i);
    column.reset(shape.schema[static_cast<uint32_t>(first + i)].type, out.count);
    out.columns[first + i] = &column;
  }
  ByteBuffer key;
  for (const Late& late : late_) {
    const uint32_t row = late.row;
    out.live.push_back(row);
    out.own[kOperator]->texts[row] = op;
    key.clear();
    write_key_text(groups, row, key);
    out.own[kKey]->texts[row] = out.own[kKey]->bytes.store(key.view());
    out.own[kTime]->ints[row] = out.time[row];
    out.own[kW]->ints[row] = late.w;
    out.own[kStart]->ints[row] = late.window.start;
    out.own[kEnd]->ints[row] = late.window.end;
    out.own[kLateBy]->ints[row] = floor_div(saturating_sub(late.w, late.closed_at), 1000);
    out.own[kReason]->texts[row] =
        late.after_idle ? "window closed while its partition was idle" : "window closed";
  }
}

}  // namespace millrace
