#include "functions/decimal_math.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>

#include "base/int128.h"
#include "functions/natural.h"

namespace millrace {
namespace {

using View = std::string_view;

constexpr int kSmallDigits = 37;  // 2 * 10^37 still fits int128.

constexpr std::array<int128, kSmallDigits + 2> kPowers = [] {
  std::array<int128, kSmallDigits + 2> powers{};
  powers[0] = 1;
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

/// A finite number taken apart without copying.
struct Parts {
  bool negative;
  View whole, fraction;

  explicit Parts(View text) : negative(text[0] == '-') {
    if (negative) text.remove_prefix(1);
    const size_t point = text.find('.');
    whole = text.substr(0, point);
    if (point != View::npos) fraction = text.substr(point + 1);
  }
  int digits() const { return static_cast<int>(whole.size() + fraction.size()); }
  int scale() const { return static_cast<int>(fraction.size()); }
};

int128 small_of(const Parts& parts) {
  int128 value = 0;
  for (const View digits : {parts.whole, parts.fraction}) {
    for (size_t at = 0; at < digits.size(); at += 18) {
      const View piece = digits.substr(at, 18);
      uint64_t part = 0;
      for (const char c : piece) part = part * 10 + static_cast<uint64_t>(c - '0');
      value = value * kPowers[piece.size()] + static_cast<int128>(part);
    }
  }
  return parts.negative ? -value : value;
}

Natural natural_of(const Parts& parts) {
  std::string digits(parts.whole);
  digits += parts.fraction;
  return Natural::from_digits(digits);
}

/// `digits` (of a natural number) with its point `scale` places from the right.
View place(bool negative, View digits, int scale, ByteArena& arena) {
  const bool zero = digits.find_first_not_of('0') == View::npos;
  const auto fraction = static_cast<size_t>(scale);
  const size_t padded = std::max(digits.size(), fraction + 1);
  char* const begin = arena.allocate(padded + 2);
  char* at = begin;
  if (negative && !zero) *at++ = '-';
  for (size_t i = 0; i < padded; ++i) {
    if (fraction > 0 && i == padded - fraction) *at++ = '.';
    *at++ = i + digits.size() < padded ? '0' : digits[i + digits.size() - padded];
  }
  const auto length = static_cast<size_t>(at - begin);
  arena.give_back(padded + 2 - length);
  return {begin, length};
}

View place(int128 value, int scale, ByteArena& arena) {
  char text[40];
  char* at = text + sizeof(text);
  auto rest = static_cast<uint128>(value < 0 ? -value : value);
  // By words, since a division of 128 bits costs ten of 64.
  while (rest > std::numeric_limits<uint64_t>::max()) {
    auto low = static_cast<uint64_t>(rest % 1'000'000'000'000'000'000u);
    rest /= 1'000'000'000'000'000'000u;
    for (int i = 0; i < 18; ++i, low /= 10) *--at = static_cast<char>('0' + low % 10);
  }
  auto high = static_cast<uint64_t>(rest);
  do {
    *--at = static_cast<char>('0' + high % 10);
    high /= 10;
  } while (high != 0);
  return place(value < 0, {at, static_cast<size_t>(text + sizeof(text) - at)}, scale, arena);
}

View place(bool negative, const Natural& value, int scale, ByteArena& arena, MathFault& fault) {
  const std::string digits = value.digits();
  if (digits.size() > kNumericWholeMax + static_cast<size_t>(scale)) {
    fault = MathFault::kOverflow;
    return "0";
  }
  return place(negative, digits, scale, arena);
}

enum class Kind : uint8_t { kFinite, kNan, kPlus, kMinus };
Kind kind_of(View value) {
  if (is_finite_numeric(value)) return Kind::kFinite;
  return value[0] == 'N' ? Kind::kNan : value[0] == 'I' ? Kind::kPlus : Kind::kMinus;
}
int sign_of(View value) {
  const int order = compare_numeric(value, "0");
  return order;
}
View infinity(int sign) { return sign > 0 ? "Infinity" : sign < 0 ? "-Infinity" : "NaN"; }
Kind opposite(Kind kind) {
  return kind == Kind::kPlus ? Kind::kMinus : kind == Kind::kMinus ? Kind::kPlus : kind;
}

/// a + b or a - b of finite numbers.
View sum(View left, View right, bool subtract, ByteArena& arena, MathFault& fault) {
  const Parts a(left);
  Parts b(right);
  if (subtract) b.negative = !b.negative;
  const int scale = std::max(a.scale(), b.scale());
  const int up_a = scale - a.scale(), up_b = scale - b.scale();
  if (a.digits() + up_a <= kSmallDigits && b.digits() + up_b <= kSmallDigits) {
    return place(small_of(a) * kPowers[static_cast<size_t>(up_a)] +
                     small_of(b) * kPowers[static_cast<size_t>(up_b)],
                 scale, arena);
  }
  const Natural big_a = natural_of(a) * Natural::power_of_ten(static_cast<uint32_t>(up_a));
  const Natural big_b = natural_of(b) * Natural::power_of_ten(static_cast<uint32_t>(up_b));
  if (a.negative == b.negative) return place(a.negative, big_a + big_b, scale, arena, fault);
  if (big_a >= big_b) return place(a.negative, big_a - big_b, scale, arena, fault);
  return place(b.negative, big_b - big_a, scale, arena, fault);
}

View sum_of_any(View a, View b, bool subtract, ByteArena& arena, MathFault& fault) {
  const Kind kind_a = kind_of(a);
  const Kind kind_b = subtract ? opposite(kind_of(b)) : kind_of(b);
  if (kind_a == Kind::kFinite && kind_b == Kind::kFinite) return sum(a, b, subtract, arena, fault);
  if (kind_a == Kind::kNan || kind_b == Kind::kNan) return "NaN";
  if (kind_a == Kind::kFinite) return infinity(kind_b == Kind::kPlus ? 1 : -1);
  if (kind_b != Kind::kFinite && kind_a != kind_b) return "NaN";
  return a;
}

/// Where a base-10000 digit of PostgreSQL begins, and what it is: its scale rules count in those.
struct Leading {
  int weight = 0;
  int digit = 0;

  explicit Leading(const Parts& parts) {
    const auto value = [&](int first, int count) {
      int sum = 0;
      for (int i = first; i < first + count; ++i) {
        const auto size = static_cast<int>(parts.whole.size());
        const int at = i - size;
        char c = '0';
        if (i < size) {
          c = parts.whole[static_cast<size_t>(i)];
        } else if (at < parts.scale()) {
          c = parts.fraction[static_cast<size_t>(at)];
        }
        sum = sum * 10 + (c - '0');
      }
      return sum;
    };
    const auto whole = static_cast<int>(parts.whole.size());
    if (parts.whole != "0") {
      weight = (whole - 1) / 4;
      digit = value(0, (whole - 1) % 4 + 1);
      return;
    }
    const size_t first = parts.fraction.find_first_not_of('0');
    if (first == View::npos) return;
    weight = -static_cast<int>(first / 4) - 1;
    digit = value(whole + static_cast<int>(first / 4 * 4), 4);
  }
};

int quotient_scale(const Parts& a, const Parts& b) {
  const Leading first(a), second(b);
  int weight = first.weight - second.weight;
  if (first.digit <= second.digit) --weight;
  constexpr int kSignificant = 16, kScaleMax = 1000;
  const int scale = std::max({kSignificant - weight * 4, a.scale(), b.scale(), 0});
  return std::min(scale, kScaleMax);
}

/// a / b to `scale` places, the rest rounded or cut.
View quotient(const Parts& a, const Parts& b, int scale, bool round, ByteArena& arena,
              MathFault& fault) {
  const int up = scale + b.scale() - a.scale();
  const bool negative = a.negative != b.negative;
  const bool small = b.digits() <= kSmallDigits && up >= 0 && a.digits() + up <= kSmallDigits;
  if (small) {
    const int128 by = small_of(b);
    const int128 of = small_of(a) * kPowers[static_cast<size_t>(up)];
    int128 result = of / by;
    const int128 rest = of % by;
    if (round && (rest < 0 ? -rest : rest) * 2 >= (by < 0 ? -by : by)) result += negative ? -1 : 1;
    return place(result, scale, arena);
  }
  Natural of = natural_of(a), by = natural_of(b);
  if (up >= 0) of = of * Natural::power_of_ten(static_cast<uint32_t>(up));
  if (up < 0) by = by * Natural::power_of_ten(static_cast<uint32_t>(-up));
  auto [result, rest] = of.divided_by(by);
  if (round && rest + rest >= by) result = result + Natural(1);
  return place(negative, result, scale, arena, fault);
}

/// a / b where one of them is not finite or b is zero; false: an ordinary division.
bool odd_quotient(View a, View b, View& out, MathFault& fault) {
  const Kind kind_a = kind_of(a), kind_b = kind_of(b);
  out = "NaN";
  if (kind_a == Kind::kNan || kind_b == Kind::kNan) return true;
  if (kind_b == Kind::kFinite && sign_of(b) == 0) {
    fault = MathFault::kDivisionByZero;
    return true;
  }
  if (kind_a == Kind::kFinite && kind_b == Kind::kFinite) return false;
  if (kind_a == Kind::kFinite) out = "0";
  if (kind_b == Kind::kFinite) {
    out = infinity((kind_a == Kind::kPlus ? 1 : -1) * sign_of(b));
  }
  return true;
}

}  // namespace

int32_t scale_of(View value) { return is_finite_numeric(value) ? Parts(value).scale() : 0; }

View add_numeric(View a, View b, ByteArena& arena, MathFault& fault) {
  return sum_of_any(a, b, false, arena, fault);
}

View subtract_numeric(View a, View b, ByteArena& arena, MathFault& fault) {
  return sum_of_any(a, b, true, arena, fault);
}

View multiply_numeric(View left, View right, ByteArena& arena, MathFault& fault) {
  if (!is_finite_numeric(left) || !is_finite_numeric(right)) {
    if (left[0] == 'N' || right[0] == 'N') return "NaN";
    return infinity(sign_of(left) * sign_of(right));
  }
  const Parts a(left), b(right);
  const int scale = a.scale() + b.scale();
  if (a.digits() + b.digits() <= kSmallDigits)
    return place(small_of(a) * small_of(b), scale, arena);
  const bool negative = a.negative != b.negative;
  const View product = place(negative, natural_of(a) * natural_of(b), scale, arena, fault);
  constexpr auto kMax = static_cast<int32_t>(kNumericScaleMax);
  return scale > kMax ? round_numeric(product, kMax, Rounding::kHalfAway, arena) : product;
}

View divide_numeric(View left, View right, ByteArena& arena, MathFault& fault) {
  View out;
  if (odd_quotient(left, right, out, fault)) return out;
  const Parts a(left), b(right);
  return quotient(a, b, quotient_scale(a, b), true, arena, fault);
}

View whole_quotient(View left, View right, ByteArena& arena, MathFault& fault) {
  View out;
  if (odd_quotient(left, right, out, fault)) return out;
  return quotient(Parts(left), Parts(right), 0, false, arena, fault);
}

View modulo_numeric(View a, View b, ByteArena& arena, MathFault& fault) {
  View whole;
  if (odd_quotient(a, b, whole, fault)) {
    // A finite number by an infinite one is all remainder; an infinite one has none.
    return is_finite_numeric(a) && fault == MathFault::kNone && b[0] != 'N' ? a : View("NaN");
  }
  whole = quotient(Parts(a), Parts(b), 0, false, arena, fault);
  return subtract_numeric(a, multiply_numeric(whole, b, arena, fault), arena, fault);
}

View negate_numeric(View a, ByteArena& arena) {
  if (a[0] == 'N') return a;
  if (a[0] == '-') return a.substr(1);
  if (is_finite_numeric(a) && sign_of(a) == 0) return a;
  char* out = arena.allocate(a.size() + 1);
  out[0] = '-';
  std::memcpy(out + 1, a.data(), a.size());
  return {out, a.size() + 1};
}

View absolute_numeric(View a) { return a[0] == '-' ? a.substr(1) : a; }

View root_to_scale(View text, int32_t scale, ByteArena& arena) {
  const Parts parts(text);
  Natural of = natural_of(parts);
  const int up = 2 * scale - parts.scale();
  if (up > 0) of = of * Natural::power_of_ten(static_cast<uint32_t>(up));
  if (up < 0) of = of.divided_by(Natural::power_of_ten(static_cast<uint32_t>(-up))).first;
  Natural root = of.square_root();
  if (of - root * root > root) root = root + Natural(1);
  MathFault fault = MathFault::kNone;
  return place(false, root, scale, arena, fault);
}

View root_numeric(View text, ByteArena& arena, MathFault& fault) {
  if (text[0] == '-') {
    fault = MathFault::kNegativeRoot;
    return "0";
  }
  if (!is_finite_numeric(text)) return text;
  const Parts parts(text);
  const int weight = Leading(parts).weight;
  const int before = weight >= 0 ? (weight + 1) * 2 - 1 : 1 - (1 - weight) * 2;
  const int scale = std::min(std::max({16 - before, parts.scale(), 0}), 1000);
  return root_to_scale(text, scale, arena);
}

View round_numeric(View text, int32_t places, Rounding rounding, ByteArena& arena) {
  if (!is_finite_numeric(text)) return text;
  constexpr int32_t kPlacesMax = 2000;  // PostgreSQL's own limit.
  places = std::clamp(places, -kPlacesMax, kPlacesMax);
  const Parts parts(text);
  const int scale = std::max(places, 0);
  MathFault fault = MathFault::kNone;
  if (places >= parts.scale())
    return sum(text, place(int128{0}, scale, arena), false, arena, fault);
  const int down = parts.scale() - places;
  const bool away = rounding == (parts.negative ? Rounding::kDown : Rounding::kUp);
  if (parts.digits() <= kSmallDigits && down <= kSmallDigits && places >= 0) {
    const int128 by = kPowers[static_cast<size_t>(down)];
    const int128 value = small_of(parts);
    const int128 rest = value % by < 0 ? -(value % by) : value % by;
    int128 result = value / by;
    if ((rounding == Rounding::kHalfAway && rest * 2 >= by) || (away && rest != 0)) {
      result += parts.negative ? -1 : 1;
    }
    return place(result, scale, arena);
  }
  const Natural by = Natural::power_of_ten(static_cast<uint32_t>(down));
  auto [result, rest] = natural_of(parts).divided_by(by);
  if ((rounding == Rounding::kHalfAway && rest + rest >= by) || (away && !rest.is_zero())) {
    result = result + Natural(1);
  }
  if (places < 0) result = result * Natural::power_of_ten(static_cast<uint32_t>(-places));
  return place(parts.negative, result, scale, arena, fault);
}

View numeric_of_int(int64_t value, int32_t scale, ByteArena& arena) {
  return place(static_cast<int128>(value), scale, arena);
}

bool numeric_to_int(View value, int64_t& out) {
  if (!is_finite_numeric(value)) return false;
  const Parts parts(value);
  if (parts.whole.size() > 19) return false;
  int128 sum = 0;
  for (const char c : parts.whole) sum = sum * 10 + (c - '0');
  if (!parts.fraction.empty() && parts.fraction[0] >= '5') ++sum;
  if (parts.negative) sum = -sum;
  if (sum < std::numeric_limits<int64_t>::min() || sum > std::numeric_limits<int64_t>::max()) {
    return false;
  }
  out = static_cast<int64_t>(sum);
  return true;
}

}  // namespace millrace
