// Comparisons. Text compares by bytes (collation "C"); NaN equals NaN and is above every number,
// as PostgreSQL has it, so that floats have a total order.

#include <array>
#include <cmath>
#include <cstring>

#include "columns/decimal.h"
#include "columns/interval.h"
#include "functions/fixed_text.h"
#include "functions/kernel.h"
#include "functions/select_rows.h"

namespace millrace {
namespace {

// int4 beside int8 reaches the int8 entries by a cast that costs nothing: both are int64 cells.

template <class T>
struct Order {
  static bool equal(T a, T b) { return a == b; }
  static bool less(T a, T b) { return a < b; }
};

template <>
struct Order<double> {
  static bool equal(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
  static bool less(double a, double b) { return a < b || (!std::isnan(a) && std::isnan(b)); }
};

template <>
struct Order<std::string_view> {
  static bool equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0;
  }
  static bool less(std::string_view a, std::string_view b) { return a < b; }
};

// Types whose equal values may differ in their bytes, in the cells of texts.
struct Decimal {};
struct Span {};
int compare(Decimal, std::string_view a, std::string_view b) { return compare_numeric(a, b); }
int compare(Span, std::string_view a, std::string_view b) {
  const int128 x = interval_of(a).span(), y = interval_of(b).span();
  return x < y ? -1 : x > y ? 1 : 0;
}

template <class T>
concept Compared = requires(T tag) {
  compare(tag, "", "");
};

template <Compared T>
struct Order<T> {
  static bool equal(std::string_view a, std::string_view b) { return compare(T(), a, b) == 0; }
  static bool less(std::string_view a, std::string_view b) { return compare(T(), a, b) < 0; }
};

/// How T lies in its cells.
template <class T>
struct Cells {
  using Type = T;
};
template <Compared T>
struct Cells<T> {
  using Type = std::string_view;
};

template <class T>
void equal(const KernelCall& call) {
  using C = typename Cells<T>::Type;
  map2<uint8_t, C, C>(call, [](const C& a, const C& b) { return Order<T>::equal(a, b); });
}
template <class T>
void not_equal(const KernelCall& call) {
  using C = typename Cells<T>::Type;
  map2<uint8_t, C, C>(call, [](const C& a, const C& b) { return !Order<T>::equal(a, b); });
}
/// Texts against a constant, the commonest filter of all.
template <bool kWanted>
bool compare_fixed(const KernelCall& call) {
  const Column* text = call.args[0];
  const Column* fixed = call.args[1];
  if (text->constant) std::swap(text, fixed);
  if (!fixed->constant || text->constant) return false;
  const FixedText constant(fixed->texts[0]);
  const std::string_view* texts = text->texts.data();
  uint8_t* out = call.out.bools.data();
  constant.specialised([&](auto same) {
    each_row(call.rows, [=](uint32_t row) { out[row] = same(texts[row]) == kWanted; });
  });
  return true;
}
template <>
void equal<std::string_view>(const KernelCall& call) {
  if (compare_fixed<true>(call)) return;
  using View = std::string_view;
  map2<uint8_t, View, View>(call, [](View a, View b) { return Order<View>::equal(a, b); });
}
template <>
void not_equal<std::string_view>(const KernelCall& call) {
  if (compare_fixed<false>(call)) return;
  using View = std::string_view;
  map2<uint8_t, View, View>(call, [](View a, View b) { return !Order<View>::equal(a, b); });
}

template <class T>
void less(const KernelCall& call) {
  using C = typename Cells<T>::Type;
  map2<uint8_t, C, C>(call, [](const C& a, const C& b) { return Order<T>::less(a, b); });
}
template <class T>
void less_equal(const KernelCall& call) {
  using C = typename Cells<T>::Type;
  map2<uint8_t, C, C>(call, [](const C& a, const C& b) { return !Order<T>::less(b, a); });
}
template <class T>
void greater(const KernelCall& call) {
  using C = typename Cells<T>::Type;
  map2<uint8_t, C, C>(call, [](const C& a, const C& b) { return Order<T>::less(b, a); });
}
template <class T>
void greater_equal(const KernelCall& call) {
  using C = typename Cells<T>::Type;
  map2<uint8_t, C, C>(call, [](const C& a, const C& b) { return !Order<T>::less(a, b); });
}

template <class T>
constexpr std::array<Function, 6> comparisons(Type type, std::string_view doc) {
  return {
      entry("=", {type, type}, Type::kBool, equal<T>, doc, "1 = 1", "true"),
      entry("<>", {type, type}, Type::kBool, not_equal<T>, doc, "'a' <> 'b'", "true"),
      entry("<", {type, type}, Type::kBool, less<T>, doc, "'a' < 'B'", "false"),
      entry("<=", {type, type}, Type::kBool, less_equal<T>, doc, "1.5 <= 1", "false"),
      entry(">", {type, type}, Type::kBool, greater<T>, doc, "'NaN'::float8 > 1", "true"),
      entry(">=", {type, type}, Type::kBool, greater_equal<T>, doc, "true >= false", "true"),
  };
}

constexpr auto kEntries =
    joined(comparisons<uint8_t>(Type::kBool, "Compares; false is below true."),
           comparisons<int64_t>(Type::kInt4, "Compares integers."),
           comparisons<int64_t>(Type::kInt8, "Compares integers."),
           comparisons<double>(Type::kFloat8, "Compares; NaN equals NaN and is above all numbers."),
           comparisons<std::string_view>(Type::kText, "Compares bytes (collation \"C\")."),
           comparisons<int64_t>(Type::kTimestamptz, "Compares instants."),
           comparisons<int64_t>(Type::kTimestamp, "Compares times of day and date."),
           comparisons<int64_t>(Type::kDate, "Compares days."),
           comparisons<Decimal>(Type::kNumeric, "Compares values: 1.50 equals 1.5."),
           comparisons<Span>(Type::kInterval, "Compares; a month is 30 days, a day 24 hours."));

}  // namespace

bool selects_texts(const Function& function) {
  return function.kernel == equal<std::string_view> ||
         function.kernel == not_equal<std::string_view>;
}

std::optional<uint32_t> select_texts(const Function& function, const KernelCall& call, bool wanted,
                                     uint32_t* out) {
  const bool equality = function.kernel == equal<std::string_view>;
  const Column* text = call.args[0];
  const Column* fixed = call.args[1];
  if (text->constant) std::swap(text, fixed);
  if (!fixed->constant || text->constant) return std::nullopt;
  const FixedText constant(fixed->texts[0]);
  const std::string_view* texts = text->texts.data();
  const bool same_wanted = equality == wanted;
  uint32_t count = 0;
  constant.specialised([&](auto same) {
    count =
        select_where(call.rows, out, [=](uint32_t row) { return same(texts[row]) == same_wanted; });
  });
  return count;
}

std::span<const Function> comparison_functions() { return kEntries; }

}  // namespace millrace
