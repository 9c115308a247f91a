#include "json/document.h"

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <unordered_set>
#include <utility>

#include "json/utf8.h"

namespace millrace {
namespace {

JsonPosition position_at(std::string_view text, size_t offset) {
  JsonPosition position{1, 1};
  for (size_t i = 0; i < offset && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++position.line;
      position.column = 1;
    } else {
      ++position.column;
    }
  }
  return position;
}

/// Turns rising offsets into line and column in one pass over the text.
class PositionCursor {
 public:
  explicit PositionCursor(std::string_view text) : text_(text) {}
  JsonPosition at(size_t offset) {
    for (; offset_ < offset; ++offset_) {
      if (text_[offset_] == '\n') {
        ++position_.line;
        position_.column = 1;
      } else {
        ++position_.column;
      }
    }
    return position_;
  }

 private:
  std::string_view text_;
  size_t offset_ = 0;
  JsonPosition position_{1, 1};
};

/// Builds the tree from RapidJSON's events. RapidJSON parses strings and numbers on a local
/// copy of the stream and calls brackets before it takes them, so Tell() of the stream
/// itself is the token's first byte in those events, and the byte behind it for null, true and
/// false. A unit test pins that.
class TreeBuilder {
 public:
  TreeBuilder(std::string_view text, const rapidjson::StringStream& stream, uint32_t depth_max)
      : text_(text), stream_(stream), positions_(text), depth_max_(depth_max) {}

  bool Null() { return add(JsonValue(), stream_.Tell() - 4); }
  bool Bool(bool b) { return add(JsonValue::boolean(b), stream_.Tell() - (b ? 4 : 5)); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return add_number(stream_.Tell()); }
  bool String(const char* s, rapidjson::SizeType length, bool) {
    const size_t start = stream_.Tell();
    if (!check_utf8({s, length}, start)) return false;
    return add(JsonValue::string(std::string(s, length)), start);
  }
  bool StartObject() { return start(JsonValue::object()); }
  bool StartArray() { return start(JsonValue::array()); }
  bool EndObject(rapidjson::SizeType) { return end(); }
  bool EndArray(rapidjson::SizeType) { return end(); }

  bool Key(const char* s, rapidjson::SizeType length, bool) {
    const size_t start = stream_.Tell();
    if (!check_utf8({s, length}, start)) return false;
    Frame& frame = frames_.back();
    frame.key.assign(s, length);
    if (!frame.keys.insert(frame.key).second) {
      return fail(start, "duplicate key \"" + frame.key + "\"");
    }
    frame.key_position = positions_.at(start);
    return true;
  }

  // Not called under kParseNumbersAsStringsFlag.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(int64_t) { return false; }
  bool Uint64(uint64_t) { return false; }
  bool Double(double) { return false; }

  JsonValue take_root() { return std::move(root_); }
  bool failed() const { return !message_.empty(); }
  const std::string& message() const { return message_; }
  size_t failed_at() const { return failed_at_; }

 private:
  struct Frame {
    JsonValue container;
    std::string key;
    JsonPosition key_position;
    std::unordered_set<std::string> keys;
  };

  bool fail(size_t offset, std::string message) {
    failed_at_ = offset;
    message_ = std::move(message);
    return false;
  }

  /// RapidJSON validates what it copies but lets a lone `\udc00` through, as invalid UTF-8.
  bool check_utf8(std::string_view decoded, size_t start) {
    return is_valid_utf8(decoded) || fail(start, "a string with half a surrogate pair");
  }

  bool add_number(size_t start) {
    const size_t end = std::min(text_.find_first_not_of("+-.0123456789eE", start), text_.size());
    const std::string_view token = text_.substr(start, end - start);
    const char* last = token.data() + token.size();
    if (token.find_first_of(".eE") == std::string_view::npos) {
      int64_t whole = 0;
      const auto read = std::from_chars(token.data(), last, whole);
      if (read.ec == std::errc()) return add(JsonValue::integer(whole), start);
      return add(JsonValue::number(std::string(token)), start);
    }
    // from_chars reports underflow like overflow; strtod gives 0 for the first, which is right.
    const double value = std::strtod(std::string(token).c_str(), nullptr);
    if (!std::isfinite(value)) return fail(start, "a number too large for a double");
    return add(JsonValue::floating(value), start);
  }

  bool add(JsonValue value, size_t start) {
    value.set_position(positions_.at(start));
    return attach(std::move(value));
  }

