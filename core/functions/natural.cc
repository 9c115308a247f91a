#include "functions/natural.h"

#include <algorithm>
#include <cstdio>

#include "base/assert.h"

namespace millrace {
namespace {

constexpr uint64_t kBase = 1'000'000'000;
constexpr size_t kLimbDigits = 9;

}  // namespace

Natural::Natural(uint64_t value) {
  for (; value != 0; value /= kBase) limbs_.push_back(static_cast<uint32_t>(value % kBase));
}

Natural Natural::from_digits(std::string_view digits) {
  Natural out;
  while (!digits.empty()) {
    const size_t size = std::min(digits.size(), kLimbDigits);
    uint32_t limb = 0;
    for (const char c : digits.substr(digits.size() - size)) {
      limb = limb * 10 + static_cast<uint32_t>(c - '0');
    }
    out.limbs_.push_back(limb);
    digits.remove_suffix(size);
  }
  out.trim();
  return out;
}

Natural Natural::power_of_ten(uint32_t exponent) {
  Natural out;
  out.limbs_.assign(exponent / kLimbDigits, 0);
  uint32_t top = 1;
  for (uint32_t i = 0; i < exponent % kLimbDigits; ++i) top *= 10;
  out.limbs_.push_back(top);
  return out;
}

void Natural::trim() {
  while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
}

std::string Natural::digits() const {
  if (is_zero()) return "0";
  std::string out = std::to_string(limbs_.back());
  char limb[16];
  for (size_t i = limbs_.size() - 1; i-- > 0;) {
    std::snprintf(limb, sizeof(limb), "%09u", limbs_[i]);
    out += limb;
  }
  return out;
}

std::strong_ordering Natural::operator<=>(const Natural& other) const {
  if (limbs_.size() != other.limbs_.size()) return limbs_.size() <=> other.limbs_.size();
  for (size_t i = limbs_.size(); i-- > 0;) {
    if (limbs_[i] != other.limbs_[i]) return limbs_[i] <=> other.limbs_[i];
  }
  return std::strong_ordering::equal;
}

Natural Natural::operator+(const Natural& other) const {
  Natural out;
  const size_t size = std::max(limbs_.size(), other.limbs_.size());
  uint64_t carry = 0;
  for (size_t i = 0; i < size || carry != 0; ++i) {
    uint64_t sum = carry;
    if (i < limbs_.size()) sum += limbs_[i];
    if (i < other.limbs_.size()) sum += other.limbs_[i];
    out.limbs_.push_back(static_cast<uint32_t>(sum % kBase));
    carry = sum / kBase;
  }
  return out;
}

Natural Natural::operator-(const Natural& other) const {
  MILLRACE_ASSERT(other <= *this);
  Natural out = *this;
  int64_t borrow = 0;
  for (size_t i = 0; i < out.limbs_.size(); ++i) {
    int64_t rest = static_cast<int64_t>(out.limbs_[i]) - borrow;
    if (i < other.limbs_.size()) rest -= other.limbs_[i];
    borrow = rest < 0 ? 1 : 0;
    out.limbs_[i] = static_cast<uint32_t>(rest < 0 ? rest + static_cast<int64_t>(kBase) : rest);
  }
  out.trim();
  return out;
}

Natural Natural::operator*(const Natural& other) const {
  Natural out;
  out.limbs_.assign(limbs_.size() + other.limbs_.size() + 1, 0);
  for (size_t i = 0; i < limbs_.size(); ++i) {
    uint64_t carry = 0;
    for (size_t j = 0; j < other.limbs_.size() || carry != 0; ++j) {
      uint64_t sum = out.limbs_[i + j] + carry;
      if (j < other.limbs_.size()) sum += static_cast<uint64_t>(limbs_[i]) * other.limbs_[j];
      out.limbs_[i + j] = static_cast<uint32_t>(sum % kBase);
      carry = sum / kBase;
    }
  }
  out.trim();
  return out;
}

uint32_t Natural::divide_small(uint32_t divisor) {
  uint64_t rest = 0;
  for (size_t i = limbs_.size(); i-- > 0;) {
    const uint64_t value = rest * kBase + limbs_[i];
    limbs_[i] = static_cast<uint32_t>(value / divisor);
    rest = value % divisor;
  }
  trim();
  return static_cast<uint32_t>(rest);
}

/// Takes `times` * `by` from the limbs of this from `at` on. Below zero it wraps around, and what
/// is missing is returned, in units of the limb behind them.
int64_t Natural::subtract_at(size_t at, uint64_t times, const Natural& by) {
  constexpr auto kSignedBase = static_cast<int64_t>(kBase);
  const size_t size = by.limbs_.size();
  int64_t borrow = 0;
  for (size_t i = 0; i <= size; ++i) {
    const uint64_t product = i < size ? times * by.limbs_[i] : 0;
    int64_t value =
        static_cast<int64_t>(limbs_[at + i]) - borrow - static_cast<int64_t>(product % kBase);
    borrow = static_cast<int64_t>(product / kBase);
    if (value < 0) {
      const int64_t lift = (-value + kSignedBase - 1) / kSignedBase;
      value += lift * kSignedBase;
      borrow += lift;
    }
    limbs_[at + i] = static_cast<uint32_t>(value);
  }
  return borrow;
}

/// Adds `by` to the limbs from `at` on; returns what is carried over behind them.
int64_t Natural::add_at(size_t at, const Natural& by) {
  const size_t size = by.limbs_.size();
  uint64_t carry = 0;
  for (size_t i = 0; i <= size; ++i) {
    const uint64_t sum = limbs_[at + i] + carry + (i < size ? by.limbs_[i] : 0);
    limbs_[at + i] = static_cast<uint32_t>(sum % kBase);
    carry = sum / kBase;
  }
  return static_cast<int64_t>(carry);
}

/// Knuth's algorithm D: with the divisor's top limb at half the base, a guess of two limbs by one
/// is at most two too large.
std::pair<Natural, Natural> Natural::divided_by(const Natural& divisor) const {
  MILLRACE_ASSERT(!divisor.is_zero());
  if (*this < divisor) return {Natural(), *this};
  if (divisor.limbs_.size() == 1) {
    Natural quotient = *this;
    const uint32_t rest = quotient.divide_small(divisor.limbs_[0]);
    return {std::move(quotient), Natural(rest)};
  }
  const auto factor = static_cast<uint32_t>(kBase / (divisor.limbs_.back() + 1));
  Natural rest = *this * Natural(factor);
  const Natural by = divisor * Natural(factor);
  const size_t size = by.limbs_.size();
  if (rest.limbs_.size() == limbs_.size()) rest.limbs_.push_back(0);
  Natural quotient;
  quotient.limbs_.assign(rest.limbs_.size() - size, 0);
  for (size_t at = quotient.limbs_.size(); at-- > 0;) {
    const uint64_t top =
        static_cast<uint64_t>(rest.limbs_[at + size]) * kBase + rest.limbs_[at + size - 1];
    uint64_t guess = std::min(top / by.limbs_.back(), kBase - 1);
    int64_t borrow = rest.subtract_at(at, guess, by);
    while (borrow != 0) {
      --guess;
      borrow -= rest.add_at(at, by);
    }
    quotient.limbs_[at] = static_cast<uint32_t>(guess);
  }
  quotient.trim();
  rest.trim();
  rest.divide_small(factor);
  return {std::move(quotient), std::move(rest)};
}

/// Newton's method from above: it falls until it is there.
Natural Natural::square_root() const {
  if (is_zero()) return {};
  Natural root = power_of_ten(static_cast<uint32_t>(limbs_.size() * kLimbDigits / 2 + 1));
  for (;;) {
    Natural next = root + divided_by(root).first;
    next.divide_small(2);
    if (next >= root) return root;
    root = std::move(next);
  }
}

}  // namespace millrace
