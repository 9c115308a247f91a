#pragma once

/// Reads JSON one level at a time: the members of an object, the elements of an array, each as the
/// slice of text it is. A plugin picks the few fields it needs and passes the rest on untouched.
/// Over simdjson, which skips what nobody asks for: a broken value inside a slice that is never
/// opened goes unnoticed here and is found by whoever reads it.
/// Threads: one reader is used by one thread. Inside a visit use another reader.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::json {

class JsonReader {
 public:
  JsonReader();
  ~JsonReader();
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  using VisitMember = std::function<void(std::string_view key, std::string_view raw)>;
  using VisitElement = std::function<void(std::string_view raw)>;

  /// Every member in order, duplicates too. The key (unescaped) is lent for the visit; slices are
  /// parts of `text`. False: `text` is not one well-formed object of valid UTF-8;
  /// some members may have been visited.
  bool members(std::string_view text, const VisitMember& visit);
  /// The same for an array.
  bool elements(std::string_view text, const VisitElement& visit);

  /// The text of a slice that is a string, unescaped; otherwise false and `out` is left alone.
  bool text(std::string_view raw, std::string& out);

 private:
  struct Parser;
  std::string_view padded(std::string_view text);
  std::string buffer_;
  std::unique_ptr<Parser> parser_;
};

/// A slice that is an integer that fits; fractions and exponents do not count as one.
std::optional<int64_t> integer_of(std::string_view raw);

inline bool is_null(std::string_view raw) { return raw == "null"; }

/// `text` as a JSON string with its quotes. Bytes of 0x80 and above stay as they are.
std::string quoted(std::string_view text);

}  // namespace millrace::json
