#include "settings.h"

namespace millrace::postgres_sink {

Settings::Settings(const config& cfg)
    : url(cfg.str("url")),
      table(cfg.str("table")),
      upsert(cfg.str("mode", "append") == "upsert"),
      create(cfg.flag("create", true)) {
  if (cfg.has("key")) key = cfg.strings("key");
  if (const std::size_t dot = table.find('.'); dot != std::string::npos) {
    schema = table.substr(0, dot);
    table = table.substr(dot + 1);
  }
  if (table.empty() || table.find('.') != std::string::npos) {
    throw config_error("\"table\" is a name, or schema.name");
  }
  if (upsert && key.empty())
    throw config_error("\"upsert\" needs \"key\": the fields that name a row");
  if (!upsert && !key.empty())
    throw config_error("\"key\" has a meaning only with \"mode\": \"upsert\"");
}

}  // namespace millrace::postgres_sink
