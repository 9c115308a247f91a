#include "source_wikipedia/problem.h"

#include "common/json/json_pick.h"
#include "common/sse/utf8_repair.h"

namespace millrace::wikipedia {
namespace {

constexpr size_t kLongest = 200;

/// What a stranger sent must not move the cursor of a terminal, nor break the line of a log.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  sse::repair_utf8(out);  // The cut may have hit a character.
  return out;
}

}  // namespace

std::string problem_text(std::string_view body) {
  json::JsonReader reader;
  std::vector<std::string_view> found;
  if (json::JsonPick({"title", "detail", "message"}).pick(reader, body, found)) {
    std::string text;
    for (const std::string_view raw : found) {
      std::string part;
      if (!reader.text(raw, part) || part.empty()) continue;
      text += ": " + printable(part);
    }
    return text;
  }
  if (body.empty() || body.front() == '<') return "";
  return ": " + printable(body);
}

std::string remedy(const Settings& settings, const http::Ending& ending) {
  std::string text = problem_text(ending.body);
  if (ending.status == 403 && settings.contact.empty()) {
    text +=
        "; Wikimedia refuses clients without a contact: set \"contact\" at the top of the "
        "configuration";
  } else if (ending.status == 403) {
    text += "; the User-Agent (" + settings.http.user_agent +
            ") may be what is refused: check \"contact\"";
  } else if (ending.status == 404) {
    text += "; is there a stream of that name? \"url\" with /?spec lists them";
  } else if (ending.fault == http::Fault::kTls) {
    text += "; see \"tls\": ca_file for a private authority, server_name for another name";
  } else if (ending.fault == http::Fault::kProxyAuth || ending.status == 407) {
    text +=
        "; the proxy wants a user and a password: \"proxy\": \"http://USER:PASSWORD@HOST:PORT\"";
  }
  return text;
}

}  // namespace millrace::wikipedia
