#include "source_exec/settings.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace millrace::exec {
namespace {

/// 0: it can be started; else why not.
int start_fault(const std::string& file) {
  struct stat found;
  if (stat(file.c_str(), &found) != 0) return errno;
  if (S_ISDIR(found.st_mode)) return EISDIR;
  return access(file.c_str(), X_OK) == 0 ? 0 : errno;
}

bool is_in_path(const std::string& name) {
  const char* set = std::getenv("PATH");
  std::string_view rest = set ? set : "/bin:/usr/bin";
  while (true) {
    const std::string_view dir = rest.substr(0, rest.find(':'));
    if (start_fault((dir.empty() ? "." : std::string(dir)) + "/" + name) == 0) return true;
    if (dir.size() == rest.size()) return false;
    rest.remove_prefix(dir.size() + 1);
  }
}

/// A slip of the pen, told at once: started again and again it would never be there.
void refuse_missing(const std::string& program, const std::string& folder) {
  struct stat found;
  if (!folder.empty() && (stat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)))
    throw config_error("folder: there is no directory " + folder);
  if (program.find('/') == program.npos) {
    if (!is_in_path(program))
      throw config_error("command: there is no program " + program + " in PATH");
    return;
  }
  const bool moves = program[0] != '/' && !folder.empty();
  if (const int fault = start_fault(moves ? folder + "/" + program : program))
    throw config_error("command: " + program + " cannot be started: " + std::strerror(fault));
}

}  // namespace

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
  refuse_missing(command[0], folder);
  if (replays_exactly && !has_acks) {
    throw config_error(
        "replay: a program that replays exactly must be told where to go on: set \"acks\": true");
  }
  retry.initial = cfg.duration("/retry/initial", retry.initial);
  retry.max = cfg.duration("/retry/max", retry.max);
}

}  // namespace millrace::exec
