#include "settings.h"

#include <initializer_list>

#include "common/json/config_text.h"

namespace millrace::page_sink {
namespace {

struct Kind {
  const char* name;
  std::initializer_list<const char*> needs;
};

const Kind kKinds[] = {{"table", {}},
                       {"line", {"x", "y"}},
                       {"bars", {"x", "y"}},
                       {"heat", {"x", "y", "value"}},
                       {"map", {"lat", "lon"}}};

void check(const config& chart, size_t number) {
  const std::string where = "charts[" + std::to_string(number) + "]: ";
  const std::string type = chart.str("type", "");
  for (const Kind& kind : kKinds) {
    if (type != kind.name) continue;
    for (const char* key : kind.needs) {
      if (!chart.has(key))
        throw config_error(where + "a chart of type \"" + type + "\" needs \"" + key + "\"");
    }
    if (chart.has("bounds") && chart.list("bounds").size() != 4)
      throw config_error(where + "bounds: write [south, west, north, east]");
    return;
  }
  throw config_error(where + "type: \"" + type + "\" is none of table, line, bars, heat, map");
}

}  // namespace

Settings::Settings(const config& cfg)
    : listen(cfg.str("listen", "127.0.0.1:8090")),
      file(cfg.str("file", "")),
      title(cfg.str("title", "")),
      charts(R"([{"type":"table","title":"Rows"}])"),
      history(static_cast<uint64_t>(cfg.i64("history", 1000))) {
  if (listen != "none") address = feed::address_of(listen);
  if (!address && file.empty())
    throw config_error("file: missing; with listen \"none\" the page is only a file");
  if (!cfg.has("charts")) return;
  size_t number = 0;
  for (const config& chart : cfg.list("charts")) check(chart, number++);
  charts = json::json_of(cfg.part("charts"));
}

}  // namespace millrace::page_sink
