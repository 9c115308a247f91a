#pragma once

/// Where the tokens of a JSON text begin: simdjson's first stage, which finds brackets, colons,
/// commas, the quotes that open strings and the first bytes of other scalars at several GB/s, and
/// proves that the text is UTF-8, that strings are closed and hold no control bytes. Everything
/// else is the reader's to check. simdjson chooses its kernel for this processor at run time.
/// Threads: one.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace millrace {

class JsonTokens {
 public:
  JsonTokens();
  ~JsonTokens();

  /// `text` has 64 readable bytes behind it and stays where it is while tokens are read.
  /// Null, or why it is no JSON text.
  const char* find(std::string_view text);

  uint32_t count() const { return count_; }
  /// First byte of token i; 0 behind the last one.
  char kind(uint32_t i) const { return i < count_ ? text_[starts_[i]] : '\0'; }
  const char* at(uint32_t i) const { return text_ + starts_[i]; }
  /// Token i without the blanks behind it; strings with their quotes.
  std::string_view scalar(uint32_t i) const;
  /// From the first byte of token `first` to that of token `last`, included: `{…}` and `[…]`.
  std::string_view between(uint32_t first, uint32_t last) const {
    return {text_ + starts_[first], starts_[last] - starts_[first] + 1};
  }
  /// The token behind the value that begins at token i; count() + 1 if it does not end, or is none.
  uint32_t behind(uint32_t i) const;
  uint32_t behind_brackets(uint32_t i) const;
  const char* text() const { return text_; }
  const uint32_t* starts() const { return starts_; }
  uint32_t broken() const { return count_ + 1; }

  /// Unescapes the string token i to `out`, which has its size + 64 bytes. The end, or null if an
  /// escape is bad.
  char* unescape(uint32_t i, char* out) const;

 private:
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage_;
  const char* text_ = nullptr;
  const uint32_t* starts_ = nullptr;
  uint32_t count_ = 0, size_ = 0;
};

// Inline: the decoder asks these for every member of every record.

inline std::string_view JsonTokens::scalar(uint32_t i) const {
  const char* begin = text_ + starts_[i];
  const char* end = text_ + (i + 1 < count_ ? starts_[i + 1] : size_);
  while (end > begin && (end[-1] == ' ' || end[-1] == '\n' || end[-1] == '\r' || end[-1] == '\t'))
    --end;
  return {begin, static_cast<size_t>(end - begin)};
}

/// What a token's first byte opens or closes: +1, -1, and 2 for separators, which begin no value.
struct TokenTable {
  int8_t depth[256] = {};
  uint8_t begins[256] = {};  ///< 0: a scalar, 1: a bracket opens, 2: no value.
  constexpr TokenTable() {
    for (const uint8_t open : {uint8_t{'{'}, uint8_t{'['}}) depth[open] = 1, begins[open] = 1;
    for (const uint8_t close : {uint8_t{'}'}, uint8_t{']'}}) depth[close] = -1, begins[close] = 2;
    for (const uint8_t between : {uint8_t{','}, uint8_t{':'}}) begins[between] = 2;
  }
};
inline constexpr TokenTable kTokenTable;

inline uint32_t JsonTokens::behind_brackets(uint32_t i) const {
  const char* text = text_;
  const uint32_t* starts = starts_;
  const uint32_t count = count_;
  int depth = 1;
  do {
    if (++i >= count) return broken();
    depth += kTokenTable.depth[static_cast<uint8_t>(text[starts[i]])];
  } while (depth > 0);
  return i + 1;
}

inline uint32_t JsonTokens::behind(uint32_t i) const {
  if (i >= count_) return broken();
  const uint8_t begins = kTokenTable.begins[static_cast<uint8_t>(text_[starts_[i]])];
  if (begins == 0) return i + 1;
  return begins == 2 ? broken() : behind_brackets(i);
}

}  // namespace millrace
