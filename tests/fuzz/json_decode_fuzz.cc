// Any bytes as a record: what is decoded can be written, and decoding again gives the same.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "columns/json_decode.h"
#include "columns/json_encode.h"
#include "columns/json_infer.h"

namespace {

std::string decoded(millrace::JsonDecoder& decoder, std::string_view value) {
  using namespace millrace;
  std::vector<Column> columns(7);
  std::vector<BrokenValue> broken;
  decoder.decode({&value, 1}, columns, broken);
  if (!broken.empty()) return "broken";
  ByteBuffer out;
  for (const Column& column : columns) {
    out.append(static_cast<char>('0' + column.cell(0)));
    write_json_cell(column, 0, out);
  }
  return std::string(out.view());
}

std::vector<millrace::WantedField> wanted() {
  using namespace millrace;
  return {{{"a"}, Type::kInt8, CellFormat::kTyped},
          {{"b"}, Type::kText, CellFormat::kTyped},
          {{"c"}, Type::kFloat8, CellFormat::kTyped},
          {{"d", "e"}, Type::kBool, CellFormat::kTyped},
          {{"d"}, Type::kJsonb, CellFormat::kTyped},
          {{"timestamp"}, Type::kTimestamptz, CellFormat::kTimeSeconds},
          {{"b"}, Type::kInt4, CellFormat::kText}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto decoder = millrace::make_json_decoder(wanted());
  std::string padded(reinterpret_cast<const char*>(data), size);
  padded.resize(size + 64);
  const std::string_view value(padded.data(), size);
  if (decoded(*decoder, value) != decoded(*decoder, value)) __builtin_trap();
  std::vector<std::string_view> elements;
  (void)decoder->split_array(value, elements);
  (void)decoder->validate(value);
  millrace::SchemaSample sample;
  sample.add(value, false);
  (void)sample.schema();
  return 0;
}
