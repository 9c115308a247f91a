#include "common/local_file/local_file.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace millrace::local_file {
namespace {

std::string_view remedy(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT: return "free some space and start again";
    case EACCES:
    case EPERM: return "give this user the permission or choose another path";
    case EROFS: return "choose a path on a file system that can be written";
    case EIO: return "the device is failing: look at the system log";
    case EMFILE:
    case ENFILE: return "raise the limit of open files (ulimit -n)";
    default: return "";
  }
}

}  // namespace

void Fd::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

std::string reason(int error) {
  char buffer[128];
  std::string text = strerror_r(error, buffer, sizeof buffer);  // The GNU one: returns the text.
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  const std::string_view what_to_do = remedy(error);
  if (!what_to_do.empty()) text.append("; ").append(what_to_do);
  return text;
}

std::string_view other_kind(mode_t mode) {
  if (S_ISREG(mode)) return "";
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

std::string directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool make_directories(const std::string& path) {
  for (std::size_t at = 1; at <= path.size(); ++at) {
    if (at < path.size() && path[at] != '/') continue;
    if (mkdir(path.substr(0, at).c_str(), 0777) == 0) {
      // What is put there later is safe only if the directory itself is.
      if (!sync_directory(directory_of(path.substr(0, at)))) return false;
      continue;
    }
    if (errno == EEXIST || errno == EISDIR) continue;
    // On read-only or foreign directories mkdir may refuse before it sees that the name is there.
    struct stat found {};
    const int error = errno;
    if (stat(path.substr(0, at).c_str(), &found) == 0 && S_ISDIR(found.st_mode)) continue;
    errno = error;
    return false;
  }
  return true;
}

bool sync_directory(const std::string& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // A directory that may be entered but not read, or a file system that cannot sync directories:
  // there is nothing to be done then.
  if (!fd) return errno == EACCES;
  return fsync(fd.get()) == 0 || errno == EINVAL;
}

bool write_all(int fd, std::string_view text) { return write_both(fd, text, {}); }

bool write_both(int fd, std::string_view first, std::string_view second) {
  while (!first.empty() || !second.empty()) {
    iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                      {const_cast<char*>(second.data()), second.size()}};
    const ssize_t written = writev(fd, parts, 2);
    if (written < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    const auto n = static_cast<std::size_t>(written);
    const std::size_t of_first = std::min(n, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(n - of_first);
  }
  return true;
}

}  // namespace millrace::local_file
