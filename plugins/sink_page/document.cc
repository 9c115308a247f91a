#include "document.h"

#include <string_view>

#include "common/json/json_reader.h"
#include "sink_page_schema.h"

namespace millrace::page_sink {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

/// JSON inside of <script>: there `<` can only stand in a string, and must not end the element.
std::string data_element(const std::string& id, std::string_view json) {
  std::string out = "<script type=\"application/json\" id=\"" + id + "\">";
  for (const char c : json) {
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  }
  return out + "</script>\n";
}

std::string data_of(const Document& document) {
  std::string page = "{\"title\":" + json::quoted(document.title) +
                     ",\"made\":" + json::quoted(document.made) +
                     ",\"feed\":" + json::quoted(document.feed) + ",\"sections\":[";
  std::string rows;
  for (size_t i = 0; i < document.sections.size(); ++i) {
    page += (i > 0 ? ",{\"charts\":" : "{\"charts\":") + document.sections[i].charts + "}";
    rows += data_element("rows-" + std::to_string(i), document.sections[i].history);
  }
  return data_element("page", page + "]}") + rows;
}

}  // namespace

const char* const kPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src "
    "'self'; img-src data:; base-uri 'none'; form-action 'none'";

std::string html_of(const Document& document) {
  std::string out;
  // In one pass, so that no text that is put in can hold a place of its own.
  std::string_view rest = schema::page;
  while (true) {
    const size_t begin = rest.find('%');
    out += rest.substr(0, begin);
    if (begin == rest.npos) return out;
    const size_t end = rest.find('%', begin + 1);
    const std::string_view place = rest.substr(begin + 1, end - begin - 1);
    rest.remove_prefix(end + 1);
    if (place == "TITLE") out += escaped(document.title);
    if (place == "POLICY") out += escaped(kPolicy);
    if (place == "STYLE") out += schema::style;
    if (place == "DATA") out += data_of(document);
    if (place == "SCRIPT") (out += schema::outline) += schema::charts;
  }
}

}  // namespace millrace::page_sink
