#pragma once

/// A small JSON reader behind millrace.json/1, so that tests need no host. Accepts what RFC 8259
/// does, with a depth limit; \u escapes outside of the basic plane are joined.

#include <millrace/ext/json.h>

#include <charconv>
#include <cmath>
#include <memory>
#include <millrace/cpp/errors.hpp>
#include <string>
#include <vector>

namespace millrace {
inline namespace sdk_v1 {
namespace test {

struct json_node {
  uint32_t type = MR_JSON_NULL;
  std::string text;  ///< Of strings: unescaped; of numbers: as written.
  std::vector<std::string> keys;
  std::vector<std::unique_ptr<json_node>> items;
};

class json_reader {
 public:
  explicit json_reader(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  /// Throws config_error.
  std::unique_ptr<json_node> read() {
    auto node = value(0);
    blank();
    if (at_ != end_) fail("something follows the value");
    return node;
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw config_error(std::string("JSON: ") + what);
  }
  void blank() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool take(char c) {
    blank();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  void want(char c, const char* what) {
    if (!take(c)) fail(what);
  }
  bool word(std::string_view w) {
    if (static_cast<std::size_t>(end_ - at_) < w.size() || std::string_view(at_, w.size()) != w) {
      return false;
    }
    at_ += w.size();
    return true;
  }

  std::unique_ptr<json_node> value(int depth) {
    if (depth > 200) fail("too deep");
    auto node = std::make_unique<json_node>();
    blank();
    if (take('{')) {
      object(*node, depth);
    } else if (take('[')) {
      array(*node, depth);
    } else if (take('"')) {
      node->type = MR_JSON_STRING;
      node->text = string();
    } else if (word("true")) {
      node->type = MR_JSON_TRUE;
    } else if (word("false")) {
      node->type = MR_JSON_FALSE;
    } else if (!word("null")) {
      number(*node);
    }
    return node;
  }
  void object(json_node& node, int depth) {
    node.type = MR_JSON_OBJECT;
    if (take('}')) return;
    do {
      want('"', "a key is missing");
      node.keys.push_back(string());
      want(':', "a colon is missing");
      node.items.push_back(value(depth + 1));
    } while (take(','));
    want('}', "an object does not end");
  }
  void array(json_node& node, int depth) {
    node.type = MR_JSON_ARRAY;
    if (take(']')) return;
    do node.items.push_back(value(depth + 1));
    while (take(','));
    want(']', "an array does not end");
  }
  void number(json_node& node) {
    double ignored = 0;
    const auto [end, error] = std::from_chars(at_, end_, ignored);
    if (error == std::errc::invalid_argument || *at_ == '+' || !std::isfinite(ignored)) {
      fail("not a value");
    }
    node.type = MR_JSON_NUMBER;
    node.text.assign(at_, end);
    at_ = end;
  }
  std::string string() {
    std::string text;
    while (at_ != end_ && *at_ != '"') {
      if (static_cast<unsigned char>(*at_) < 0x20) fail("a control character in a string");
      if (*at_ == '\\') {
        ++at_;
        escape(text);
      } else {
        text += *at_++;
      }
    }
    if (at_ == end_) fail("a string does not end");
    ++at_;
    return text;
  }
  void escape(std::string& text) {
    static constexpr std::string_view from = "\"\\/bfnrt", to = "\"\\/\b\f\n\r\t";
    if (at_ == end_) fail("a string does not end");
    const char c = *at_++;
    if (const auto i = from.find(c); i != from.npos) {
      text += to[i];
    } else if (c == 'u') {
      uint32_t code = hex4();
      if (code >= 0xD800 && code < 0xDC00 && word("\\u")) {
        code = 0x10000 + ((code - 0xD800) << 10) + (hex4() - 0xDC00);
      }
      utf8(text, code);
    } else {
      fail("an unknown escape");
    }
  }
  uint32_t hex4() {
    uint32_t code = 0;
    if (end_ - at_ < 4 || std::from_chars(at_, at_ + 4, code, 16).ptr != at_ + 4) {
      fail("a bad \\u escape");
    }
    at_ += 4;
    return code;
  }
  static void utf8(std::string& text, uint32_t code) {
    auto put = [&text](uint32_t byte) { text += static_cast<char>(byte); };
    if (code < 0x80) return put(code);
    if (code < 0x800) return put(0xC0 | code >> 6), put(0x80 | (code & 63));
    if (code < 0x10000) {
      return put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63));
    }
    put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 63));
    put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63));
  }

  const char* at_;
  const char* end_;
};

