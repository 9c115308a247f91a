#include "file_log.h"

#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "json_text.h"

namespace millrace::file_source {
namespace {

constexpr int64_t kStateVersion = 1;

uint64_t number_in(const std::string& text, int base) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, base);
  return number;
}

std::string hex(uint64_t number) {
  char text[17];
  return {text, std::to_chars(text, text + sizeof text, number, 16).ptr};
}

bool is_pattern(const std::string& path) { return path.find_first_of("*?[") != path.npos; }

/// A file may really be called "data[1].csv".
bool exists(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0;
}

/// Inode and hash are texts, because JSON numbers of 64 bits do not survive every reader.
std::string json_of(const LogFile& file) {
  std::string json = "{\"path\":";
  append_json_string(json, file.path);
  json += ",\"number\":" + std::to_string(file.number);
  json += ",\"offset\":" + std::to_string(file.offset);
  json += ",\"line\":" + std::to_string(file.line);
  json += ",\"size\":" + std::to_string(file.size);
  json += ",\"inode\":\"" + std::to_string(file.mark.inode);
  json += "\",\"head_hash\":\"" + hex(file.mark.head_hash);
  json += "\",\"head_bytes\":" + std::to_string(file.mark.head_bytes);
  if (file.merged_upto > 0) json += ",\"merged_upto\":" + std::to_string(file.merged_upto);
  json += file.done ? ",\"done\":true}" : ",\"done\":false}";
  return json;
}

LogFile file_of(const config& json) {
  LogFile file;
  file.path = json.str("path");
  file.number = static_cast<uint32_t>(json.i64("number"));
  file.offset = static_cast<uint64_t>(json.i64("offset"));
  file.line = static_cast<uint64_t>(json.i64("line"));
  file.size = static_cast<uint64_t>(json.i64("size"));
  file.mark.inode = number_in(json.str("inode"), 10);
  file.mark.head_hash = number_in(json.str("head_hash"), 16);
  file.mark.head_bytes = static_cast<uint64_t>(json.i64("head_bytes"));
  file.merged_upto = static_cast<uint64_t>(json.i64("merged_upto", 0));
  file.done = json.flag("done");
  return file;
}

}  // namespace

void FileLog::open(std::string_view state) {
  files_.clear();
  known_.clear();
  if (state.data()) restore(state);
  find_files();
  for (LogFile& file : files_) check(file);
}

void FileLog::restore(std::string_view state) {
  try {
    const config json(ctx_, state);
    if (json.i64("v") != kStateVersion) {
      throw fatal("the stored position was written by another version; start again with --fresh");
    }
    for (const config& file : json.list("files")) {
      files_.push_back(file_of(file));
      known_.insert(files_.back().path);
    }
  } catch (const config_error& broken) {
    throw fatal(std::string("the stored position is damaged: ") + broken.what());
  }
}

void FileLog::find_files() {
  for (const std::string& path : settings_.paths) {
    is_pattern(path) && !exists(path) ? find_pattern(path) : add(path);
  }
  if (!files_.empty() || settings_.follow) return;
  std::string patterns;
  for (const std::string& path : settings_.paths) patterns += (patterns.empty() ? "" : ", ") + path;
  throw config_error("no file matches " + patterns);
}

/// In the order of bytes: glob(3) itself would sort by the locale.
void FileLog::find_pattern(const std::string& pattern) {
  struct Found : glob_t {
    Found() : glob_t{} {}
    ~Found() { globfree(this); }
  } found;
  const int rc = glob(pattern.c_str(), GLOB_NOSORT | GLOB_ERR, nullptr, &found);
  if (rc == GLOB_NOMATCH) return;
  if (rc == GLOB_NOSPACE) throw std::bad_alloc();
  if (rc != 0) throw config_error(pattern + ": a directory cannot be read");
  std::vector<std::string> names(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    struct stat status {};
    // What vanished meanwhile, and directories, which `*` finds too, are not meant.
    if (stat(name.c_str(), &status) != 0 || S_ISDIR(status.st_mode)) continue;
    if (!is_utf8(name)) throw config_error(pattern + ": the name of a file is not UTF-8");
    add(name);
  }
}

