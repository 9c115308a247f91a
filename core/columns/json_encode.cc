#include "columns/json_encode.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/time.h"
#include "columns/array.h"
#include "columns/array_text.h"
#include "columns/decimal.h"
#include "columns/interval.h"

namespace millrace {
namespace {

/// True for bytes that JSON strings may hold as they are: printable ASCII but " and backslash.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (int c = 0x20; c < 0x80; ++c) plain[static_cast<size_t>(c)] = c != '"' && c != '\\';
  return plain;
}();

/// Length of the valid UTF-8 sequence at `at`, or 0.
size_t utf8_length(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const size_t left = text.size() - at;
  const auto continued = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  if (byte(0) >= 0xC2 && byte(0) <= 0xDF) return left >= 2 && continued(1) ? 2 : 0;
  if (byte(0) >= 0xE0 && byte(0) <= 0xEF) {
    if (left < 3 || !continued(1) || !continued(2)) return 0;
    if (byte(0) == 0xE0 && byte(1) < 0xA0) return 0;
    if (byte(0) == 0xED && byte(1) > 0x9F) return 0;
    return 3;
  }
  if (byte(0) >= 0xF0 && byte(0) <= 0xF4) {
    if (left < 4 || !continued(1) || !continued(2) || !continued(3)) return 0;
    if (byte(0) == 0xF0 && byte(1) < 0x90) return 0;
    if (byte(0) == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

char* write_escape(unsigned char c, char* out) {
  *out++ = '\\';
  switch (c) {
    case '"': *out++ = '"'; return out;
    case '\\': *out++ = '\\'; return out;
    case '\b': *out++ = 'b'; return out;
    case '\f': *out++ = 'f'; return out;
    case '\n': *out++ = 'n'; return out;
    case '\r': *out++ = 'r'; return out;
    case '\t': *out++ = 't'; return out;
    default: break;
  }
  constexpr char kHex[] = "0123456789abcdef";
  std::memcpy(out, "u00", 3);
  out[3] = kHex[c >> 4];
  out[4] = kHex[c & 15];
  return out + 5;
}

void write_csv_text(std::string_view text, ByteBuffer& out) {
  const bool quoted = text.empty() || text.find_first_of(",\"\r\n") != std::string_view::npos ||
                      text.front() == ' ' || text.back() == ' ';
  if (!quoted) return out.append(text);
  out.append('"');
  for (char c : text) {
    if (c == '"') out.append('"');
    out.append(c);
  }
  out.append('"');
}

}  // namespace

void ByteBuffer::grow(size_t more) {
  const size_t size = size_ + more;
  bytes_.resize(size < 4096 ? 4096 : size + size / 2);
}

void ByteBuffer::append(std::string_view text) {
  char* at = room(text.size());
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  size_ += text.size();
}

bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = static_cast<unsigned char>(text[i]) < 0x80 ? 1 : utf8_length(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

void write_base64(std::string_view bytes, ByteBuffer& out) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](size_t k) -> unsigned {
      return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0;
    };
    const unsigned word = byte(0) << 16 | byte(1) << 8 | byte(2);
    out.append(kDigits[word >> 18]);
    out.append(kDigits[word >> 12 & 63]);
    out.append(i + 1 < bytes.size() ? kDigits[word >> 6 & 63] : '=');
    out.append(i + 2 < bytes.size() ? kDigits[word & 63] : '=');
  }
}

void write_json_string(std::string_view text, ByteBuffer& out) {
  constexpr size_t kLongestEscape = 6;
  char* at = out.room(text.size() * kLongestEscape + 2);
  *at++ = '"';
  for (size_t i = 0; i < text.size();) {
    size_t plain = i;
    while (plain < text.size() && kPlain[static_cast<unsigned char>(text[plain])]) ++plain;
    std::memcpy(at, text.data() + i, plain - i);
    at += plain - i;
    i = plain;
    if (i == text.size()) break;
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      at = c == 0x7F ? (*at = 0x7F, at + 1) : write_escape(c, at);
      ++i;
    } else if (const size_t length = utf8_length(text, i)) {
      std::memcpy(at, text.data() + i, length);
      at += length;
      i += length;
    } else {
      std::memcpy(at, "\xEF\xBF\xBD", 3);
      at += 3;
      ++i;
    }
  }
  *at++ = '"';
  out.advance_to(at);
}

void write_int(int64_t value, ByteBuffer& out) {
  constexpr size_t kLongest = 20;
  char* at = out.room(kLongest);
  out.advance_to(std::to_chars(at, at + kLongest, value).ptr);
}

