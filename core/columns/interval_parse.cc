// The text input of intervals.

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>

#include "columns/cell_parse.h"
#include "columns/interval.h"

namespace millrace {
namespace {

constexpr int64_t kSecond = 1'000'000, kMinute = 60 * kSecond, kHour = 60 * kMinute;
constexpr double kDayUs = 86'400e6;

/// A unit is so many of one of the three parts.
enum class Part : uint8_t { kMonths, kDays, kMicros };
struct UnitName {
  std::string_view name;
  Part part;
  double size;
};
constexpr std::array kUnits = {
    UnitName{"microsecond", Part::kMicros, 1},
    UnitName{"us", Part::kMicros, 1},
    UnitName{"usec", Part::kMicros, 1},
    UnitName{"millisecond", Part::kMicros, 1e3},
    UnitName{"ms", Part::kMicros, 1e3},
    UnitName{"msec", Part::kMicros, 1e3},
    UnitName{"second", Part::kMicros, 1e6},
    UnitName{"s", Part::kMicros, 1e6},
    UnitName{"sec", Part::kMicros, 1e6},
    UnitName{"minute", Part::kMicros, 60e6},
    UnitName{"m", Part::kMicros, 60e6},
    UnitName{"min", Part::kMicros, 60e6},
    UnitName{"hour", Part::kMicros, 3600e6},
    UnitName{"h", Part::kMicros, 3600e6},
    UnitName{"hr", Part::kMicros, 3600e6},
    UnitName{"day", Part::kDays, 1},
    UnitName{"d", Part::kDays, 1},
    UnitName{"week", Part::kDays, 7},
    UnitName{"w", Part::kDays, 7},
    UnitName{"month", Part::kMonths, 1},
    UnitName{"mon", Part::kMonths, 1},
    UnitName{"year", Part::kMonths, 12},
    UnitName{"y", Part::kMonths, 12},
    UnitName{"yr", Part::kMonths, 12},
    UnitName{"decade", Part::kMonths, 120},
    UnitName{"century", Part::kMonths, 1200},
    UnitName{"centuries", Part::kMonths, 1200},
    UnitName{"millennium", Part::kMonths, 12000},
    UnitName{"millennia", Part::kMonths, 12000},
};

/// A unit as one bit: the place of its first name.
constexpr uint32_t bit_of(Part part, double size) {
  uint32_t place = 0;
  while (kUnits[place].part != part || kUnits[place].size != size) ++place;
  return 1u << place;
}
constexpr uint32_t bits_up_to(Part part, double size) {
  uint32_t bits = 0;
  for (const UnitName& unit : kUnits) {
    if (unit.part == part && unit.size <= size) bits |= bit_of(part, unit.size);
  }
  return bits;
}
/// What a number of seconds with a fraction sets, what a clock sets, and what `1-2` sets.
constexpr uint32_t kSeconds = bits_up_to(Part::kMicros, 1e6),
                   kClock = bits_up_to(Part::kMicros, 3600e6), kMonths = bit_of(Part::kMonths, 1);

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
/// `lower` has small letters only.
bool same_but_for_case(std::string_view word, std::string_view lower) {
  return std::equal(word.begin(), word.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a | 0x20) == b; });
}

/// Sums in wide numbers; the range is judged at the end.
struct Sum {
  int128 months = 0, days = 0, us = 0;

  /// whole.fraction of a unit; what a part cannot hold goes to the next smaller one.
  void add(const UnitName& unit, int64_t whole, double fraction) {
    const auto size = static_cast<int64_t>(unit.size);
    switch (unit.part) {
      case Part::kMicros:
        us += static_cast<int128>(whole) * size;
        us += static_cast<int64_t>(std::rint(fraction * unit.size));
        break;
      case Part::kDays:
        days += static_cast<int128>(whole) * size;
        add_days(fraction * unit.size);
        break;
      case Part::kMonths:
        months += static_cast<int128>(whole) * size;
        // Years and more keep whole months of their fraction; a month's own is days of thirty.
        if (size > 1) {
          months += static_cast<int64_t>(std::rint(fraction * unit.size));
        } else {
          add_days(fraction * 30);
        }
        break;
    }
  }
  void add_days(double amount) {
    const double whole = std::trunc(amount);
    days += static_cast<int64_t>(whole);
    us += static_cast<int64_t>(std::rint((amount - whole) * kDayUs));
  }
  DatetimeFault store(IntervalValue& out) const {
    const auto fits = [](int128 value, auto example) {
      using T = decltype(example);
      return value >= std::numeric_limits<T>::min() && value <= std::numeric_limits<T>::max();
    };
    if (!fits(months, out.months) || !fits(days, out.days) || !fits(us, out.us)) {
      return DatetimeFault::kField;
    }
    out = {static_cast<int64_t>(us), static_cast<int32_t>(days), static_cast<int32_t>(months)};
    return DatetimeFault::kNone;
  }
};

