#pragma once

/// One open file that rows are appended to. Bytes are collected and written in large pieces; rows
/// that lie back to back in their batch are one piece already. A compressed file gets a frame per
/// sync(), because only at the end of a frame it can be cut later.
/// Failures are fatal and name the path: what the last commit holds is safe, since the next open
/// cuts the file there.

#include <millrace/plugin.hpp>

#include "common/compress/codec.h"
#include "common/local_file/local_file.h"

namespace millrace::file_sink {

class RowFile {
 public:
  enum class Make { kIfMissing, kNever };
  /// Opens for appending and locks against other writers. Makes the directories above.
  RowFile(std::string path, Make make, compress::Compression compression);

  void add_rows(batch_view rows);
  void add_line(std::string_view line);
  /// Writes what was collected without waiting for the disk; of a compressed file only what its
  /// frame has ready.
  void flush();
  /// All that was added is on the disk. The length to which the file may be cut from now on.
  uint64_t sync();
  /// Drops everything behind `length`, also what was collected.
  void cut_to(uint64_t length);

  /// Bytes in the file.
  uint64_t length() const { return length_; }
  uint64_t inode() const { return status().st_ino; }
  const std::string& path() const { return path_; }
  /// Whether the file, if it holds anything, is packed as this sink packs.
  void check_packing() const;

 private:
  void add_run(const uint8_t* from, uint64_t size, bool ended);
  void write_out(std::string_view more);
  void check_unchanged() const;
  struct stat status() const;
  [[noreturn]] void fail(const std::string& what) const;

  std::string path_;
  local_file::Fd fd_;
  compress::Compression compression_;
  std::unique_ptr<compress::Compressor> compressor_;
  std::string collected_;  ///< Not compressed yet.
  std::string packed_;
  uint64_t length_ = 0;
  static constexpr uint64_t kNeverSynced = UINT64_MAX;
  uint64_t synced_ = kNeverSynced;  ///< Length at the last sync.
};

}  // namespace millrace::file_sink
