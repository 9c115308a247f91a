// Any text as an expression: an error or a program that can be evaluated. Neither the one nor the
// other takes more than 100 ms (x20 with the sanitizers of this build); a minute's worst is told.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "columns/array.h"
#include "expr/compile.h"

namespace {

/// Ends the process where the time since it was made is more than an expression may take.
class Limit {
 public:
  ~Limit() {
    using std::chrono::duration_cast;
    const auto took =
        duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start_);
    constexpr int64_t kLimitMs = 100, kSanitizers = 20;
    if (took.count() <= kLimitMs * kSanitizers) return;
    std::fprintf(stderr, "an expression took %lld ms\n", static_cast<long long>(took.count()));
    std::abort();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

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
  const Limit limit;
  auto program = compile_expression({reinterpret_cast<const char*>(data), size}, schema);
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
      switch (schema[k].type) {
        case Type::kBool: columns[k].bools[row] = row & 1; break;
        case Type::kFloat8: columns[k].floats[row] = row == 1 ? -1e308 : 0.5; break;
        case Type::kText: columns[k].texts[row] = row == 1 ? "" : "12"; break;
        case Type::kJsonb: columns[k].texts[row] = "{\"a\":1}"; break;
        case array_of(Type::kText): columns[k].texts[row] = array; break;
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