namespace detail {

using namespace millrace::sdk_v1::detail;

inline const json_node& node_of(const mr_json* json) {
  return *reinterpret_cast<const json_node*>(json);
}
inline mr_json* to_json(const json_node* node) {
  return reinterpret_cast<mr_json*>(const_cast<json_node*>(node));
}

inline mr_rc json_parse(mr_ctx*, mr_str text, mr_json** root, mr_err* err) noexcept {
  return guarded(err, [&] {
    *root = to_json(json_reader(from_abi(text)).read().release());
    return MR_OK;
  });
}
inline const json_node* json_step(const json_node& node, std::string_view label) {
  if (node.type == MR_JSON_OBJECT) {
    for (std::size_t i = node.keys.size(); i-- > 0;) {
      if (node.keys[i] == label) return node.items[i].get();
    }
  }
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), index);
  if (node.type != MR_JSON_ARRAY || error != std::errc() || end != label.data() + label.size()) {
    return nullptr;
  }
  return index < node.items.size() ? node.items[index].get() : nullptr;
}
inline const mr_json* json_at(const mr_json* json, mr_str pointer) noexcept {
  std::string_view rest = from_abi(pointer);
  const json_node* node = &node_of(json);
  while (node && !rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view raw = rest.substr(0, rest.find('/'));
    rest.remove_prefix(raw.size());
    std::string label;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const bool escaped = raw[i] == '~' && i + 1 < raw.size();
      label += escaped ? (raw[++i] == '1' ? '/' : '~') : raw[i];
    }
    node = json_step(*node, label);
  }
  return node ? to_json(node) : nullptr;
}
inline uint32_t json_type(const mr_json* json) noexcept { return node_of(json).type; }
inline mr_rc json_str(const mr_json* json, mr_str* text) noexcept {
  if (node_of(json).type != MR_JSON_STRING) return MR_E_RECORD;
  *text = to_abi(node_of(json).text);
  return MR_OK;
}
template <class T>
mr_rc json_number(const mr_json* json, T* number) noexcept {
  const std::string& text = node_of(json).text;
  if (node_of(json).type != MR_JSON_NUMBER) return MR_E_RECORD;
  const char* end = text.data() + text.size();
  return std::from_chars(text.data(), end, *number).ptr == end ? MR_OK : MR_E_RECORD;
}
inline mr_rc json_i64(const mr_json* json, int64_t* number) noexcept {
  return json_number(json, number);
}
inline mr_rc json_f64(const mr_json* json, double* number) noexcept {
  return json_number(json, number);
}
inline mr_rc json_iterate(const mr_json* json, uint64_t* cursor, mr_str* key,
                          const mr_json** value) noexcept {
  const json_node& node = node_of(json);
  if (*cursor >= node.items.size()) return MR_OK;
  *key = node.keys.empty() ? mr_str{nullptr, 0} : to_abi(node.keys[*cursor]);
  *value = to_json(node.items[(*cursor)++].get());
  return MR_MORE;
}
inline void json_free(mr_json* root) noexcept { delete reinterpret_cast<json_node*>(root); }

inline constexpr mr_json_v1 json_table{sizeof(mr_json_v1), 0,        json_parse, json_at,
                                       json_type,          json_str, json_i64,   json_f64,
                                       json_iterate,       json_free};

}  // namespace detail
}  // namespace test
}  // namespace sdk_v1
}  // namespace millrace
