#pragma once

/// The input of this folder's programs: a line `name type name type …`, rows as PostgreSQL's COPY
/// writes them, an empty line; then expressions. And cells as JSON strings in PostgreSQL's text
/// form.

#include <istream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "columns/datetime.h"
#include "columns/interval.h"
#include "columns/json_encode.h"
#include "columns/number_text.h"
#include "expr/compile.h"

namespace millrace {

inline std::string quoted(std::string_view text) {
  ByteBuffer out;
  write_json_string(text, out);
  return std::string(out.view());
}

/// COPY's backslash escapes undone; nothing for \N.
inline std::optional<std::string> unescaped(const std::string& cell) {
  if (cell == "\\N") return std::nullopt;
  std::string out;
  for (size_t i = 0; i < cell.size(); ++i) {
    if (cell[i] != '\\' || i + 1 == cell.size()) {
      out += cell[i];
      continue;
    }
    const char c = cell[++i];
    out += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == 'b' ? '\b' : c;
  }
  return out;
}

/// The rows, and the columns that the engine's own casts make of them.
class Table {
 public:
  explicit Table(std::istream& in) {
    std::string line, name, type;
    std::getline(in, line);
    for (std::istringstream words(line); words >> name >> type;) {
      schema_.add(name, type_from_name(type).value());
      texts_.add(name, Type::kText);
    }
    while (std::getline(in, line) && !line.empty()) lines_.push_back(line);
    read_lines();
  }
  /// `count` rows from row `first` on; beyond the last row they begin anew.
  Table(const Table& from, uint32_t first, uint32_t count)
      : schema_(from.schema_), texts_(from.texts_) {
    for (uint32_t i = 0; i < count; ++i) lines_.push_back(from.lines_[(first + i) % from.rows_]);
    read_lines();
  }

  const Schema& schema() const { return schema_; }
  uint32_t rows() const { return rows_; }
  Inputs inputs() const { return {columns_, rows_}; }
  const std::string& fault() const { return fault_; }

 private:
  void read_lines() {
    raw_.resize(schema_.size());
    for (Column& column : raw_) column.reset(Type::kText, 0);
    for (const std::string& line : lines_) add_row(line);
    cast_all();
  }
  void add_row(const std::string& line) {
    std::istringstream cells(line);
    std::string cell;
    for (Column& column : raw_) {
      std::getline(cells, cell, '\t');
      const auto text = unescaped(cell);
      if (!text) {
        column.push_null();
        continue;
      }
      column.texts.push_back(column.bytes.store(*text));
      column.pushed_valid();
    }
    ++rows_;
  }
  void cast_all() {
    std::vector<const Column*> raw;
    for (const Column& column : raw_) raw.push_back(&column);
    for (const Field& field : schema_.fields()) {
      std::string text = field.name;
      text += "::";
      text += type_name(field.type);
      auto program = compile_expression(text, texts_);
      programs_.push_back(std::make_unique<Program>(std::move(program).value()));
      scratches_.push_back(std::make_unique<Scratch>());
      errors_.start(rows_);
      columns_.push_back(&evaluate(*programs_.back(), {raw, rows_}, Selection::all(rows_),
                                   *scratches_.back(), errors_));
      if (!errors_.empty()) fault_ = text + ": " + errors_.list()[0].text;
    }
  }

  Schema schema_, texts_;
  std::vector<std::string> lines_;
  std::vector<Column> raw_;
  std::vector<std::unique_ptr<Program>> programs_;
  std::vector<std::unique_ptr<Scratch>> scratches_;
  std::vector<const Column*> columns_;
  RowErrors errors_;
  std::string fault_;
  uint32_t rows_ = 0;
};

/// jsonb and arrays are written as PostgreSQL does it by a cast: a raw jsonb is as it came.
inline bool needs_cast_to_text(Type type) { return type == Type::kJsonb || is_array(type); }

inline std::string cell_text(const Column& column, uint32_t row) {
  if (!column.valid(row)) return "null";
  const uint32_t at = column.constant ? 0 : row;
  char text[kIntervalTextMax];
  const auto made = [&](size_t size) { return quoted({text, size}); };
  switch (column.type) {
    case Type::kBool: return column.bools[at] ? "\"true\"" : "\"false\"";
    case Type::kInt4:
    case Type::kInt8: return made(format_int(column.ints[at], text));
    case Type::kFloat8: return made(format_float8(column.floats[at], text));
    case Type::kTimestamptz: return made(format_timestamptz(column.ints[at], text));
    case Type::kTimestamp: return made(format_timestamp(column.ints[at], text));
    case Type::kDate: return made(format_date(column.ints[at], text));
    case Type::kInterval: return made(format_interval(interval_of(column.texts[at]), text));
    case Type::kText:
    case Type::kNumeric:
    case Type::kJsonb: return quoted(column.texts[at]);
  }
  return "?";
}

}  // namespace millrace
