#include "functions/number_template.h"

#include <algorithm>
#include <array>

namespace millrace {
namespace {

using View = std::string_view;

/// Longer words before those that they begin with.
constexpr std::array kWords = {View("EEEE"), View("FM"), View("MI"), View("PL"), View("PR"),
                               View("RN"),   View("SG"), View("SP"), View("TH"), View("B"),
                               View("D"),    View("G"),  View("L"),  View("S"),  View("V"),
                               View("9"),    View("0"),  View(","),  View(".")};

char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// A word is all capitals or all small letters.
bool begins_with(View text, View word) {
  if (text.size() < word.size()) return false;
  if (text.starts_with(word)) return true;
  return std::equal(word.begin(), word.end(), text.begin(),
                    [](char a, char b) { return lowered(a) == b; });
}

View ordinal_of(View digits, bool upper) {
  constexpr View kUpper[] = {"TH", "ST", "ND", "RD"}, kLower[] = {"th", "st", "nd", "rd"};
  const char last = digits.back();
  const bool teen = digits.size() > 1 && digits[digits.size() - 2] == '1';
  const size_t which = !teen && last >= '1' && last <= '3' ? static_cast<size_t>(last - '0') : 0;
  return upper ? kUpper[which] : kLower[which];
}

}  // namespace

bool NumberTemplate::read(View text) {
  *this = NumberTemplate();
  text_ = text;
  for (View rest = text_; !rest.empty();) {
    if (rest[0] == '"' || (rest[0] == '\\' && rest.substr(1).starts_with('"'))) {
      const bool quoted = rest[0] == '"';
      rest.remove_prefix(1);
      if (!quoted) {
        pieces_.push_back({Part::kText, rest.substr(0, 1)});
        rest.remove_prefix(1);
        continue;
      }
      while (!rest.empty() && rest[0] != '"') {
        if (rest[0] == '\\' && rest.size() > 1) rest.remove_prefix(1);
        pieces_.push_back({Part::kText, rest.substr(0, 1)});
        rest.remove_prefix(1);
      }
      if (!rest.empty()) rest.remove_prefix(1);
      continue;
    }
    if (!take(rest)) return false;
  }
  return true;
}

bool NumberTemplate::add_digit(Part part) {
  if (brackets_)
    return fail(part == Part::kNine ? "\"9\" must be ahead of \"PR\""
                                    : "\"0\" must be ahead of \"PR\"");
  pieces_.push_back({part, {}});
  if (part == Part::kNine && shifted_) {
    ++shift_;
    return true;
  }
  if (part == Part::kZero && !zeros_ && !point_) {
    zeros_ = true;
    first_zero_ = before_;
  }
  ++(point_ ? behind_ : before_);
  if (part == Part::kZero) last_zero_ = before_ + behind_;
  return true;
}

bool NumberTemplate::read_sign(View word) {
  if (word == "S") {
    if (sign_place_ != SignPlace::kNone) return fail("cannot use \"S\" twice");
    if (plus_ || minus_ || brackets_)
      return fail("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together");
    sign_place_ = point_ ? SignPlace::kBehind : SignPlace::kBefore;
    digits_before_sign_ = before_;
    pieces_.push_back({Part::kNothing, {}});
    return true;
  }
  if (sign_place_ != SignPlace::kNone)
    return fail("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together");
  if (word == "PR") {
    if (plus_ || minus_) return fail("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together");
    brackets_ = true;
    return true;
  }
  minus_ = minus_ || word != "PL";
  plus_ = plus_ || word != "MI";
  pieces_.push_back({word == "MI" ? Part::kMinus : word == "PL" ? Part::kPlus : Part::kSign, {}});
  return true;
}

bool NumberTemplate::take_point() {
  if (point_) return fail("multiple decimal points");
  if (shifted_) return fail("cannot use \"V\" and decimal point together");
  point_ = true;
  pieces_.push_back({Part::kPoint, {}});
  return true;
}

bool NumberTemplate::take_exponent() {
  if (scientific_) return fail("cannot use \"EEEE\" twice");
  if (blank_ || bare_ || sign_place_ != SignPlace::kNone || brackets_ || minus_ || plus_ ||
      roman_ || shifted_)
    return fail("\"EEEE\" is incompatible with other formats");
  scientific_ = true;
  return true;
}

bool NumberTemplate::take(View& rest) {
  const auto found = std::find_if(kWords.begin(), kWords.end(),
                                  [&](View word) { return begins_with(rest, word); });
  if (found == kWords.end()) {
    pieces_.push_back({Part::kText, rest.substr(0, 1)});
    rest.remove_prefix(1);
    return true;
  }
  const View word = *found;
  const bool lower = rest[0] >= 'a' && rest[0] <= 'z';
  rest.remove_prefix(word.size());
  if (scientific_ && word != "EEEE") return fail("\"EEEE\" must be the last pattern used");
  if (word == "9") return add_digit(Part::kNine);
  if (word == "0") return add_digit(Part::kZero);
  if (word == "S" || word == "MI" || word == "PL" || word == "SG" || word == "PR")
    return read_sign(word);
  if (word == "." || word == "D") return take_point();
  if (word == "EEEE") return take_exponent();
  if (word == "V") {
    if (point_) return fail("cannot use \"V\" and decimal point together");
    shifted_ = true;
  } else if (word == "FM") {
    bare_ = true;
  } else if (word == "B") {
    blank_ = blank_ || (before_ == 0 && behind_ == 0 && !zeros_);
  } else if (word == "RN") {
    roman_ = true;
    pieces_.push_back({lower ? Part::kRomanLower : Part::kRoman, {}});
  } else if (word == "TH") {
    ordinal_ = true;
    pieces_.push_back({lower ? Part::kOrdinal : Part::kOrdinalUpper, {}});
  } else if (word == ",") {
    pieces_.push_back({Part::kComma, {}});
  } else if (word != "SP") {
    pieces_.push_back({word == "G" ? Part::kGroup : Part::kCurrency, {}});
  }
  return true;
}

std::string NumberTemplate::overflowed(int behind) const {
  std::string out(static_cast<size_t>(before_ + shift_ + behind + 1), '#');
  out[static_cast<size_t>(before_ + shift_)] = '.';
  return out;
}

std::string NumberTemplate::roman_digits(int64_t value) {
  if (value < 1 || value > 3999) return std::string(15, '#');
  constexpr std::pair<int, View> kSteps[] = {
      {1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"},
      {40, "XL"},  {10, "X"},   {9, "IX"},  {5, "V"},    {4, "IV"},  {1, "I"}};
  std::string out;
  for (const auto& [step, text] : kSteps) {
    for (; value >= step; value -= step) out += text;
  }
  return out;
}

/// Goes along the pieces, digit places counted from the left: blanks (or zeros) for the places that
/// the number does not fill, then its own characters, the point among them.
class NumberTemplate::Writer {
 public:
  Writer(const NumberTemplate& form, View digits, bool negative, int behind)
      : form_(form),
        digits_(digits),
        negative_(negative),
        brackets_(form.brackets_),
        behind_(behind) {
    if (form_.roman_) return;
    const size_t whole = std::min(digits_.find('.'), digits_.size());
    const int places = form_.before_ + form_.shift_;
    missing_ = std::max(0, places - static_cast<int>(whole));
    sign_behind_ = form_.sign_place_ == SignPlace::kBehind ||
                   (form_.sign_place_ == SignPlace::kBefore &&
                    places == form_.digits_before_sign_ && !form_.plus_ && !form_.minus_);
    if (form_.plus_ || form_.minus_) {
      sign_done_ = form_.minus_;
    } else {
      if (!negative_ && form_.bare_) brackets_ = false;
      sign_done_ = !negative_ && form_.bare_ && form_.sign_place_ == SignPlace::kNone;
    }
    last_place_ = behind_ + places - 1;
    if (form_.bare_ && form_.point_) find_relevant();
    if (!sign_done_ && missing_ == 0) ++last_place_;
  }

  std::string run() {
    for (const Piece& piece : form_.pieces_) write(piece);
    return std::string(View(out_).substr(0, out_.find('\0')));
  }

 private:
  /// FM leaves zeros at the end out, but those that a `0` asks for.
  void find_relevant() {
    const size_t point = digits_.find('.');
    if (point == View::npos) return;
    relevant_ = std::max(point, std::min(digits_.find_last_not_of('0'), digits_.size() - 1));
    if (form_.last_zero_ > missing_) {
      const auto zero = static_cast<size_t>(form_.last_zero_ - missing_);
      relevant_ = std::max(relevant_, std::min(digits_.size() - 1, zero));
    }
  }
  bool trims() const { return relevant_ != View::npos; }
  bool trims_to_point() const { return trims() && digits_[relevant_] == '.'; }
  /// The lone 0 in front of the point, which is written as a blank.
  bool is_empty_whole() const {
    return !form_.zeros_ && at_ == 0 && digits_.starts_with('0') && behind_ != 0;
  }
  void fill(char c) {
    if (!form_.bare_) out_ += c;
  }

  void write(const Piece& piece) {
    switch (piece.part) {
      case Part::kText: out_ += piece.text; break;
      case Part::kNine:
      case Part::kZero:
      case Part::kPoint:
        if (!form_.roman_) place(piece.part);
        break;
      case Part::kComma:
      case Part::kGroup:
        if (in_number_) {
          out_ += ',';
        } else {
          fill(' ');
        }
        break;
      case Part::kCurrency: out_ += ' '; break;
      case Part::kMinus: sign_or_blank(negative_, '-'); break;
      case Part::kPlus: sign_or_blank(!negative_ && !form_.roman_, '+'); break;
      case Part::kSign: out_ += form_.roman_ ? '\0' : negative_ ? '-' : '+'; break;
      case Part::kOrdinal:
      case Part::kOrdinalUpper:
        if (form_.roman_ || digits_.starts_with('#') || negative_ || form_.point_) break;
        out_ += ordinal_of(digits_, piece.part == Part::kOrdinalUpper);
        break;
      case Part::kRoman:
      case Part::kRomanLower: roman(piece.part == Part::kRomanLower); break;
      case Part::kNothing: break;
    }
  }

  void sign_or_blank(bool wanted, char c) {
    if (wanted) {
      out_ += c;
    } else {
      fill(' ');
    }
  }

  void roman(bool lower) {
    constexpr size_t kWidth = 15;
    if (digits_.size() < kWidth && !form_.bare_) out_.append(kWidth - digits_.size(), ' ');
    for (const char c : digits_) out_ += lower ? lowered(c) : c;
  }

  void place(Part part) {
    in_number_ = false;
    const bool zero_here = form_.zeros_ && form_.first_zero_ <= place_;
    const bool reached = place_ >= missing_ || (form_.zeros_ && form_.first_zero_ == place_);
    if (!sign_done_ && reached && (!is_empty_whole() || trims_to_point())) sign();
    if (place_ < missing_) {
      if (zero_here) {
        out_ += '0';
        in_number_ = true;
      } else {
        fill(' ');
      }
    } else {
      character(part);
      if (at_ < digits_.size()) ++at_;
    }
    int end = last_place_ + (missing_ > 0 ? 1 : 0) + (form_.point_ ? 1 : 0);
    if (trims() && relevant_ == at_) end = place_;
    if (place_ + 1 == end) closing_sign();
    ++place_;
  }

  void character(Part part) {
    const char c = at_ < digits_.size() ? digits_[at_] : '\0';
    if (c == '.') {
      if (!trims_to_point() || form_.bare_) out_ += '.';
    } else if (trims() && at_ > relevant_ && part != Part::kZero) {
      return;
    } else if (is_empty_whole()) {
      if (!form_.bare_) {
        out_ += ' ';
      } else if (trims_to_point()) {
        out_ += '0';
      }
    } else {
      out_ += c;
      in_number_ = true;
    }
  }

  void sign() {
    if (form_.sign_place_ != SignPlace::kNone) {
      if (sign_behind_) return;
      out_ += negative_ ? '-' : '+';
    } else if (brackets_) {
      out_ += negative_ ? '<' : ' ';
    } else if (negative_) {
      out_ += '-';
    } else {
      fill(' ');
    }
    sign_done_ = true;
  }

  void closing_sign() {
    if (sign_done_ && brackets_) {
      out_ += negative_ ? '>' : ' ';
    } else if (form_.sign_place_ != SignPlace::kNone && sign_behind_) {
      out_ += negative_ ? '-' : '+';
    }
  }

  const NumberTemplate& form_;
  View digits_;
  bool negative_, brackets_;
  int behind_;
  bool sign_done_ = true, sign_behind_ = false, in_number_ = false;
  int missing_ = 0;  ///< Places in front that the number does not fill.
  int last_place_ = 0;
  int place_ = 0;                 ///< Of the template.
  size_t at_ = 0;                 ///< In the digits.
  size_t relevant_ = View::npos;  ///< The last character that FM keeps.
  std::string out_;
};

std::string NumberTemplate::write(View digits, bool negative, int behind) const {
  return Writer(*this, digits, negative, behind).run();
}

}  // namespace millrace
