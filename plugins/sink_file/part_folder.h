#pragma once

/// The names in a directory of parts. A part is hidden, ".part-000007.ndjson.open", while rows are
/// added to it, and comes into view as "part-000007.ndjson". All failures are fatal.

#include "common/local_file/local_file.h"
#include "saved.h"
#include "settings.h"

namespace millrace::file_sink {

class PartFolder {
 public:
  explicit PartFolder(const Settings& settings);

  /// Makes the directory and keeps others from writing to it, until unlock().
  void lock();
  void unlock() { fd_.reset(); }
  uint64_t inode() const;

  /// A file of this folder that is a part or has the name of one.
  struct Entry {
    std::string name;
    uint64_t number;
    bool is_hidden;
  };
  std::vector<Entry> parts() const;
  std::string name_of(uint64_t number) const;
  std::string visible(const std::string& name) const { return path_ + "/" + name; }
  std::string hidden(const std::string& name) const;

  /// Puts a part into view, cut to its length, if that did not happen before a crash already.
  void show(const Part& part) const;
  /// Nothing if it is not there.
  void remove(const std::string& path) const;
  /// Names survive a power cut.
  void sync() const;

 private:
  std::string path_, extension_;
  local_file::Fd fd_;  ///< Holds the lock.
};

}  // namespace millrace::file_sink
