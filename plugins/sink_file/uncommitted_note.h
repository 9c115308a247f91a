#pragma once

/// Until the first commit nobody but this file knows how long an output was before its pipeline
/// came. A hidden file beside the output says so, from the first byte that is added to the first
/// commit; whoever finds it after a crash cuts the output back, so that no row is there twice.
/// For a directory the base is the number of the first part, and the inode is the directory's.

#include <cstdint>
#include <optional>
#include <string>

namespace millrace::file_sink {

class UncommittedNote {
 public:
  /// The output's path.
  explicit UncommittedNote(const std::string& output);

  /// Durable when it returns. False with errno set.
  bool write(uint64_t inode, uint64_t base);
  bool is_written() const { return written_; }
  /// What an earlier run noted about the output with this inode.
  std::optional<uint64_t> base_of(uint64_t inode) const;
  void remove();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool written_ = false;  ///< By us, or tried in vain: it is not tried for every batch.
};

}  // namespace millrace::file_sink
