#include "host/places.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "json/document.h"

namespace millrace {
namespace {

bool may(const std::string& path, int how) {
  return ::faccessat(AT_FDCWD, path.c_str(), how, AT_EACCESS) == 0;
}

/// Why nothing can be made in the directory, which may be yet to be made; 0: it can.
int directory_fault(const std::string& path) {
  struct stat found;
  if (::stat(path.empty() ? "." : path.c_str(), &found) == 0) {
    if (!S_ISDIR(found.st_mode)) return ENOTDIR;
    return may(path.empty() ? "." : path, W_OK | X_OK) ? 0 : errno;
  }
  if (errno != ENOENT) return errno;
  return directory_fault(std::filesystem::path(path).parent_path().string());
}

/// Why the file cannot be written, which may be yet to be made; 0: it can.
int file_fault(const std::string& path) {
  struct stat found;
  if (::stat(path.c_str(), &found) == 0) {
    if (S_ISDIR(found.st_mode)) return EISDIR;
    return may(path, W_OK) ? 0 : errno;
  }
  if (errno != ENOENT) return errno;
  return directory_fault(std::filesystem::path(path).parent_path().string());
}

void refuse(const Where& where, const std::string& path, int reason, Faults& faults) {
  if (reason == 0) return;
  const std::string remedy =
      reason == ENOTDIR                     ? "a file stands where a directory is needed: move it"
      : reason == EACCES || reason == EPERM ? "give this user the right to write there"
                                            : "";
  faults.add(where, path + " cannot be written: " + ::strerrordesc_np(reason),
             remedy + (remedy.empty() ? "" : ", or ") + "choose another place");
}

void refuse_state(const CommitConfig& commit, const std::string& pipeline, bool by_option,
                  Faults& faults) {
  Where where = commit.where;
  if (const Where* written = find_written(commit.written, "dir")) where = *written;
  if (by_option) where = {0, 0, "", "--state"};
  const std::string path = commit.dir + "/" + pipeline;
  refuse(where, path, directory_fault(path), faults);
}

/// The built-in knowledge of one plugin: what others write, and where, only they know.
void refuse_sink(const SinkConfig& sink, Faults& faults) {
  if (sink.plugin.text != "file") return;
  const auto own = parse_json(sink.plugin_config, "");
  for (const char* key : {"path", "dir"}) {
    const JsonValue* place = own ? own->root.find(key) : nullptr;
    if (!place || !place->is_string()) continue;
    const std::string& path = place->as_string();
    const Where* written = find_written(sink.written, key);
    const bool is_file = key == std::string_view("path");
    refuse(written ? *written : sink.name.where, path,
           is_file ? file_fault(path) : directory_fault(path), faults);
  }
}

}  // namespace

void refuse_unwritable_report(const std::string& path, Faults& faults) {
  if (!path.empty()) refuse({0, 0, "", "--report"}, path, file_fault(path), faults);
}

void refuse_unwritable(const PipelineConfig& config, bool state_option, Faults& faults) {
  refuse_state(config.commit, config.name.text, state_option, faults);
  // Under the kafka log dead letters go to a topic.
  const std::string& letters = config.dead_letters.text;
  if (config.dead_letters_on && !letters.empty() && config.commit.log == CommitConfig::Log::kLocal)
    refuse(config.dead_letters.where, letters, directory_fault(letters), faults);
  for (const SourceConfig& source : config.sources) {
    if (!source.journal) continue;
    const Text& path = source.journal->path;
    refuse(path.where, path.text, directory_fault(path.text), faults);
  }
  for (const SinkConfig& sink : config.sinks) refuse_sink(sink, faults);
}

}  // namespace millrace
