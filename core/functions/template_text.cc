#include "functions/template_text.h"

#include <algorithm>
#include <limits>

#include "functions/characters.h"
#include "functions/time_template.h"

namespace millrace {
namespace {

using View = std::string_view;

bool is_blank(char c) { return kind_of(c) == TemplatePart::Kind::kSpace; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_same(char a, char b) {
  return a == b || (is_letter(a) && is_letter(b) && (a | 0x20) == (b | 0x20));
}

}  // namespace

std::optional<TemplateText::Number> number_at(View text) {
  size_t at = 0;
  while (at < text.size() && is_blank(text[at])) ++at;
  const bool minus = at < text.size() && text[at] == '-';
  if (at < text.size() && (minus || text[at] == '+')) ++at;
  const size_t first_digit = at;
  constexpr int64_t kEnough = std::numeric_limits<int32_t>::max() * int64_t{2};
  int64_t value = 0;
  for (; at < text.size() && is_digit(text[at]); ++at)
    value = std::min(value * 10 + (text[at] - '0'), kEnough);
  if (at == first_digit) return std::nullopt;
  return TemplateText::Number{minus ? -value : value, at};
}

void TemplateText::pass(size_t bytes) {
  if (bytes == 0) return;
  last_ = rest_[bytes - 1];
  rest_.remove_prefix(bytes);
}

void TemplateText::skip_blanks() {
  if (exact_) return;
  for (; !empty() && is_blank(rest_[0]); ++skipped_) pass(1);
}

void TemplateText::skip_blanks_and_count_anew() {
  if (exact_) return;
  skipped_ = 0;
  skip_blanks();
}

void TemplateText::pass_character() {
  if (!empty()) pass(character_at(rest_, 0).size());
}

void TemplateText::pass_separator() {
  if (exact_) return pass_character();
  --skipped_;
  if (empty() || kind_of(rest_[0]) == TemplatePart::Kind::kText) return;
  pass(1);
  ++skipped_;
}

void TemplateText::pass_text() {
  if (!exact_ && skipped_ > 0) {
    --skipped_;
  } else {
    pass_character();
  }
}

std::optional<TemplateText::Number> TemplateText::pass_number(std::optional<size_t> digits) {
  while (!empty() && is_blank(rest_[0])) pass(1);
  const auto number = number_at(digits ? rest_.substr(0, *digits) : rest_);
  if (!number || (digits && number->bytes < *digits)) return std::nullopt;
  pass(number->bytes);
  return number;
}

bool TemplateText::pass_sign() {
  const bool sign = !empty() && (rest_[0] == '+' || rest_[0] == '-' || rest_[0] == ' ');
  const bool minus = sign ? rest_[0] == '-' : skipped_ > 0 && last_ == '-';
  pass(sign ? 1 : 0);
  return minus;
}

std::optional<size_t> TemplateText::pass_name(std::span<const View> names, size_t bytes) {
  for (size_t i = 0; i < names.size(); ++i) {
    const View name = names[i].substr(0, bytes);
    const bool same =
        name.size() <= rest_.size() && std::equal(name.begin(), name.end(), rest_.begin(), is_same);
    if (!same) continue;
    pass(name.size());
    return i;
  }
  return std::nullopt;
}

}  // namespace millrace
