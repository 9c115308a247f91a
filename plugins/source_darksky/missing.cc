#include "source_darksky/missing.h"

namespace millrace::darksky {
namespace {

constexpr std::string_view kMissing = "-999";

/// The length of the number at the front if it is -999 with nothing but zeros behind the point.
size_t missing_length(std::string_view text) {
  if (!text.starts_with(kMissing)) return 0;
  size_t end = kMissing.size();
  if (end < text.size() && text[end] == '.') {
    ++end;
    while (end < text.size() && text[end] == '0') ++end;
  }
  const bool goes_on = end < text.size() &&
                       std::string_view("0123456789.eE").find(text[end]) != std::string_view::npos;
  return goes_on ? 0 : end;
}

}  // namespace

std::string missing_as_null(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  bool in_string = false;
  for (size_t at = 0; at < json.size();) {
    const char c = json[at];
    const size_t missing = in_string || c != '-' ? 0 : missing_length(json.substr(at));
    if (missing > 0) {
      out += "null";
      at += missing;
      continue;
    }
    if (c == '"') in_string = !in_string;
    out += c;
    ++at;
    if (in_string && c == '\\' && at < json.size()) out += json[at++];
  }
  return out;
}

}  // namespace millrace::darksky
