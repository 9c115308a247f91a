#pragma once

/// Conditions that choose rows without a column of bools in between: the commonest filters, a text
/// against a constant. Private to this room.

#include <optional>

#include "functions/function.h"

namespace millrace {

/// = and <> of texts.
bool selects_texts(const Function& function);
/// The rows of the call for which `function`, one that selects_texts, is `wanted`: written to
/// `out`, which has room for all, and counted. Nothing: no constant is compared with.
std::optional<uint32_t> select_texts(const Function& function, const KernelCall& call, bool wanted,
                                     uint32_t* out);

/// `test(row)` for every row, those chosen written to `out` and counted.
template <class Test>
uint32_t select_where(Selection rows, uint32_t* out, Test test) {
  uint32_t count = 0;
  if (!rows.rows) {
    for (uint32_t row = 0; row < rows.count; ++row) {
      out[count] = row;
      count += test(row);
    }
    return count;
  }
  for (uint32_t i = 0; i < rows.count; ++i) {
    const uint32_t row = rows.rows[i];
    out[count] = row;
    count += test(row);
  }
  return count;
}

}  // namespace millrace
