#include "plugin/cache.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/hash.h"
#include "json/document.h"
#include "json/write.h"
#include "plugin/inspect.h"

namespace millrace {
namespace {

constexpr size_t kEntriesMax = 1000;
constexpr off_t kFileBytesMax = 64 << 20;

std::string cache_dir() {
  const char* base = secure_getenv("XDG_CACHE_HOME");
  if (base && base[0] == '/') return std::string(base) + "/millrace";
  const char* home = secure_getenv("HOME");
  if (home && home[0] == '/') return std::string(home) + "/.cache/millrace";
  return {};
}

/// A file per program: two builds used in turn would throw each other's answers away.
std::string cache_path(const std::string& self) {
  const std::string dir = cache_dir();
  return dir.empty() ? dir : fmt::format("{}/plugins-{:016x}.json", dir, hash_bytes(self));
}

/// Changes whenever the program is built anew, since its judgement may have changed too.
std::string identity_of(const std::string& self) {
  struct stat info {};
  if (stat(self.c_str(), &info) != 0) return {};
  return "1." + std::to_string(MR_ABI_MINOR) + "/" + std::to_string(info.st_size) + "/" +
         std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec);
}

/// Only a file that nobody else could have written.
std::string read_own_file(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return {};
  std::string text;
  struct stat info {};
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() &&
      !(info.st_mode & (S_IWGRP | S_IWOTH)) && info.st_size <= kFileBytesMax) {
    text.resize(static_cast<size_t>(info.st_size));
    const ssize_t n = read(fd, text.data(), text.size());
    text.resize(n > 0 ? static_cast<size_t>(n) : 0);
  }
  close(fd);
  return text;
}

bool write_all(int fd, const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const ssize_t n = write(fd, text.data() + at, text.size() - at);
    if (n <= 0) return false;
    at += static_cast<size_t>(n);
  }
  return true;
}

JsonValue identity_to_json(const FileIdentity& id) {
  return JsonValue::array({JsonValue::integer(static_cast<int64_t>(id.size)),
                           JsonValue::integer(static_cast<int64_t>(id.inode)),
                           JsonValue::integer(id.modified_ns), JsonValue::integer(id.changed_ns)});
}

bool identity_from_json(const JsonValue* json, FileIdentity& id) {
  if (!json || !json->is_array() || json->items().size() != 4) return false;
  for (const JsonValue& item : json->items()) {
    if (!item.is_int()) return false;
  }
  const auto& n = json->items();
  id = {static_cast<uint64_t>(n[0].as_int()), static_cast<uint64_t>(n[1].as_int()), n[2].as_int(),
        n[3].as_int()};
  return true;
}

}  // namespace

InspectionCache InspectionCache::open(const std::string& self) {
  InspectionCache cache;
  cache.path_ = cache_path(self);
  cache.program_ = identity_of(self);
  if (!cache.path_.empty() && !cache.program_.empty()) cache.read(read_own_file(cache.path_));
  return cache;
}

void InspectionCache::read(const std::string& text) {
  auto json = parse_json(text, path_);
  if (!json || !json->root.is_object()) return;
  const JsonValue* program = json->root.find("program");
  const JsonValue* files = json->root.find("files");
  if (!program || !program->is_string() || program->as_string() != program_) return;
  if (!files || !files->is_object()) return;
  for (const auto& [file, value, position] : files->members()) {
    Entry entry;
    const JsonValue* components = value.find("components");
    if (!identity_from_json(value.find("identity"), entry.identity)) continue;
    if (!components || !components->is_array()) continue;
    bool whole = true;
    for (const JsonValue& item : components->items()) {
      auto info = info_from_json(item, file);
      whole = whole && info.has_value();
      if (info) entry.components.push_back(std::move(*info));
    }
    if (whole) entries_.emplace(file, std::move(entry));
  }
}

const std::vector<ComponentInfo>* InspectionCache::find(const std::string& file,
                                                        const FileIdentity& now) const {
  const auto entry = entries_.find(file);
  if (entry == entries_.end() || entry->second.identity != now) return nullptr;
  return &entry->second.components;
}

void InspectionCache::put(const std::string& file, const FileIdentity& identity,
                          std::vector<ComponentInfo> components) {
  if (entries_.size() >= kEntriesMax) entries_.clear();
  entries_[file] = {identity, std::move(components)};
  changed_ = true;
}

void InspectionCache::save() const {
  if (!changed_ || path_.empty()) return;
  JsonValue files = JsonValue::object();
  for (const auto& [file, entry] : entries_) {
    JsonValue components = JsonValue::array();
    for (const ComponentInfo& info : entry.components) components.push_back(info_to_json(info));
    JsonValue& json = files.set(file, JsonValue::object());
    json.set("identity", identity_to_json(entry.identity));
    json.set("components", std::move(components));
  }
  JsonValue root = JsonValue::object();
  root.set("program", JsonValue::string(program_));
  root.set("files", std::move(files));

  std::error_code ignored;
  const auto dir = std::filesystem::path(path_).parent_path();
  std::filesystem::create_directories(dir.parent_path(), ignored);
  mkdir(dir.c_str(), 0700);
  std::string temporary = path_ + ".XXXXXX";
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);  // 0600.
  if (fd < 0) return;
  const bool written = write_all(fd, to_json(root));
  close(fd);
  if (!written || rename(temporary.c_str(), path_.c_str()) != 0) unlink(temporary.c_str());
}

}  // namespace millrace
