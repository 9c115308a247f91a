#pragma once

/// Decodes records with every kernel of simdjson that this processor runs, and demands that they
/// agree. Records lie as in a batch: 64 readable bytes behind each, here the worst ones.

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "columns/array_text.h"
#include "columns/json_decode.h"
#include "columns/json_encode.h"

namespace millrace {

inline WantedField want(std::string_view path, Type type, CellFormat format = CellFormat::kTyped) {
  return {split_path(path), type, format};
}

using Kernel = const simdjson::implementation*;

/// The kernels that this processor runs. The plain one, `fallback`, only if there is no other.
inline const std::vector<Kernel>& kernels() {
  static const std::vector<Kernel> all = [] {
    std::vector<Kernel> out;
    for (Kernel kernel : simdjson::get_available_implementations()) {
      if (kernel->supported_by_runtime_system() && kernel->name() != "fallback")
        out.push_back(kernel);
    }
    if (out.empty()) out.push_back(simdjson::get_active_implementation());
    return out;
  }();
  return all;
}

/// Decoders whose first call comes while this lives use `kernel` for good.
class KernelChoice {
 public:
  explicit KernelChoice(Kernel kernel) : before_(simdjson::get_active_implementation()) {
    simdjson::get_active_implementation() = kernel;
  }
  ~KernelChoice() { simdjson::get_active_implementation() = before_; }
  KernelChoice(const KernelChoice&) = delete;

 private:
  Kernel before_;
};

/// Copies of texts with 64 bytes of structure behind them that nobody may take for content.
class Padded {
 public:
  std::string_view add(std::string_view text) {
    constexpr size_t kPadding = 64;
    auto& bytes = all_.emplace_back(new char[text.size() + kPadding]);
    std::memcpy(bytes.get(), text.data(), text.size());
    for (size_t i = 0; i < kPadding; ++i) bytes[text.size() + i] = "\"}],{\"a\":1"[i % 10];
    return {bytes.get(), text.size()};
  }

 private:
  std::deque<std::unique_ptr<char[]>> all_;
};

/// `NULL`, `MISMATCH`, or the value; texts in single quotes.
inline std::string cell_text(const Column& column, size_t row) {
  if (column.cell(row) == kNull) return "NULL";
  if (column.cell(row) == kMismatch) return "MISMATCH";
  if (is_array(column.type)) {
    ByteBuffer out;
    write_array_text(column, row, out);
    return std::string(out.view());
  }
  switch (column.type) {
    case Type::kBool: return column.bools[row] ? "true" : "false";
    case Type::kFloat8: {
      char text[40];
      std::snprintf(text, sizeof text, "%.17g", column.floats[row]);
      return text;
    }
    case Type::kText: return "'" + std::string(column.texts[row]) + "'";
    case Type::kJsonb: return std::string(column.texts[row]);
    default: return std::to_string(column.ints[row]);
  }
}

using Cells = std::vector<std::string>;

struct Decoded {
  std::vector<Cells> rows;           ///< A broken row is {"BROKEN"}.
  std::vector<std::string> reasons;  ///< By row; empty where it is not broken.
};

inline Decoded decode_with(JsonDecoder& decoder, size_t fields,
                           const std::vector<std::string>& records) {
  Padded padded;
  std::vector<std::string_view> values;
  for (const std::string& record : records) values.push_back(padded.add(record));
  std::vector<Column> columns(fields);
  std::vector<BrokenValue> broken;
  decoder.decode(values, columns, broken);
  Decoded out{std::vector<Cells>(records.size()), std::vector<std::string>(records.size())};
  for (const BrokenValue& one : broken) {
    EXPECT_FALSE(one.reason.empty());
    EXPECT_TRUE(out.reasons.at(one.row).empty()) << "told twice";
    out.reasons.at(one.row) = one.reason;
  }
  for (size_t row = 0; row < records.size(); ++row) {
    for (const Column& column : columns) {
      out.rows[row].push_back(cell_text(column, row));
      if (!out.reasons[row].empty()) {
        EXPECT_EQ(out.rows[row].back(), "NULL") << "a broken record has no values";
      }
    }
    if (!out.reasons[row].empty()) out.rows[row] = {"BROKEN"};
  }
  return out;
}

inline Decoded decode(const std::vector<WantedField>& wanted,
                      const std::vector<std::string>& records) {
  std::optional<Decoded> first;
  for (Kernel kernel : kernels()) {
    const KernelChoice choice(kernel);
    const auto decoder = make_json_decoder(wanted);
    Decoded out = decode_with(*decoder, wanted.size(), records);
    if (!first) {
      first = std::move(out);
      continue;
    }
    EXPECT_EQ(out.rows, first->rows)
        << kernel->name() << " and " << kernels()[0]->name() << " disagree";
  }
  return *std::move(first);
}

inline Cells decode_one(const std::vector<WantedField>& wanted, const std::string& record) {
  return decode(wanted, {record}).rows[0];
}

/// The cell that the member `v` of `{"v":VALUE}` becomes.
inline std::string cell_of(Type type, const std::string& value,
                           CellFormat format = CellFormat::kTyped) {
  return decode_one({want("v", type, format)}, "{\"v\":" + value + "}").at(0);
}

}  // namespace millrace
