#pragma once

/// Errors are values. `Result<T>` is a value or an `Error`; the code decides what happens
/// next, the text only explains. Member names follow std::expected, which gcc 12 offers
/// only under C++23; swap it in when it is everywhere.

#include <string>
#include <utility>
#include <variant>

namespace millrace {

enum class Code {
  kUnavailable,    ///< Back off and retry: network, busy file.
  kCorrupt,        ///< This record or file is broken: the record goes to `.errors`.
  kInvalidConfig,  ///< Refuse to start. Exit 2.
  kPluginRefused,  ///< The library may not be loaded. Exit 3.
  kPluginFault,    ///< A plugin broke its contract: stop the pipeline, keep the host.
  kCancelled,      ///< Shutting down.
  kFailed,         ///< Anything else that stops the run: full disk, fsync error. Exit 1.
};

/// What went wrong, in a sentence that names the place and the remedy.
struct Error {
  Code code;
  std::string message;

  /// The same error with `context` and ": " before its text.
  Error in(std::string_view context) const { return {code, std::string(context) + ": " + message}; }
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  Error& error() { return std::get<1>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() : error_{} {}
  Result(Error error) : error_(std::move(error)), failed_(true) {}

  bool has_value() const { return !failed_; }
  explicit operator bool() const { return has_value(); }
  Error& error() { return error_; }
  const Error& error() const { return error_; }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace millrace

/// Returns the error of a Result<void> expression to the caller.
#define MILLRACE_TRY(expression)                           \
  do {                                                     \
    if (auto millrace_try = (expression); !millrace_try) { \
      return std::move(millrace_try.error());              \
    }                                                      \
  } while (false)
