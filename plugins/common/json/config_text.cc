#include "common/json/config_text.h"

#include <charconv>

#include "common/json/json_reader.h"

namespace millrace::json {
namespace {

std::string number_text(const config& value) {
  const double number = value.f64("");
  if (number == static_cast<double>(static_cast<int64_t>(number)) && std::abs(number) < 1e15) {
    return std::to_string(value.i64(""));
  }
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, number);
  return {text, end.ptr};
}

}  // namespace

std::string json_of(const config& value) {
  switch (value.type("")) {
    case MR_JSON_TRUE: return "true";
    case MR_JSON_FALSE: return "false";
    case MR_JSON_STRING: return quoted(value.str(""));
    case MR_JSON_NUMBER: {
      return number_text(value);
    }
    case MR_JSON_ARRAY: {
      std::string out = "[";
      for (const config& one : value.list("")) out += (out.size() > 1 ? "," : "") + json_of(one);
      return out + "]";
    }
    case MR_JSON_OBJECT: {
      std::string out = "{";
      for (const auto& [name, one] : value.members("")) {
        out += (out.size() > 1 ? "," : "") + quoted(name) + ":" + json_of(one);
      }
      return out + "}";
    }
    default: return "null";
  }
}

}  // namespace millrace::json
