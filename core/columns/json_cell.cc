#include "columns/json_cell.h"

#include <simdjson.h>

#include <charconv>
#include <cstring>

#include "columns/array_cell.h"
#include "columns/cell_parse.h"
#include "columns/decimal.h"
#include "columns/interval.h"

namespace millrace {
namespace {

/// Short integers are most of what streams hold; anything else goes the exact way.
bool parse_short_int(std::string_view token, int64_t& out) {
  constexpr size_t kSurelyFits = 18;
  const bool negative = !token.empty() && token[0] == '-';
  const size_t first = negative ? 1 : 0;
  const size_t digits = token.size() - first;
  if (digits == 0 || digits > kSurelyFits || (digits > 1 && token[first] == '0')) return false;
  int64_t value = 0;
  for (size_t i = first; i < token.size(); ++i) {
    const auto digit = static_cast<unsigned>(token[i] - '0');
    if (digit > 9) return false;
    value = value * 10 + digit;
  }
  out = negative ? -value : value;
  return true;
}

int time_scale(CellFormat format) {
  switch (format) {
    case CellFormat::kTimeSeconds: return 6;
    case CellFormat::kTimeMillis: return 3;
    case CellFormat::kTimeNanos: return -3;
    default: return 0;
  }
}

/// A number of units as microseconds, toward minus infinity.
std::optional<int64_t> parse_time(std::string_view text, int scale) {
  int64_t whole = 0;
  if (scale < 0 || !parse_short_int(text, whole)) return decimal_to_int(text, scale, false);
  const int64_t factor = scale == 6 ? 1'000'000 : scale == 3 ? 1'000 : 1;
  int64_t micros = 0;
  if (__builtin_mul_overflow(whole, factor, &micros)) return std::nullopt;
  return micros;
}

/// A value that is read must be good JSON even where its type does not fit.
Parsed checked_mismatch(std::string_view raw, bool number) {
  return number && !is_json_number(raw) ? Parsed::kBroken : Parsed::kMismatch;
}

bool store_parsed_interval(std::string_view text, Column& column, size_t row) {
  IntervalValue value;
  if (parse_interval(text, value) != DatetimeFault::kNone) return false;
  column.texts[row] = store_interval(value, column.bytes.allocate(sizeof(value)));
  return true;
}

Parsed take_number(std::string_view raw, Column& column, size_t row) {
  if (column.type == Type::kFloat8) {
    if (!is_json_number(raw)) return Parsed::kBroken;
    const auto [end, ec] = std::from_chars(raw.data(), raw.data() + raw.size(), column.floats[row]);
    return ec == std::errc() ? Parsed::kOk : Parsed::kMismatch;
  }
  if (column.type == Type::kNumeric) {
    if (!is_json_number(raw)) return Parsed::kBroken;
    const NumberFault fault = parse_numeric(raw, column.bytes, column.texts[row]);
    return fault == NumberFault::kNone ? Parsed::kOk : Parsed::kMismatch;
  }
  int64_t parsed = 0;
  if (!parse_short_int(raw, parsed)) {
    if (!is_json_number(raw)) return Parsed::kBroken;
    const auto exact = decimal_to_int(raw, 0, true);
    if (!exact) return Parsed::kMismatch;
    parsed = *exact;
  }
  if (column.type == Type::kInt4 && parsed != static_cast<int32_t>(parsed))
    return Parsed::kMismatch;
  column.ints[row] = parsed;
  return Parsed::kOk;
}

/// What all readers of one cell need.
struct Token {
  const JsonTokens& tokens;
  uint32_t i;
  std::string_view raw;
  bool number;
  Column& column;
  size_t row;

  bool is_string() const { return !raw.empty() && raw[0] == '"'; }

