#pragma once

/// JSON as an ordered tree that knows where each value stood in its text. One class serves
/// reading, building and merging: configurations and schemas are small, so owning copies are
/// cheaper than explaining handle lifetimes. Records never come here; columns decode them.
/// Errors: asking a value for a kind that it is not is an assert; test the kind first.
/// Threads: as std::vector (const from many, change from one).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace millrace {

/// Place in a text, both from 1; columns count bytes. Zero: the value was not read from a text.
struct JsonPosition {
  uint32_t line = 0;
  uint32_t column = 0;
  bool known() const { return line != 0; }
};

class JsonValue {
 public:
  struct Member;
  using Array = std::vector<JsonValue>;
  using Object = std::vector<Member>;

  /// Null.
  JsonValue();
  JsonValue(const JsonValue&);
  JsonValue(JsonValue&&) noexcept;
  JsonValue& operator=(const JsonValue&);
  JsonValue& operator=(JsonValue&&) noexcept;
  ~JsonValue();
  static JsonValue boolean(bool value);
  static JsonValue integer(int64_t value);
  static JsonValue floating(double value);
  /// A number kept as text, for integers beyond int64. The text must be a JSON number.
  static JsonValue number(std::string text);
  static JsonValue string(std::string value);
  static JsonValue array();
  static JsonValue array(Array items);
  static JsonValue object();

  bool is_null() const { return data_.index() == 0; }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  /// A whole number that fits int64; `1.0` and `1e3` too, as JSON Schema counts.
  bool is_int() const;
  bool is_number() const;
  bool is_string() const { return std::holds_alternative<std::string>(data_); }
  bool is_array() const { return std::holds_alternative<Array>(data_); }
  bool is_object() const { return std::holds_alternative<Object>(data_); }
  /// "null", "boolean", "number", "string", "array", "object": for messages.
  std::string_view kind_name() const;

  bool as_bool() const;
  int64_t as_int() const;
  /// Any number; integers beyond 2^53 are rounded.
  double as_double() const;
  const std::string& as_string() const;
  /// The number as JSON text, integers exactly.
  void append_number(std::string& out) const;

  /// Items of an array.
  const Array& items() const;
  Array& items();
  /// Members of an object in the order of the text.
  const Object& members() const;
  Object& members();

  /// The member's value; null pointer if absent or this is no object. Invalid after changes.
  const JsonValue* find(std::string_view key) const;
  JsonValue* find(std::string_view key);
  const Member* find_member(std::string_view key) const;
  /// Replaces the member's value or appends the member. Returns the stored value.
  JsonValue& set(std::string_view key, JsonValue value);
  /// False: there was none.
  bool remove(std::string_view key);
  void push_back(JsonValue value);

  /// The value at an RFC 6901 pointer ("" is this value); null pointer if absent or malformed.
  const JsonValue* at(std::string_view pointer) const;
  JsonValue* at(std::string_view pointer);

  /// Where the value's token begins.
  JsonPosition position() const { return position_; }
  void set_position(JsonPosition position) { position_ = position; }

  /// Equal values, members in any order; positions do not count; 1 equals 1.0.
  friend bool operator==(const JsonValue& a, const JsonValue& b);

 private:
  struct RawNumber {
    std::string text;
  };
  std::variant<std::monostate, bool, int64_t, double, RawNumber, std::string, Array, Object> data_;
  JsonPosition position_;
};

struct JsonValue::Member {
  std::string key;
  JsonValue value;
  JsonPosition key_position;  ///< Where the key's quote stands.
};

/// `/operators/per_minute` + `a/b` gives `/operators/per_minute/a~1b`.
std::string pointer_child(std::string_view pointer, std::string_view key);
std::string pointer_child(std::string_view pointer, size_t index);
/// The pointer of `node`, found by address below `root`: slow, for error texts. Nullopt: not there.
std::optional<std::string> pointer_of(const JsonValue& root, const JsonValue& node);

}  // namespace millrace
