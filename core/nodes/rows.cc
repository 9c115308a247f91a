#include "nodes/rows.h"

namespace millrace {

Column& Rows::own_column(size_t i) {
  while (own.size() <= i) own.push_back(std::make_unique<Column>());
  return *own[i];
}

void Rows::clear() {
  count = 0;
  all_live = true;
  live.clear();
  record = nullptr;
  time = nullptr;
  origin = nullptr;
  batch = BatchRef();
  for (const Column*& column : columns) column = nullptr;
}

void Rows::share(const Rows& from) {
  clear();
  count = from.count;
  columns = from.columns;
  record = from.record;
  time = from.time;
  batch = from.batch;
  origin = from.origin;
}

uint32_t count_before(const Rows& rows, Selection selection, uint32_t record) {
  uint32_t low = 0, high = selection.count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (rows.record_of(selection[middle]) < record) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

RowsView view_of(const Rows& rows, uint32_t record_begin, uint32_t record_end) {
  const Selection all = rows.selection();
  const uint32_t begin = count_before(rows, all, record_begin);
  const uint32_t end = count_before(rows, all, record_end);
  if (begin == 0 && end == all.count) return {&rows, all};
  if (all.rows) return {&rows, {all.rows + begin, end - begin}};
  // Only tasks that merge inputs cut dense selections.
  for (size_t i = rows.identity.size(); i < rows.count; ++i) {
    rows.identity.push_back(static_cast<uint32_t>(i));
  }
  return {&rows, {rows.identity.data() + begin, end - begin}};
}

}  // namespace millrace
