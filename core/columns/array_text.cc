#include "columns/array_text.h"

#include "columns/array.h"
#include "columns/json_encode.h"

namespace millrace {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_null_word(std::string_view text) {
  constexpr std::string_view kWord = "null";
  if (text.size() != kWord.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != kWord[i]) return false;
  }
  return true;
}

class Parser {
 public:
  Parser(std::string_view text, Column& out) : text_(text), out_(out) {}

  ArrayFault run() {
    skip_spaces();
    if (next_is('[')) return ArrayFault::kDimensions;
    if (!take('{')) return ArrayFault::kSyntax;
    skip_spaces();
    if (!take('}')) {
      do {
        const ArrayFault fault = element();
        if (fault != ArrayFault::kNone) return fault;
      } while (take(','));
      if (!take('}')) return ArrayFault::kSyntax;
    }
    skip_spaces();
    return at_ == text_.size() ? ArrayFault::kNone : ArrayFault::kSyntax;
  }

 private:
  bool next_is(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }
  void skip_spaces() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  ArrayFault element() {
    skip_spaces();
    if (next_is('{')) return ArrayFault::kDimensions;
    return next_is('"') ? quoted() : bare();
  }

  ArrayFault quoted() {
    std::string value;
    ++at_;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\' && ++at_ == text_.size()) return ArrayFault::kSyntax;
      value += text_[at_++];
    }
    if (!take('"')) return ArrayFault::kSyntax;
    skip_spaces();
    push(value);
    return ArrayFault::kNone;
  }

  /// Blanks behind it do not count, unless a backslash stands before them.
  ArrayFault bare() {
    std::string value;
    size_t size = 0;
    bool escaped = false;
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}') {
      char c = text_[at_++];
      if (c == '"' || c == '{') return ArrayFault::kSyntax;
      const bool shielded = c == '\\';
      if (shielded) {
        if (at_ == text_.size()) return ArrayFault::kSyntax;
        c = text_[at_++];
        escaped = true;
      }
      value += c;
      if (shielded || !is_space(c)) size = value.size();
    }
    value.resize(size);
    if (value.empty()) return ArrayFault::kSyntax;
    if (!escaped && is_null_word(value)) {
      out_.push_null();
    } else {
      push(value);
    }
    return ArrayFault::kNone;
  }

  void push(const std::string& value) {
    out_.texts.push_back(out_.bytes.store(value));
    out_.pushed_valid();
  }

  std::string_view text_;
  Column& out_;
  size_t at_ = 0;
};

}  // namespace

ArrayFault parse_array_text(std::string_view text, Column& out) { return Parser(text, out).run(); }

void write_array_element(std::string_view text, ByteBuffer& out) {
  bool quotes = text.empty() || is_null_word(text);
  for (const char c : text) {
    quotes = quotes || c == '"' || c == '\\' || c == '{' || c == '}' || c == ',' || is_space(c);
  }
  if (!quotes) return out.append(text);
  out.append('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.append('\\');
    out.append(c);
  }
  out.append('"');
}

void write_array_text(const Column& column, size_t row, ByteBuffer& out) {
  static thread_local Column elements;
  static thread_local ByteBuffer value;
  elements.reset(element_of(column.type), 0);
  unpack_array(column.texts[column.constant ? 0 : row], elements);
  const bool raw = elements.type == Type::kText || elements.type == Type::kJsonb;
  out.append('{');
  for (size_t i = 0; i < elements.size(); ++i) {
    if (i > 0) out.append(',');
    if (!elements.valid(i)) {
      out.append("NULL");
      continue;
    }
    value.clear();
    if (!raw) write_json_cell(elements, i, value);
    std::string_view text = raw ? elements.texts[i] : value.view();
    if (!raw && text.front() == '"') text = text.substr(1, text.size() - 2);
    write_array_element(text, out);
  }
  out.append('}');
}

}  // namespace millrace
