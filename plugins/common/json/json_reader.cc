#include "common/json/json_reader.h"

#include <simdjson.h>

#include <charconv>

namespace millrace::json {
namespace {

namespace ondemand = simdjson::ondemand;

/// simdjson leaves the check for bytes behind the value to its caller.
bool at_end(ondemand::document& document) {
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

bool slice_of(ondemand::value value, std::string_view& raw) {
  return simdjson::to_json_string(value).get(raw) == simdjson::SUCCESS;
}

/// The same slice of the caller's text, which lives longer than our copy of it.
std::string_view moved(std::string_view raw, std::string_view from, std::string_view to) {
  return to.substr(static_cast<size_t>(raw.data() - from.data()), raw.size());
}

template <class Visit>
bool visit_members(ondemand::document& document, const Visit& visit) {
  ondemand::object object;
  if (document.get_object().get(object) != simdjson::SUCCESS) return false;
  for (auto item : object) {
    ondemand::field field;
    std::string_view key, raw;
    if (std::move(item).get(field) != simdjson::SUCCESS) return false;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
    if (!slice_of(field.value(), raw)) return false;
    visit(key, raw);
  }
  return at_end(document);
}

template <class Visit>
bool visit_elements(ondemand::document& document, const Visit& visit) {
  ondemand::array array;
  if (document.get_array().get(array) != simdjson::SUCCESS) return false;
  for (auto item : array) {
    ondemand::value value;
    std::string_view raw;
    if (std::move(item).get(value) != simdjson::SUCCESS || !slice_of(value, raw)) return false;
    visit(raw);
  }
  return at_end(document);
}

}  // namespace

struct JsonReader::Parser {
  ondemand::parser parser;

  bool open(std::string_view padded, ondemand::document& document) {
    const simdjson::padded_string_view view(padded.data(), padded.size(),
                                            padded.size() + simdjson::SIMDJSON_PADDING);
    return parser.iterate(view).get(document) == simdjson::SUCCESS;
  }
};

JsonReader::JsonReader() : parser_(std::make_unique<Parser>()) {}
JsonReader::~JsonReader() = default;

/// A copy with the readable bytes behind it that simdjson wants.
std::string_view JsonReader::padded(std::string_view text) {
  buffer_.assign(text);
  buffer_.append(simdjson::SIMDJSON_PADDING, ' ');
  return std::string_view(buffer_).substr(0, text.size());
}

bool JsonReader::members(std::string_view text, const VisitMember& visit) {
  ondemand::document document;
  const std::string_view copy = padded(text);
  return parser_->open(copy, document) &&
         visit_members(document, [&](std::string_view key, std::string_view raw) {
           visit(key, moved(raw, copy, text));
         });
}

bool JsonReader::elements(std::string_view text, const VisitElement& visit) {
  ondemand::document document;
  const std::string_view copy = padded(text);
  return parser_->open(copy, document) &&
         visit_elements(document, [&](std::string_view raw) { visit(moved(raw, copy, text)); });
}

bool JsonReader::text(std::string_view raw, std::string& out) {
  if (raw.size() < 2 || raw.front() != '"' || raw.back() != '"') return false;
  if (raw.find('\\') == raw.npos) {
    out.assign(raw.substr(1, raw.size() - 2));
    return true;
  }
  ondemand::document document;
  std::string_view unescaped;
  if (!parser_->open(padded(raw), document)) return false;
  if (document.get_string().get(unescaped) != simdjson::SUCCESS) return false;
  out.assign(unescaped);
  return true;
}

std::optional<int64_t> integer_of(std::string_view raw) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
  if (error != std::errc() || end != raw.data() + raw.size()) return std::nullopt;
  return number;
}

std::string quoted(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace millrace::json
