#include "source_generate/settings.h"

#include "common/text/time_text.h"

namespace millrace::generate {

Settings::Settings(const config& cfg)
    : seed(static_cast<uint64_t>(cfg.i64("seed", 1))),
      records(static_cast<uint64_t>(cfg.i64("records", 1000))),
      rate(cfg.f64("rate", 0)),
      interval_us(cfg.duration("interval", std::chrono::seconds(1)).count()),
      disorder_us(cfg.duration("disorder", std::chrono::seconds(0)).count()),
      late_share(cfg.f64("/late/share", 0)),
      late_by_us(cfg.duration("/late/by", std::chrono::minutes(1)).count()),
      key(cfg.str("key", "")) {
  const std::string start = cfg.str("start", "2026-01-01T00:00:00Z");
  const auto start_ms = text::parse_time_ms(start);
  if (!start_ms)
    throw config_error("start: \"" + start + "\" is not a time such as 2026-01-01T00:00:00Z");
  start_us = *start_ms * 1000;
  if (cfg.members("fields").empty()) throw config_error("fields: at least one is wanted");
  fields = make_object(cfg.part("fields"), "fields");
}

}  // namespace millrace::generate
