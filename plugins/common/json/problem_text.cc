#include "common/json/problem_text.h"

#include "common/json/json_pick.h"
#include "common/text/printable.h"

namespace millrace::json {

std::string problem_text(std::string_view body) {
  JsonReader reader;
  std::vector<std::string_view> found;
  if (JsonPick({"title", "error", "detail", "message", "error_description"})
          .pick(reader, body, found)) {
    std::string text;
    for (const std::string_view raw : found) {
      std::string part;
      if (!reader.text(raw, part) || part.empty()) continue;
      text += ": " + text::printable(part);
    }
    return text;
  }
  if (body.empty() || body.front() == '<') return "";
  return ": " + text::printable(body);
}

}  // namespace millrace::json