  bool start(JsonValue container) {
    const size_t start = stream_.Tell();
    if (frames_.size() >= depth_max_) {
      return fail(start, "nested deeper than " + std::to_string(depth_max_) + " levels");
    }
    container.set_position(positions_.at(start));
    frames_.push_back({std::move(container), {}, {}, {}});
    return true;
  }

  bool end() {
    JsonValue container = std::move(frames_.back().container);
    frames_.pop_back();
    return attach(std::move(container));
  }

  bool attach(JsonValue value) {
    if (frames_.empty()) {
      root_ = std::move(value);
      return true;
    }
    Frame& frame = frames_.back();
    if (frame.container.is_array()) {
      frame.container.push_back(std::move(value));
    } else {
      frame.container.members().push_back(
          {std::move(frame.key), std::move(value), frame.key_position});
    }
    return true;
  }

  std::string_view text_;
  const rapidjson::StringStream& stream_;
  PositionCursor positions_;
  uint32_t depth_max_;
  std::vector<Frame> frames_;
  JsonValue root_;
  std::string message_;
  size_t failed_at_ = 0;
};

template <unsigned kFlags>
rapidjson::ParseResult parse_events(rapidjson::StringStream& stream, TreeBuilder& builder) {
  // Iterative: 100 000 open brackets must not cost 100 000 stack frames.
  constexpr unsigned kAlways = rapidjson::kParseIterativeFlag |
                               rapidjson::kParseValidateEncodingFlag |
                               rapidjson::kParseNumbersAsStringsFlag;
  rapidjson::Reader reader;
  return reader.Parse<kAlways | kFlags>(stream, builder);
}

rapidjson::ParseResult parse_events(rapidjson::StringStream& stream, TreeBuilder& builder,
                                    const JsonReadOptions& options) {
  constexpr unsigned kComments = rapidjson::kParseCommentsFlag;
  constexpr unsigned kCommas = rapidjson::kParseTrailingCommasFlag;
  if (options.comments && options.trailing_commas) {
    return parse_events<kComments | kCommas>(stream, builder);
  }
  if (options.comments) return parse_events<kComments>(stream, builder);
  if (options.trailing_commas) return parse_events<kCommas>(stream, builder);
  return parse_events<0>(stream, builder);
}

Error syntax_error(std::string_view file_name, std::string_view text, size_t offset,
                   std::string_view message) {
  return {Code::kInvalidConfig, json_fault(file_name, position_at(text, offset), "", message)};
}

}  // namespace

std::string json_fault(std::string_view file_name, JsonPosition position, std::string_view pointer,
                       std::string_view message) {
  std::string text(file_name);
  if (position.known()) {
    if (!text.empty()) text += ':';
    text += std::to_string(position.line);
    text += ':';
    text += std::to_string(position.column);
  }
  if (!text.empty()) text += ": ";
  if (!pointer.empty()) {
    text += pointer;
    text += ": ";
  }
  text += message;
  return text;
}

std::string JsonDocument::fault(const JsonValue& node, std::string_view message) const {
  return json_fault(file_name, node.position(), pointer_of(root, node).value_or(""), message);
}

Result<JsonDocument> parse_json(std::string_view text, std::string_view file_name,
                                const JsonReadOptions& options) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  // To RapidJSON a NUL is the end of the text: what follows would be ignored.
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return syntax_error(file_name, text, nul, "a NUL byte");
  }
  if (const size_t bad = first_invalid_utf8(text); bad != text.size()) {
    return syntax_error(file_name, text, bad, "invalid UTF-8");
  }
  const std::string terminated(text);
  rapidjson::StringStream stream(terminated.c_str());
  TreeBuilder builder(terminated, stream, options.depth_max);
  const rapidjson::ParseResult parsed = parse_events(stream, builder, options);
  if (builder.failed()) {
    return syntax_error(file_name, terminated, builder.failed_at(), builder.message());
  }
  if (parsed.IsError()) {
    // What RapidJSON says of comments only, and without saying so.
    const bool comment = parsed.Code() == rapidjson::kParseErrorUnspecificSyntaxError;
    return syntax_error(file_name, terminated, parsed.Offset(),
                        comment ? "a comment that does not end, or a '/' that begins none"
                                : rapidjson::GetParseError_En(parsed.Code()));
  }
  return JsonDocument{std::string(file_name), builder.take_root()};
}

}  // namespace millrace