/// `days`, but not `mss`.
bool takes_s(std::string_view name) {
  constexpr std::string_view kBare[] = {"us", "ms", "century", "centuries", "millennia"};
  return name.size() > 1 && std::find(std::begin(kBare), std::end(kBare), name) == std::end(kBare);
}

const UnitName* unit_named(std::string_view word) {
  char lower[12];
  if (word.empty() || word.size() > sizeof(lower)) return nullptr;
  for (size_t i = 0; i < word.size(); ++i) lower[i] = static_cast<char>(word[i] | 0x20);
  const std::string_view name(lower, word.size());
  for (const UnitName& unit : kUnits) {
    const bool plural =
        takes_s(unit.name) && name.size() == unit.name.size() + 1 && name.back() == 's';
    if (name == unit.name || (plural && name.starts_with(unit.name))) return &unit;
  }
  return nullptr;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  DatetimeFault read(IntervalValue& out) {
    if (rest_.empty()) return DatetimeFault::kSyntax;
    if (rest_[0] == 'P') return read_iso() ? sum_.store(out) : DatetimeFault::kSyntax;
    while (!rest_.empty()) {
      if (!read_item()) return fault_;
      skip_blanks();
    }
    if (ago_) sum_ = {-sum_.months, -sum_.days, -sum_.us};
    return any_ ? sum_.store(out) : DatetimeFault::kSyntax;
  }

 private:
  struct Number {
    bool negative = false;
    int64_t whole = 0;
    double fraction = 0;
    int64_t signed_whole() const { return negative ? -whole : whole; }
    double signed_fraction() const { return negative ? -fraction : fraction; }
  };

  void skip_blanks() {
    while (!rest_.empty() && rest_[0] == ' ') rest_.remove_prefix(1);
  }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool whole(int64_t& value) {
    size_t count = 0;
    value = 0;
    while (count < rest_.size() && is_digit(rest_[count])) {
      if (value > std::numeric_limits<int32_t>::max() * int64_t{1000}) return false;
      value = value * 10 + (rest_[count++] - '0');
    }
    rest_.remove_prefix(count);
    return count > 0;
  }
  double fraction() {
    double value = 0, scale = 0.1;
    while (!rest_.empty() && is_digit(rest_[0])) {
      value += (rest_[0] - '0') * scale;
      scale /= 10;
      rest_.remove_prefix(1);
    }
    return value;
  }
  bool number(Number& out) {
    out.negative = take('-');
    const bool sign = out.negative || take('+');
    const bool digits = !rest_.empty() && is_digit(rest_[0]);
    if (digits && !whole(out.whole)) return false;
    if (take('.')) {
      // `1.` and `-.5` are dates to PostgreSQL, and bad ones.
      if (rest_.empty() || !is_digit(rest_[0]) || (sign && !digits)) return false;
      out.fraction = fraction();
      return true;
    }
    return digits;
  }
  std::string_view word() {
    size_t count = 0;
    while (count < rest_.size() && is_letter(rest_[count])) ++count;
    const std::string_view found = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return found;
  }

  bool read_item() {
    if (is_letter(rest_[0])) {
      const std::string_view found = word();
      ago_ = same_but_for_case(found, "ago");
      return ago_ && rest_.empty();
    }
    Number number_read;
    if (!number(number_read)) return false;
    any_ = true;
    if (rest_.starts_with(':')) return read_clock(number_read);
    if (rest_.starts_with('-') && number_read.fraction == 0) return read_year_month(number_read);
    skip_blanks();
    const std::string_view name = word();
    if (!name.empty() && runs_on(name)) return false;
    const UnitName* unit = unit_named(name.empty() ? "s" : name);
    // A bare number is seconds, and only at the end.
    if (!unit || (name.empty() && !rest_.empty())) return false;
    const bool parted = number_read.fraction != 0;
    const bool seconds = unit->part == Part::kMicros && unit->size == kSecond;
    // PostgreSQL, which reads from the end, forgets such a part where a clock stands in front.
    if ((parted && clock_) ||
        !take_once(parted && seconds ? kSeconds : bit_of(unit->part, unit->size)))
      return false;
    sum_.add(*unit, number_read.signed_whole(), number_read.signed_fraction());
    return true;
  }
  /// `day42` is one word to PostgreSQL, and none that it knows; `mon42` is a month and 42 seconds,
  /// since its table of words for dates has the month of that name.
  bool runs_on(std::string_view name) const {
    if (rest_.empty()) return false;
    const char next = rest_[0];
    if (next == '-' || next == '/' || next == '.') return true;
    constexpr std::string_view kKnown[] = {"d", "h", "m", "s", "y", "mon"};
    const auto is_name = [&](std::string_view known) { return same_but_for_case(name, known); };
    return (next == '+' || is_digit(next)) &&
           std::none_of(std::begin(kKnown), std::end(kKnown), is_name);
  }
  bool read_clock(const Number& hours) {
    int64_t minutes = 0, seconds = 0;
    double part = 0;
    if (hours.fraction != 0 || !take(':') || !whole(minutes)) return false;
    const bool all = take(':');
    if (all && !whole(seconds)) return false;
    const bool parted = take('.');
    if (parted) part = fraction();
    if (!ends_here() || !take_once(kClock)) return false;
    clock_ = true;
    if (!all && parted) {  // 12:34.5 is minutes and seconds.
      if (hours.whole > 59 || minutes > 59) return out_of_range();
      return add_clock(hours.negative, 0, hours.whole, minutes, part);
    }
    if (minutes > 59 || seconds > 60) return out_of_range();
    return add_clock(hours.negative, hours.whole, minutes, seconds, part);
  }
  bool add_clock(bool negative, int64_t hours, int64_t minutes, int64_t seconds, double part) {
    const int128 us = static_cast<int128>(hours) * kHour + minutes * kMinute + seconds * kSecond +
                      std::llrint(part * 1e6);
    sum_.us += negative ? -us : us;
    return true;
  }
  bool ends_here() const { return rest_.empty() || rest_[0] == ' '; }
  /// Each unit may be written once.
  bool take_once(uint32_t units) {
    const bool fresh = (seen_ & units) == 0;
    seen_ |= units;
    return fresh;
  }
  bool out_of_range() {
    fault_ = DatetimeFault::kField;
    return false;
  }
  bool read_year_month(const Number& years) {
    int64_t months = 0;
    if (!take('-') || !whole(months) || months > 11 || !ends_here()) return false;
    if (!take_once(kMonths)) return false;
    const int64_t sum = years.whole * 12 + months;
    sum_.months += years.negative ? -sum : sum;
    return true;
  }
  bool read_iso() {
    rest_.remove_prefix(1);
    bool clock = false;
    while (!rest_.empty()) {
      if (!clock && take('T')) {
        clock = true;
        continue;
      }
      Number amount;
      if (!number(amount) || rest_.empty()) return false;
      const char letter = rest_[0];
      rest_.remove_prefix(1);
      const std::string_view names = clock ? "HMS" : "YMWD";
      constexpr std::string_view kClock[] = {"h", "m", "s"}, kDate[] = {"y", "mon", "w", "d"};
      const size_t place = names.find(letter);
      if (place == names.npos) return false;
      const UnitName* unit = unit_named(clock ? kClock[place] : kDate[place]);
      sum_.add(*unit, amount.signed_whole(), amount.signed_fraction());
      any_ = true;
    }
    return any_;
  }

  std::string_view rest_;
  Sum sum_;
  DatetimeFault fault_ = DatetimeFault::kSyntax;  ///< Of the item that cannot be read.
  uint32_t seen_ = 0;                             ///< Units that were written.
  bool any_ = false, ago_ = false, clock_ = false;
};

}  // namespace

DatetimeFault parse_interval(std::string_view text, IntervalValue& value) {
  // ISO 8601's form has no blanks around.
  const std::string_view trimmed = trim_blanks(text);
  if (trimmed.starts_with('P') && trimmed.size() != text.size()) return DatetimeFault::kSyntax;
  return Reader(trimmed).read(value);
}

}  // namespace millrace
