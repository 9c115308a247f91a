#include "raw_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace millrace::file_source {
namespace {

using local_file::reason;

constexpr const char* kRemedy = "; put it back as it was, or start again with --fresh";

/// FNV-1a: good enough to tell two heads of files apart, and the same on every machine.
uint64_t fnv1a(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

local_file::Fd open_regular(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) throw config_error(path + ": " + reason(errno));
  if (S_ISDIR(found.st_mode)) {
    throw config_error(path + ": is a directory; its files are \"" + path +
                       (path.ends_with('/') ? "*\"" : "/*\""));
  }
  if (const auto kind = local_file::other_kind(found.st_mode); !kind.empty()) {
    throw config_error(path + ": is " + std::string(kind) +
                       "; only a regular file can be read again after a crash");
  }
  local_file::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw config_error(path + ": " + reason(errno));
  posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return fd;
}

}  // namespace

RawFile::RawFile(std::string path) : path_(std::move(path)), fd_(open_regular(path_)) {}

std::size_t RawFile::read(char* to, std::size_t max) {
  max = static_cast<std::size_t>(std::min<uint64_t>(max, limit_ - std::min(limit_, offset_)));
  std::size_t got = 0;
  while (got < max) {
    const ssize_t n = ::read(fd_.get(), to + got, max - got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("cannot be read at byte " + std::to_string(offset_) + ": " + reason(errno));
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
    offset_ += static_cast<uint64_t>(n);
  }
  return got;
}

void RawFile::seek(uint64_t offset) {
  if (lseek(fd_.get(), static_cast<off_t>(offset), SEEK_SET) < 0) {
    fail("cannot go to byte " + std::to_string(offset) + ": " + reason(errno));
  }
  offset_ = offset;
}

void RawFile::check_unchanged() const {
  const struct stat opened = status();
  if (static_cast<uint64_t>(opened.st_size) < offset_) {
    fail("was cut to " + std::to_string(opened.st_size) + " bytes while it was read (" +
         std::to_string(offset_) + " were there)" + kRemedy);
  }
  struct stat named {};
  if (stat(path_.c_str(), &named) != 0) {
    fail("vanished while it was read: " + reason(errno) + kRemedy);
  }
  if (named.st_ino != opened.st_ino || named.st_dev != opened.st_dev) {
    fail(std::string("was replaced while it was read") + kRemedy);
  }
}

uint64_t RawFile::size() const { return static_cast<uint64_t>(status().st_size); }

uint64_t RawFile::inode() const { return status().st_ino; }

std::string RawFile::head(std::size_t bytes) const {
  std::string text(bytes, '\0');
  std::size_t got = 0;
  while (got < text.size()) {
    const ssize_t n =
        pread(fd_.get(), text.data() + got, text.size() - got, static_cast<off_t>(got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("cannot be read: " + reason(errno));
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  text.resize(got);
  return text;
}

uint64_t RawFile::hash_head(uint64_t bytes) const {
  return fnv1a(head(std::min(bytes, FileMark::kHeadBytesMax)));
}

struct stat RawFile::status() const {
  struct stat found {};
  if (fstat(fd_.get(), &found) != 0) fail(reason(errno));
  return found;
}

void RawFile::fail(const std::string& what) const { throw fatal(path_ + ": " + what); }

}  // namespace millrace::file_source