void write_float8(double value, ByteBuffer& out) {
  if (std::isnan(value)) return out.append("\"NaN\"");
  if (std::isinf(value)) return out.append(value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  constexpr size_t kLongest = 32;
  char* at = out.room(kLongest);
  out.advance_to(std::to_chars(at, at + kLongest, value).ptr);
}

void write_raw_json(std::string_view text, ByteBuffer& out) {
  // A raw line end can only stand between tokens: inside strings JSON forbids it.
  if (std::memchr(text.data(), '\n', text.size()) == nullptr &&
      std::memchr(text.data(), '\r', text.size()) == nullptr) {
    return out.append(text);
  }
  for (char c : text) {
    if (c != '\n' && c != '\r') out.append(c);
  }
}

void write_json_array(std::string_view array, Type element, ByteBuffer& out) {
  static thread_local Column elements;
  elements.reset(element, 0);
  unpack_array(array, elements);
  out.append('[');
  for (size_t i = 0; i < elements.size(); ++i) {
    if (i > 0) out.append(',');
    write_json_cell(elements, i, out);
  }
  out.append(']');
}

void write_json_cell(const Column& column, size_t row, ByteBuffer& out) {
  if (!column.valid(row)) return out.append("null");
  const size_t i = column.constant ? 0 : row;
  if (is_array(column.type)) return write_json_array(column.texts[i], element_of(column.type), out);
  constexpr size_t kLongest = 2 + kIntervalTextMax;
  const auto quoted = [&](auto write) {
    char* at = out.room(kLongest);
    *at++ = '"';
    at = write(at);
    *at++ = '"';
    out.advance_to(at);
  };
  switch (column.type) {
    case Type::kBool: return out.append(column.bools[i] ? "true" : "false");
    case Type::kInt4:
    case Type::kInt8: return write_int(column.ints[i], out);
    case Type::kFloat8: return write_float8(column.floats[i], out);
    case Type::kText: return write_json_string(column.texts[i], out);
    case Type::kJsonb: return write_raw_json(column.texts[i], out);
    case Type::kTimestamptz:
      return quoted([&](char* at) { return write_rfc3339(column.ints[i], at); });
    case Type::kTimestamp:  // RFC 3339 but for its Z: no zone is known.
      return quoted([&](char* at) { return write_rfc3339(column.ints[i], at) - 1; });
    case Type::kDate: return quoted([&](char* at) { return at + format_date(column.ints[i], at); });
    case Type::kInterval:
      return quoted(
          [&](char* at) { return at + format_interval(interval_of(column.texts[i]), at); });
    case Type::kNumeric:
      if (is_finite_numeric(column.texts[i])) return out.append(column.texts[i]);
      return write_json_string(column.texts[i], out);
  }
}

JsonRowEncoder::JsonRowEncoder(const std::vector<std::string>& names,
                               const std::vector<std::string>& omitted_when_null) {
  for (const std::string& name : names) {
    ByteBuffer head;
    write_json_string(name, head);
    head.append(':');
    heads_.emplace_back(head.view());
    omits_null_.push_back(std::find(omitted_when_null.begin(), omitted_when_null.end(), name) !=
                          omitted_when_null.end());
  }
}

void JsonRowEncoder::write(const Column* const* columns, size_t row, ByteBuffer& out) const {
  char before = '{';
  for (size_t i = 0; i < heads_.size(); ++i) {
    if (omits_null_[i] && !columns[i]->valid(row)) continue;
    out.append(before);
    before = ',';
    out.append(heads_[i]);
    write_json_cell(*columns[i], row, out);
  }
  if (before == '{') out.append(before);
  out.append('}');
}

std::string CsvRowEncoder::header(const std::vector<std::string>& names) {
  ByteBuffer out;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i) out.append(',');
    write_csv_text(names[i], out);
  }
  return std::string(out.view());
}

void CsvRowEncoder::write(const Column* const* columns, size_t count, size_t row, ByteBuffer& out) {
  ByteBuffer cell;
  for (size_t i = 0; i < count; ++i) {
    if (i) out.append(',');
    const Column& column = *columns[i];
    if (!column.valid(row)) continue;
    if (column.type == Type::kText || column.type == Type::kJsonb) {
      write_csv_text(column.texts[column.constant ? 0 : row], out);
      continue;
    }
    cell.clear();
    if (is_array(column.type)) {
      write_array_text(column, row, cell);
      write_csv_text(cell.view(), out);
      continue;
    }
    write_json_cell(column, row, cell);
    std::string_view text = cell.view();
    if (text.front() == '"') text = text.substr(1, text.size() - 2);
    out.append(text);
  }
}

}  // namespace millrace
