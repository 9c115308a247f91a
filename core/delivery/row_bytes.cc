#include "delivery/row_bytes.h"

#include "window/stored_row.h"

namespace millrace {

void write_row_bytes(const Column* const* columns, uint32_t count, size_t row, ByteBuffer& out) {
  std::string cells;
  for (uint32_t i = 0; i < count; ++i) write_stored_cell(*columns[i], row, cells);
  out.append(cells);
}

bool read_row_bytes(const Schema& schema, const BatchRef& batch, std::vector<Column>& columns) {
  columns.clear();
  columns.resize(schema.size());
  for (uint32_t i = 0; i < schema.size(); ++i) columns[i].reset(schema[i].type, 0);
  for (uint32_t row = 0; row < batch.size(); ++row) {
    ByteReader reader(batch.value(row));
    for (Column& column : columns) {
      if (!read_stored_cell(reader, column)) return false;
    }
    if (!reader.at_end()) return false;
  }
  return true;
}

}  // namespace millrace
