// Any text as an expression: an error or a program that can be evaluated, within 100 ms (20 times
// that with the sanitizers and the coverage of this build; compile_test.cc measures without them).
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "columns/array.h"
#include "expr/compile.h"

namespace {

/// Compiles, and ends the process where that takes more processor time than a text may take.
millrace::Compiled<millrace::Program> compiled_in_time(std::string_view text,
                                                       const millrace::Schema& schema) {
  constexpr double kLimitSeconds = 0.1, kSanitizers = 20;
  const std::clock_t start = std::clock();
  auto program = millrace::compile_expression(text, schema);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  if (seconds <= kLimitSeconds * kSanitizers) return program;
  std::fprintf(stderr, "an expression took %.1f s to compile\n", seconds);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  static const Schema schema({{"b", Type::kBool},
                              {"i", Type::kInt8},
                              {"f", Type::kFloat8},
                              {"t", Type::kText},
                              {"w", Type::kTimestamptz},
                              {"j", Type::kJsonb},
                              {"a", millrace::array_of(Type::kText)}});
  auto program = compiled_in_time({reinterpret_cast<const char*>(data), size}, schema);
  if (!program) return 0;
  constexpr uint32_t kFields = 7;
  Column columns[kFields];
  const Column* pointers[kFields];
  Column elements;
  elements.reset(Type::kText, 1);
  elements.texts[0] = "a";
  std::string array;
  pack_array(elements, array);
  for (uint32_t k = 0; k < kFields; ++k) {
    columns[k].reset(schema[k].type, 3);
    for (size_t row = 0; row < 3; ++row) {
      if (is_array(schema[k].type)) {
        columns[k].texts[row] = array;
        continue;
      }
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
