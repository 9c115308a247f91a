#pragma once

/// Exact decimals (numeric). A cell is the number's text as PostgreSQL writes it: `-12.50`, digits
/// behind the point kept, no exponent, no leading zeros, no minus on zero; or `NaN`, `Infinity`,
/// `-Infinity`. So decoding and writing a decimal that nothing computes with copies nothing, and
/// equal values differ in trailing zeros only. Arithmetic is in expr/decimal_math.h.
/// Pure functions; threads: any.

#include <string_view>

#include "columns/column.h"
#include "columns/number_text.h"

namespace millrace {

/// PostgreSQL's limits: digits in front of and behind the point.
inline constexpr size_t kNumericWholeMax = 131072, kNumericScaleMax = 16383;

/// PostgreSQL's text input of numeric: blanks around, a sign, an exponent, NaN and infinities.
/// `value` is `text` itself where that is canonical, else made in `arena`.
NumberFault parse_numeric(std::string_view text, ByteArena& arena, std::string_view& value);

/// <0, 0, >0 of two canonical texts. NaN equals NaN and is above Infinity, which is above the rest.
int compare_numeric(std::string_view a, std::string_view b);

/// The shortest canonical text of the same value.
std::string_view without_trailing_zeros(std::string_view value);

/// False for NaN and the infinities.
inline bool is_finite_numeric(std::string_view value) { return value.back() <= '9'; }

}  // namespace millrace
