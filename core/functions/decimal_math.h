#pragma once

/// Arithmetic of numeric with PostgreSQL's result scales. Operands are canonical texts
/// (columns/decimal.h), results are made in `arena`. Up to 37 digits everything is done in 128
/// bits and nothing is allocated; beyond that in Natural.
/// Threads: any, with an arena each.

#include <cstdint>
#include <string_view>

#include "columns/decimal.h"

namespace millrace {

enum class MathFault : uint8_t { kNone, kDivisionByZero, kOverflow, kNegativeRoot };

using NumericOp = std::string_view (*)(std::string_view a, std::string_view b, ByteArena& arena,
                                       MathFault& fault);

std::string_view add_numeric(std::string_view a, std::string_view b, ByteArena&, MathFault&);
std::string_view subtract_numeric(std::string_view a, std::string_view b, ByteArena&, MathFault&);
std::string_view multiply_numeric(std::string_view a, std::string_view b, ByteArena&, MathFault&);
/// At least 16 significant digits, halves away from zero.
std::string_view divide_numeric(std::string_view a, std::string_view b, ByteArena&, MathFault&);
/// The quotient cut to a whole number.
std::string_view whole_quotient(std::string_view a, std::string_view b, ByteArena&, MathFault&);
/// The remainder with the sign of `a`.
std::string_view modulo_numeric(std::string_view a, std::string_view b, ByteArena&, MathFault&);
std::string_view negate_numeric(std::string_view a, ByteArena& arena);
std::string_view absolute_numeric(std::string_view a);
/// The square root of a number that is not negative, to so many digits behind the point.
std::string_view root_to_scale(std::string_view a, int32_t scale, ByteArena& arena);
std::string_view root_numeric(std::string_view a, ByteArena& arena, MathFault& fault);

/// How the digits behind the wanted place go.
enum class Rounding : uint8_t { kHalfAway, kTowardZero, kUp, kDown };
/// To `places` behind the point (negative: in front of it); the result has as many.
std::string_view round_numeric(std::string_view a, int32_t places, Rounding rounding,
                               ByteArena& arena);

/// Digits behind the point.
int32_t scale_of(std::string_view value);

/// value / 10^scale.
std::string_view numeric_of_int(int64_t value, int32_t scale, ByteArena& arena);
/// Halves away from zero; false: not finite, or beyond int64.
bool numeric_to_int(std::string_view value, int64_t& out);

}  // namespace millrace
