#include "uncommitted_note.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "common/local_file/local_file.h"

namespace millrace::file_sink {

UncommittedNote::UncommittedNote(const std::string& output)
    : path_(local_file::directory_of(output) + "/." + std::string(local_file::base_name(output)) +
            ".uncommitted") {}

bool UncommittedNote::write(uint64_t inode, uint64_t base) {
  written_ = true;
  const std::string text =
      "{\"inode\":\"" + std::to_string(inode) + "\",\"base\":" + std::to_string(base) + "}\n";
  const local_file::Fd fd(
      open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666));
  return fd && local_file::write_all(fd.get(), text) && fsync(fd.get()) == 0 &&
         local_file::sync_directory(local_file::directory_of(path_));
}

/// A note that is not whole was followed by nothing: its output was not touched yet.
std::optional<uint64_t> UncommittedNote::base_of(uint64_t inode) const {
  const local_file::Fd fd(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return std::nullopt;
  char text[128] = {};
  if (read(fd.get(), text, sizeof text - 1) <= 0) return std::nullopt;
  unsigned long long noted = 0, base = 0;
  char end = 0;
  const int found = std::sscanf(text, "{\"inode\":\"%llu\",\"base\":%llu%c", &noted, &base, &end);
  if (found != 3 || end != '}' || noted != inode) return std::nullopt;
  return base;
}

void UncommittedNote::remove() {
  written_ = false;
  unlink(path_.c_str());
}

}  // namespace millrace::file_sink
