#pragma once

/// A text that is read along a template of to_timestamp, from its front. It counts the blanks and
/// separators that were passed beyond what the template says, since they may be what one of its
/// characters stands for. Private to this room.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace millrace {

class TemplateText {
 public:
  explicit TemplateText(std::string_view text) : rest_(text) {}

  std::string_view rest() const { return rest_; }
  bool empty() const { return rest_.empty(); }
  /// From here on every character of the template is one of the text.
  void be_exact() { exact_ = true; }

  /// At the front of a field, and of the text.
  void skip_blanks();
  /// Behind a field.
  void skip_blanks_and_count_anew();
  /// For a blank or separator of the template: one of any kind, or none.
  void pass_separator();
  /// For another character of the template: any one, or one that was passed already.
  void pass_text();
  /// Whatever it is, if there is one.
  void pass_character();

  struct Number {
    int64_t value;  ///< At most twice the largest int4.
    size_t bytes;   ///< With its sign.
  };
  /// Passes the number at the front, behind blanks; `digits`: of so many characters, signs
  /// included. Nothing, with only the blanks passed: there is none, or a shorter one.
  std::optional<Number> pass_number(std::optional<size_t> digits);
  /// Passes a `+`, `-` or blank, and says whether it is minus. Without one: whether a minus was
  /// passed as a separator too many.
  bool pass_sign();
  /// Passes the first of the names, or of their first `bytes`, that the text begins with, whatever
  /// its letters; its index.
  std::optional<size_t> pass_name(std::span<const std::string_view> names,
                                  size_t bytes = std::string_view::npos);
  void pass(size_t bytes);

 private:
  std::string_view rest_;
  bool exact_ = false;
  int skipped_ = 0;   ///< Below 0: fewer than the template says.
  char last_ = '\0';  ///< The character that was passed last.
};

/// The number at the front of `text`, behind blanks, which count among its bytes.
std::optional<TemplateText::Number> number_at(std::string_view text);

}  // namespace millrace
