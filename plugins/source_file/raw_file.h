#pragma once

/// One file on disk, read from front to back, that notices when somebody else shortens, replaces or
/// removes it. Failures are fatal and name the path: going on would lose records in silence.

#include <optional>

#include "common/local_file/local_file.h"
#include "settings.h"

namespace millrace::file_source {

/// How to tell tomorrow that a file is still the one of today.
struct FileMark {
  uint64_t inode = 0;
  uint64_t head_hash = 0;
  uint64_t head_bytes = 0;  ///< How many of the first bytes were hashed.

  static constexpr uint64_t kHeadBytesMax = 64 << 10;
};

class RawFile {
 public:
  /// config_error if there is no such regular file that can be read.
  explicit RawFile(std::string path);

  /// Does not read beyond `bytes`, although there may be more: for a target fixed at start.
  void stop_at(uint64_t bytes) { limit_ = bytes; }
  /// 0 = nothing more at present.
  std::size_t read(char* to, std::size_t max);
  void seek(uint64_t offset);
  uint64_t offset() const { return offset_; }

  /// Throws if the file is shorter than what was read of it, or is no longer what its path leads
  /// to.
  void check_unchanged() const;
  uint64_t size() const;
  uint64_t inode() const;
  /// The first bytes, wherever reading is.
  std::string head(std::size_t bytes) const;
  /// Hash of the first `bytes` (at most kHeadBytesMax).
  uint64_t hash_head(uint64_t bytes) const;
  const std::string& path() const { return path_; }

 private:
  struct stat status() const;
  [[noreturn]] void fail(const std::string& what) const;

  std::string path_;
  local_file::Fd fd_;
  uint64_t offset_ = 0;
  uint64_t limit_ = UINT64_MAX;
};

}  // namespace millrace::file_source
