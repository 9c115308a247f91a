#include "json/write.h"

#include <charconv>
#include <cmath>

namespace millrace {
namespace {

void append_integer(std::string& out, int64_t value) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  out.append(text, end);
}

void append_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  const std::string_view shortest(text, static_cast<size_t>(end - text));
  out += shortest;
  if (shortest.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append_escape(std::string& out, unsigned char c) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\b': out += "\\b"; break;
    case '\f': out += "\\f"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    default:
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
  }
}

class Writer {
 public:
  Writer(std::string& out, bool pretty) : out_(out), pretty_(pretty) {}

  // Recursion is bounded: readers limit the depth of what they build.
  void write(const JsonValue& value) {
    if (value.is_null()) {
      out_ += "null";
    } else if (value.is_bool()) {
      out_ += value.as_bool() ? "true" : "false";
    } else if (value.is_string()) {
      append_json_string(out_, value.as_string());
    } else if (value.is_array()) {
      write_array(value.items());
    } else if (value.is_object()) {
      write_object(value.members());
    } else {
      value.append_number(out_);
    }
  }

 private:
  void write_array(const JsonValue::Array& items) {
    open('[');
    for (size_t i = 0; i < items.size(); ++i) {
      separate(i);
      write(items[i]);
    }
    close(']', items.empty());
  }

  void write_object(const JsonValue::Object& members) {
    open('{');
    for (size_t i = 0; i < members.size(); ++i) {
      separate(i);
      append_json_string(out_, members[i].key);
      out_ += pretty_ ? ": " : ":";
      write(members[i].value);
    }
    close('}', members.empty());
  }

  void open(char bracket) {
    out_ += bracket;
    ++depth_;
  }
  void separate(size_t index) {
    if (index) out_ += ',';
    line();
  }
  void close(char bracket, bool empty) {
    --depth_;
    if (!empty) line();
    out_ += bracket;
  }
  void line() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(2 * depth_, ' ');
  }

  std::string& out_;
  bool pretty_;
  size_t depth_ = 0;
};

}  // namespace

void JsonValue::append_number(std::string& out) const {
  if (const auto* raw = std::get_if<RawNumber>(&data_)) {
    out += raw->text;
  } else if (const auto* whole = std::get_if<int64_t>(&data_)) {
    append_integer(out, *whole);
  } else {
    append_double(out, as_double());
  }
}

std::string to_json(const JsonValue& value) {
  std::string out;
  append_json(out, value);
  return out;
}

std::string to_pretty_json(const JsonValue& value) {
  std::string out;
  Writer(out, true).write(value);
  return out;
}

void append_json(std::string& out, const JsonValue& value) { Writer(out, false).write(value); }

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text.substr(plain, i - plain));
    append_escape(out, c);
    plain = i + 1;
  }
  out.append(text.substr(plain));
  out += '"';
}

}  // namespace millrace
