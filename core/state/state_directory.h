#pragma once

/// The directory that one running pipeline owns: made when missing, refused on file systems where
/// LMDB's memory map is not safe, locked for as long as the object lives.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace millrace {

/// Threads: one. A crash releases the lock, since the kernel holds it; the pid left in the file is
/// only believed while somebody holds the lock. Lookers share a lock of their own, on the directory
/// itself: while one looks, the owner goes on but does not replace the file.
class StateDirectory {
 public:
  /// `<dir>/<pipeline>/state`, each missing part made with mode 0700. kFailed names path and
  /// remedy; when another process holds it, its pid.
  static Result<StateDirectory> own(const std::string& dir, const std::string& pipeline);
  /// The same for one who only looks: where another process owns it, beside that one.
  static Result<StateDirectory> look(const std::string& dir, const std::string& pipeline);

  StateDirectory(StateDirectory&& other) noexcept;
  StateDirectory& operator=(StateDirectory&&) = delete;
  ~StateDirectory();

  /// False: only looking, beside the owner.
  bool owned() const { return owned_; }
  /// Runs `replace`, which puts another file in the place of the data file. kFailed, nothing
  /// done: somebody looks at the one that is there.
  Result<void> while_nobody_looks(const std::function<Result<void>()>& replace);

  const std::string& path() const { return path_; }
  std::string data_file() const { return path_ + "/data.mdb"; }

 private:
  explicit StateDirectory(std::string path) : path_(std::move(path)) {}
  static Result<StateDirectory> claim(const std::string& dir, const std::string& pipeline);

  std::string path_;
  int lock_ = -1;  ///< The open lock file `owner`; of a looker, the directory.
  bool owned_ = false;
};

enum class FileSystemVerdict { kLocal, kDoubtful, kNetwork };
/// By the magic number of statfs(2). Unknown ones pass as local.
FileSystemVerdict judge_file_system(uint32_t magic);

/// Makes a directory and those above it, their names durable: what is synced in a directory that a
/// power failure forgets is lost all the same.
Result<void> make_directories(const std::string& path);

/// Makes the names in a directory durable, new or renamed.
Result<void> sync_directory(const std::string& path);

/// What a failed system call on `path` means, in a sentence: `action` (as "cannot write"), path,
/// reason, and the remedy for full disks, missing rights and read-only file systems.
Error file_error(int error_number, std::string_view action, std::string_view path);
/// The same for writes to `file` through a library that answers EIO when a write came back short,
/// which is what a full disk does first: looks whether the disk, or a limit, is the reason.
Error write_error(int error_number, std::string_view action, const std::string& file);

}  // namespace millrace
