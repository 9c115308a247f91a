#include "nodes/row_headers.h"

#include <cstring>

#include "nodes/late_rows.h"

namespace millrace {
namespace {

constexpr std::string_view kOperator = "millrace.operator", kReason = "millrace.reason";

/// Of R13's fields those that the message does not have anyway, as its key and its time.
bool is_told(std::string_view field) { return field != "#key" && field != "#event_time"; }

mr_span moved(mr_span span, uint64_t begin) {
  if (span.len != MR_NULL_LEN) span.off -= static_cast<uint32_t>(begin);
  return span;
}

}  // namespace

bool RowHeaders::explains(Port port) {
  return port == Port::kLate || port == Port::kErrors || port == Port::kGaps;
}

void RowHeaders::start(uint32_t rows) {
  ends_.resize(rows);
  headers_.clear();
  bytes_.clear();
}

void RowHeaders::add(uint32_t i, const Input& input, const Rows& rows, uint32_t row) {
  if (rows.batch && input.node->shape(input.port).has_bytes)
    add_own(rows.batch, rows.origin_of(row));
  if (explains(input.port)) explain(input, rows, row);
  ends_[i] = {headers_.size(), bytes_.size()};
}

void RowHeaders::add_own(const BatchRef& batch, uint32_t record) {
  for (const mr_header& one : batch.headers(record))
    put(batch.header_text(one.name), batch.header_text(one.value));
}

void RowHeaders::explain(const Input& input, const Rows& rows, uint32_t row) {
  put(kOperator, input.node->name());
  const Schema& schema = input.node->shape(input.port).schema;
  if (input.port == Port::kLate) {
    const uint32_t first = schema.size() - static_cast<uint32_t>(std::size(kLateContext));
    for (uint32_t k = 0; k < std::size(kLateContext); ++k) {
      if (!is_told(kLateContext[k])) continue;
      add_cell("millrace." + std::string(kLateContext[k].substr(1)), *rows.columns[first + k], row);
    }
  } else if (const auto reason = schema.find("reason")) {
    add_cell(kReason, *rows.columns[*reason], row);
  }
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
