#include "part_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>

namespace millrace::file_sink {
namespace {

using local_file::reason;

constexpr std::string_view kPart = "part-";
constexpr std::string_view kOpen = ".open";  // Behind the name of a part that is not in view.

/// The number in "part-000007…"; nullopt for names that are not ours.
std::optional<uint64_t> number_of(std::string_view name) {
  if (!name.starts_with(kPart)) return std::nullopt;
  name.remove_prefix(kPart.size());
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool whole = error == std::errc() && end != name.data() + name.size() && *end == '.';
  return whole ? std::optional(number) : std::nullopt;
}

bool is_hidden(std::string_view name) { return name.starts_with('.') && name.ends_with(kOpen); }

}  // namespace

PartFolder::PartFolder(const Settings& settings)
    : path_(settings.dir), extension_(settings.extension()) {}

std::string PartFolder::name_of(uint64_t number) const {
  char text[32];
  std::snprintf(text, sizeof text, "part-%06llu", static_cast<unsigned long long>(number));
  return text + extension_;
}

void PartFolder::lock() {
  if (!local_file::make_directories(path_)) {
    throw fatal(path_ + ": the directory cannot be made: " + reason(errno));
  }
  fd_ = local_file::Fd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd_) throw fatal(path_ + ": cannot be read: " + reason(errno));
  if (flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    throw fatal(path_ + ": another sink or process is writing to it");
  }
}

uint64_t PartFolder::inode() const {
  struct stat found {};
  if (fstat(fd_.get(), &found) != 0) throw fatal(path_ + ": " + reason(errno));
  return found.st_ino;
}

std::string PartFolder::hidden(const std::string& name) const {
  return path_ + "/." + name + std::string(kOpen);
}

/// Puts a part into view, if that did not happen before the crash already.
void PartFolder::show(const Part& part) const {
  const std::string from = hidden(part.name), to = visible(part.name);
  struct stat found {};
  if (stat(from.c_str(), &found) != 0) {
    if (errno == ENOENT) return;
    throw fatal(from + ": " + reason(errno));
  }
  if (static_cast<uint64_t>(found.st_size) < part.length) {
    throw fatal(from + ": has " + std::to_string(found.st_size) + " bytes, but " +
                std::to_string(part.length) +
                " were committed; put it back as it was, or start again with --fresh");
  }
  if (truncate(from.c_str(), static_cast<off_t>(part.length)) != 0) {
    throw fatal(from + ": cannot be cut: " + reason(errno));
  }
  if (access(to.c_str(), F_OK) == 0) {
    throw fatal(to + ": is there already; move it away, " + from + " shall get its name");
  }
  if (rename(from.c_str(), to.c_str()) != 0) {
    throw fatal(from + ": cannot be renamed to " + to + ": " + reason(errno));
  }
  sync();
}

void PartFolder::sync() const {
  if (local_file::sync_directory(path_)) return;
  throw fatal(path_ + ": cannot be synced: " + reason(errno));
}

void PartFolder::remove(const std::string& path) const {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    throw fatal(path + ": cannot be removed: " + reason(errno));
  }
}

std::vector<PartFolder::Entry> PartFolder::parts() const {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(path_.c_str()), closedir);
  if (!dir) throw fatal(path_ + ": cannot be read: " + reason(errno));
  std::vector<Entry> parts;
  while (const dirent* entry = readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    const auto number = number_of(name.substr(is_hidden(name)));
    if (number) parts.push_back({std::string(name), *number, is_hidden(name)});
  }
  return parts;
}

}  // namespace millrace::file_sink
