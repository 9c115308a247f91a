#include "source_exec/settings.h"

namespace millrace::exec {

Settings::Settings(const config& cfg)
    : command(cfg.strings("command")),
      folder(cfg.str("folder", "")),
      restarts(cfg.str("on_exit", "end") == "restart"),
      has_acks(cfg.flag("acks", false)),
      replays_exactly(cfg.str("replay", "none") == "exact"),
      key(cfg.str("key", "")),
      stop_timeout(cfg.duration("stop_timeout", std::chrono::seconds(5))),
      line_max(cfg.bytes("max_line", 1 << 20)) {
  for (const auto& [name, value] : cfg.members("environment")) {
    if (name.empty() || name.find('=') != name.npos)
      throw config_error("environment: \"" + name + "\" is no name");
    environment.emplace_back(name, value.str(""));
  }
  if (command.empty() || command[0].empty()) throw config_error("command: missing");
  if (replays_exactly && !has_acks) {
    throw config_error(
        "replay: a program that replays exactly must be told where to go on: set \"acks\": true");
  }
  retry.initial = cfg.duration("/retry/initial", retry.initial);
  retry.max = cfg.duration("/retry/max", retry.max);
}

}  // namespace millrace::exec
