#pragma once

/// What is wrong with an expression, and where. Separate from `Error` because the reader wants a
/// caret under the place, and because the caller may know better what a missing field means.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace millrace {

struct ExprError {
  std::string message;
  std::string hint;           ///< Empty, or what to do instead.
  uint32_t position = 0;      ///< Byte offset in `text`.
  std::string text;           ///< The expression.
  std::string unknown_field;  ///< The dotted path, when the fault is a name the schema lacks.
  std::string part;           ///< In a grouped select: "select", "group_by" or "having".
  std::string name;           ///< In a grouped select: the name of the expression.

  /// `message; hint` in one line.
  std::string summary() const;
  /// Two lines, the second with the caret:
  ///     not bot and typ = 'edit'
  ///                 ^ unknown field "typ"; did you mean "type"?
  std::string caret() const;
};

/// A value or an ExprError; shaped like Result.
template <class T>
class [[nodiscard]] Compiled {
 public:
  Compiled(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Compiled(ExprError error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  ExprError& error() { return std::get<1>(state_); }
  const ExprError& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, ExprError> state_;
};

}  // namespace millrace
