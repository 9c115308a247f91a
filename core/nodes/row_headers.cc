#include "nodes/row_headers.h"

#include <cstring>

#include "nodes/late_rows.h"

namespace millrace {
namespace {

/// The hidden field of that name which came last; a visible one may have its name by chance.
std::optional<uint32_t> hidden_field(const Shape& shape, std::string_view name) {
  for (uint32_t i = shape.schema.size(); i-- > shape.visible;) {
    if (shape.schema[i].name == name) return i;
  }
  return std::nullopt;
}

/// Of R13's fields those that the message does not have anyway, as its key and its time.
bool is_told(std::string_view field) { return field != "#key" && field != "#event_time"; }

mr_span moved(mr_span span, uint64_t begin) {
  if (span.len != MR_NULL_LEN) span.off -= static_cast<uint32_t>(begin);
  return span;
}

}  // namespace

RowHeaders::Reasons::Reasons(const Shape& shape) {
  if (!hidden_field(shape, kWhose)) return;
  for (std::string_view name : kLateContext) {
    if (const auto field = is_told(name) ? hidden_field(shape, name) : std::nullopt)
      told_.push_back({"millrace." + std::string(name.substr(1)), *field});
  }
}

void RowHeaders::Reasons::demand(std::vector<bool>& wanted) const {
  for (const Told& one : told_) wanted[one.field] = true;
}

void RowHeaders::start(uint32_t rows) {
  ends_.resize(rows);
  headers_.clear();
  bytes_.clear();
}

void RowHeaders::add(uint32_t i, const Shape& shape, const Reasons& reasons, const Rows& rows,
                     uint32_t row) {
  if (rows.batch && shape.has_bytes) add_own(rows.batch, rows.origin_of(row));
  for (const Reasons::Told& one : reasons.told_)
    add_cell(one.header, *rows.columns[one.field], row);
  ends_[i] = {headers_.size(), bytes_.size()};
}

void RowHeaders::add_own(const BatchRef& batch, uint32_t record) {
  for (const mr_header& one : batch.headers(record))
    put(batch.header_text(one.name), batch.header_text(one.value));
}

/// NULL says nothing: a join has no window.
void RowHeaders::add_cell(std::string_view name, const Column& column, uint32_t row) {
  if (!column.valid(row)) return;
  if (column.type == Type::kText) return put(name, column.texts[row]);
  ByteBuffer text;
  write_json_cell(column, row, text);
  std::string_view shown = text.view();
  if (shown.starts_with('"')) shown = shown.substr(1, shown.size() - 2);
  put(name, shown);
}

void RowHeaders::put(std::string_view name, std::string_view value) {
  const mr_span stored = store(name);
  headers_.push_back({stored, value.data() ? store(value) : mr_span{0, MR_NULL_LEN}});
}

mr_span RowHeaders::store(std::string_view text) {
  const mr_span span{static_cast<uint32_t>(bytes_.size()), static_cast<uint32_t>(text.size())};
  bytes_.append(text);
  return span;
}

void RowHeaders::ask(uint32_t first, uint32_t behind, mr_need& need) const {
  const Places begin = behind_row(first), end = behind_row(behind);
  if (begin.headers == end.headers) return;
  need.columns |= MR_COL_HEADERS;
  need.headers = static_cast<uint32_t>(end.headers - begin.headers);
  need.header_bytes = end.bytes - begin.bytes;
}

void RowHeaders::write(uint32_t first, uint32_t behind, const mr_room& room) const {
  const Places begin = behind_row(first), end = behind_row(behind);
  if (begin.headers == end.headers) return;
  std::memcpy(room.header_bytes, bytes_.data() + begin.bytes, end.bytes - begin.bytes);
  for (uint64_t h = begin.headers; h < end.headers; ++h) {
    room.headers[h - begin.headers] = {moved(headers_[h].name, begin.bytes),
                                       moved(headers_[h].value, begin.bytes)};
  }
  for (uint32_t row = first; row <= behind; ++row)
    room.header_first[row - first] = static_cast<uint32_t>(behind_row(row).headers - begin.headers);
}

}  // namespace millrace
