#include "nodes/key_text.h"

namespace millrace {

void write_key_text(const std::vector<const Column*>& columns, uint32_t row, ByteBuffer& out) {
  if (columns.size() == 1 && columns[0]->type == Type::kText && columns[0]->valid(row)) {
    return out.append(columns[0]->texts[columns[0]->constant ? 0 : row]);
  }
  if (columns.size() != 1) out.append('[');
  for (size_t i = 0; i < columns.size(); ++i) {
    if (i) out.append(',');
    write_json_cell(*columns[i], row, out);
  }
  if (columns.size() != 1) out.append(']');
}

std::string key_text(const std::vector<const Column*>& columns, uint32_t row) {
  ByteBuffer out;
  write_key_text(columns, row, out);
  return std::string(out.view());
}

}  // namespace millrace