  /// The text of a JSON string: a view where it holds no escape, else unescaped into the column.
  Parsed text(std::string_view& out) const {
    if (raw.size() < 2 || raw.back() != '"') return Parsed::kBroken;
    out = raw.substr(1, raw.size() - 2);
    if (std::memchr(out.data(), '\\', out.size()) == nullptr) return Parsed::kOk;
    const size_t room = out.size() + kUnescapeRoom;
    char* to = column.bytes.allocate(room);
    const char* end = tokens.unescape(i, to);
    if (!end) return Parsed::kBroken;
    out = {to, static_cast<size_t>(end - to)};
    column.bytes.give_back(room - out.size());
    return Parsed::kOk;
  }
};

Parsed take_jsonb(const Token& cell) {
  if (cell.number && !is_json_number(cell.raw)) return Parsed::kBroken;
  std::string_view checked;
  if (cell.is_string() && cell.text(checked) == Parsed::kBroken) return Parsed::kBroken;
  // A value that is read is checked inside too (R46).
  if (cell.raw[0] == '[' && !is_json(cell.raw)) return Parsed::kBroken;
  cell.column.texts[cell.row] = cell.raw;
  return Parsed::kOk;
}

Parsed take_timestamp(const Token& cell) {
  if (!cell.is_string()) return checked_mismatch(cell.raw, cell.number);
  std::string_view text;
  if (cell.text(text) == Parsed::kBroken) return Parsed::kBroken;
  const auto time = parse_rfc3339(text);
  if (!time) return Parsed::kMismatch;
  cell.column.ints[cell.row] = *time;
  return Parsed::kOk;
}

/// date, timestamp and interval are strings with PostgreSQL's text input.
Parsed take_quoted(const Token& cell) {
  if (!cell.is_string()) return checked_mismatch(cell.raw, cell.number);
  std::string_view text;
  if (cell.text(text) == Parsed::kBroken) return Parsed::kBroken;
  return cell_from_text(text, cell.column, cell.row) ? Parsed::kOk : Parsed::kMismatch;
}

Parsed take_time(const Token& cell, CellFormat format) {
  std::string_view text = cell.raw;
  if (cell.is_string()) {
    if (cell.text(text) == Parsed::kBroken) return Parsed::kBroken;
  } else if (!cell.number) {
    return Parsed::kMismatch;
  } else if (!is_json_number(cell.raw)) {
    return Parsed::kBroken;
  }
  const auto time = format == CellFormat::kTimeRfc3339
                        ? (cell.number ? std::nullopt : parse_rfc3339(text))
                        : parse_time(text, time_scale(format));
  if (!time || *time < kTimestamptzMin || *time >= kTimestamptzEnd) return Parsed::kMismatch;
  cell.column.ints[cell.row] = *time;
  return Parsed::kOk;
}

Parsed take_typed(const Token& cell) {
  const char first = cell.raw[0];
  switch (cell.column.type) {
    case Type::kText:
      if (!cell.is_string()) return checked_mismatch(cell.raw, cell.number);
      return cell.text(cell.column.texts[cell.row]);
    case Type::kBool:
      if (first != 't' && first != 'f') return checked_mismatch(cell.raw, cell.number);
      cell.column.bools[cell.row] = first == 't';
      return Parsed::kOk;
    case Type::kJsonb: return take_jsonb(cell);
    case Type::kTimestamptz: return take_timestamp(cell);
    case Type::kDate:
    case Type::kTimestamp:
    case Type::kInterval: return take_quoted(cell);
    default:
      if (is_array(cell.column.type)) return checked_mismatch(cell.raw, cell.number);
      return cell.number ? take_number(cell.raw, cell.column, cell.row)
                         : checked_mismatch(cell.raw, cell.number);
  }
}

/// True if the token can begin a JSON value; literals are compared whole.
bool is_value(std::string_view raw, bool number) {
  switch (raw.empty() ? '\0' : raw[0]) {
    case '"':
    case '[': return true;
    case 'n': return raw == "null";
    case 't': return raw == "true";
    case 'f': return raw == "false";
    default: return number;
  }
}

}  // namespace

bool is_json(std::string_view text) {
  constexpr size_t kCapacity = 64 * 1024, kDepth = 100'000;  // As deep as a record may be.
  static thread_local simdjson::dom::parser parser;
  if (parser.max_depth() < kDepth && parser.allocate(kCapacity, kDepth)) return false;
  simdjson::dom::element element;
  return !parser.parse(text.data(), text.size(), true).get(element);
}

bool cell_from_text(std::string_view text, Column& column, size_t row) {
  if (is_array(column.type)) return array_cell_from_text(text, column, row);
  switch (column.type) {
    case Type::kText: column.texts[row] = text; return true;
    case Type::kJsonb: column.texts[row] = trim_blanks(text); return is_json(text);
    case Type::kBool: {
      const auto parsed = text_to_bool(text);
      if (parsed) column.bools[row] = *parsed;
      return parsed.has_value();
    }
    case Type::kFloat8: {
      const auto parsed = text_to_float8(text);
      if (parsed) column.floats[row] = *parsed;
      return parsed.has_value();
    }
    case Type::kTimestamptz: {
      const auto parsed = text_to_timestamptz(text);
      if (parsed) column.ints[row] = *parsed;
      return parsed.has_value();
    }
    case Type::kNumeric:
      return parse_numeric(text, column.bytes, column.texts[row]) == NumberFault::kNone;
    case Type::kDate: return parse_date(text, column.ints[row]) == DatetimeFault::kNone;
    case Type::kTimestamp: return parse_timestamp(text, column.ints[row]) == DatetimeFault::kNone;
    case Type::kInterval: return store_parsed_interval(text, column, row);
    case Type::kInt4:
    case Type::kInt8: {
      const auto parsed = text_to_int8(text);
      const bool fits =
          parsed && (column.type == Type::kInt8 || *parsed == static_cast<int32_t>(*parsed));
      if (fits) column.ints[row] = *parsed;
      return fits;
    }
  }
  return false;
}

Parsed read_cell(const JsonTokens& tokens, uint32_t i, std::string_view raw, CellFormat format,
                 Column& column, size_t row) {
  const bool number = !raw.empty() && (raw[0] == '-' || (raw[0] >= '0' && raw[0] <= '9'));
  if (!is_value(raw, number)) return Parsed::kBroken;
  if (raw[0] == 'n') return Parsed::kNull;
  const Token cell{tokens, i, raw, number, column, row};
  if (format >= CellFormat::kTimeSeconds) return take_time(cell, format);
  if (is_array(column.type) && raw[0] == '[') return read_json_array(tokens, i, raw, column, row);
  if (format != CellFormat::kText || !cell.is_string()) return take_typed(cell);
  std::string_view text;
  if (cell.text(text) == Parsed::kBroken) return Parsed::kBroken;
  return cell_from_text(text, column, row) ? Parsed::kOk : Parsed::kMismatch;
}

}  // namespace millrace
