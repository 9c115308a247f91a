// Any text as an expression: an error or a program that can be evaluated.
#include <cstddef>
#include <cstdint>

#include "expr/compile.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  static const Schema schema({{"b", Type::kBool},
                              {"i", Type::kInt8},
                              {"f", Type::kFloat8},
                              {"t", Type::kText},
                              {"w", Type::kTimestamptz},
                              {"j", Type::kJsonb}});
  auto program = compile_expression({reinterpret_cast<const char*>(data), size}, schema);
  if (!program) return 0;
  Column columns[6];
  const Column* pointers[6];
  for (uint32_t k = 0; k < 6; ++k) {
    columns[k].reset(schema[k].type, 3);
    for (size_t row = 0; row < 3; ++row) {
      switch (schema[k].type) {
        case Type::kBool: columns[k].bools[row] = row & 1; break;
        case Type::kFloat8: columns[k].floats[row] = row == 1 ? -1e308 : 0.5; break;
        case Type::kText: columns[k].texts[row] = row == 1 ? "" : "12"; break;
        case Type::kJsonb: columns[k].texts[row] = "{\"a\":1}"; break;
        default: columns[k].ints[row] = row == 1 ? INT64_MIN : 7; break;
      }
    }
    columns[k].set_cell(2, kNull, 3);
    pointers[k] = &columns[k];
  }
  Scratch scratch;
  RowErrors errors;
  errors.start(3);
  (void)evaluate(*program, {pointers, 3}, Selection::all(3), scratch, errors);
  return 0;
}