void FileLog::add(const std::string& path) {
  if (!known_.insert(path).second) return;
  LogFile file;
  file.path = path;
  file.number = files_.empty() ? 0 : files_.back().number + 1;
  files_.push_back(std::move(file));
}

/// A finished file that a pattern no longer finds is nobody's loss; all others must be there.
void FileLog::check(LogFile& file) {
  const bool named =
      std::find(settings_.paths.begin(), settings_.paths.end(), file.path) != settings_.paths.end();
  struct stat status {};
  if (file.done && !named && stat(file.path.c_str(), &status) != 0 && errno == ENOENT) return;
  const RawFile found(file.path);
  const bool untouched = file.done && found.size() == file.size && found.inode() == file.mark.inode;
  if (!untouched) check_identity(file, found);
  file.done = file.done && found.size() == file.size;
  file.json.clear();
}

void FileLog::check_identity(const LogFile& file, const RawFile& found) const {
  constexpr const char* kRemedy = "; put it back as it was, or start again with --fresh";
  const uint64_t needed = is_packed(found) ? file.size : file.offset;
  if (found.size() < needed) {
    throw fatal(file.path + ": was cut: it has " + std::to_string(found.size()) + " bytes, but " +
                std::to_string(needed) + " were read before" + kRemedy);
  }
  const uint64_t bytes = file.mark.head_bytes;
  if (bytes == 0 || found.hash_head(bytes) == file.mark.head_hash) return;
  throw fatal(file.path + ": was replaced by another file: its first " + std::to_string(bytes) +
              " bytes are not those that were read before" + kRemedy);
}

bool FileLog::is_packed(const RawFile& found) const {
  if (settings_.compression) return *settings_.compression != compress::Compression::kNone;
  constexpr std::size_t kLongestMagic = 16;
  return compress::detect(found.head(kLongestMagic), true) != compress::Compression::kNone;
}

void FileLog::refresh() {
  find_files();
  for (LogFile& file : files_) {
    if (!file.done) continue;
    struct stat status {};
    if (stat(file.path.c_str(), &status) != 0) continue;
    if (static_cast<uint64_t>(status.st_size) == file.size && status.st_ino == file.mark.inode) {
      continue;
    }
    check(file);
  }
}

LogFile* FileLog::next() {
  const auto found =
      std::find_if(files_.begin(), files_.end(), [](const LogFile& file) { return !file.done; });
  return found == files_.end() ? nullptr : &*found;
}

std::vector<LogFile*> FileLog::begin_merge(bool& resumed) {
  const auto takes_part = [](const LogFile& file) { return file.merged_upto > 0; };
  resumed = std::any_of(files_.begin(), files_.end(), takes_part);
  std::vector<LogFile*> out;
  for (LogFile& file : files_) {
    if (!resumed && !file.done) file.merged_upto = RawFile(file.path).size();
    file.json.clear();
    if (takes_part(file)) out.push_back(&file);
  }
  return out;
}

LogFile* FileLog::find(uint32_t number) {
  const auto found = std::find_if(files_.begin(), files_.end(),
                                  [number](const LogFile& file) { return file.number == number; });
  return found == files_.end() ? nullptr : &*found;
}

std::map<uint32_t, uint64_t> FileLog::sizes() const {
  std::map<uint32_t, uint64_t> sizes;
  for (const LogFile& file : files_) {
    if (!file.done) sizes[file.number] = RawFile(file.path).size();
  }
  return sizes;
}

std::string FileLog::snapshot() {
  std::string json = "{\"v\":" + std::to_string(kStateVersion) + ",\"files\":[";
  for (LogFile& file : files_) {
    if (file.json.empty()) file.json = json_of(file);
    if (file.number != files_.front().number) json += ',';
    json += file.json;
  }
  return json + "]}";
}

}  // namespace millrace::file_source
