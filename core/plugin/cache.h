#pragma once

/// Remembers what inspecting a file gave, so that a second start needs no child processes. Only
/// good answers are kept: a refused file may have been repaired by something outside of it (a
/// missing library). A cache that is damaged, foreign or of another program is ignored.
/// It decides what is listed, never what is run: loading checks everything again.

#include <map>

#include "plugin/file_check.h"
#include "plugin/index.h"

namespace millrace {

class InspectionCache {
 public:
  /// Reads $XDG_CACHE_HOME/millrace/plugins-HASH.json (else ~/.cache/…), HASH that of the path
  /// `self` of the program: each has its own, and a program built anew starts afresh.
  static InspectionCache open(const std::string& self);

  /// Null: unknown, or the file changed.
  const std::vector<ComponentInfo>* find(const std::string& file, const FileIdentity& now) const;
  void put(const std::string& file, const FileIdentity& identity,
           std::vector<ComponentInfo> components);
  /// Writes it if something was put; atomically, readable by this user only. Failures are silent:
  /// the next start is slower, that is all.
  void save() const;

 private:
  struct Entry {
    FileIdentity identity;
    std::vector<ComponentInfo> components;
  };
  void read(const std::string& text);
  std::string path_;     ///< Empty: no home, no cache.
  std::string program_;  ///< Identity of `self` and of the ABI.
  std::map<std::string, Entry> entries_;
  bool changed_ = false;
};

}  // namespace millrace
