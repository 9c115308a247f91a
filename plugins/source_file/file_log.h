#pragma once

/// The files of one source as one log: which there are, in which order, how far each was read. A
/// file gets its number (the partition of its records) when it is first seen and keeps it; files
/// that a pattern finds on a later run come behind the old ones.

#include <deque>
#include <map>
#include <unordered_set>

#include "raw_file.h"

namespace millrace::file_source {

struct LogFile {
  std::string path;
  uint32_t number = 0;
  uint64_t offset = 0;  ///< Unpacked bytes that became records.
  uint64_t line = 1;    ///< Of `offset`; 0 = not known.
  uint64_t size = 0;    ///< Bytes of the file that were read.
  FileMark mark;
  bool done = false;  ///< Read to its end; it may still grow.
  /// Bytes of the file that belong to the merge under way (`parallel`); 0: none of it does. In the
  /// snapshot, so that a restart merges what was merged before, whatever has been added since.
  uint64_t merged_upto = 0;

  std::string json;  ///< Its part of the snapshot; empty = to be written anew.
};

class FileLog {
 public:
  FileLog(const context& ctx, const Settings& settings) : ctx_(ctx), settings_(settings) {}

  /// Starts from a snapshot (data() null: from nothing), finds the files and checks that those
  /// which were read are still the same. Throws config_error for files that are not there and fatal
  /// for files that were changed.
  void open(std::string_view state);
  /// Looks for new files and for more bytes in old ones; for `follow`.
  void refresh();

  /// The first file, by number, that has something to read; null = none.
  LogFile* next();
  LogFile* find(uint32_t number);
  /// The files of the merge under way, by number. If there is none, one begins: of all files that
  /// have something to read, as long as they are now. Empty: nothing to read.
  std::vector<LogFile*> begin_merge(bool& resumed);
  /// How many bytes each file has now, by number.
  std::map<uint32_t, uint64_t> sizes() const;
  /// The versioned JSON that open() takes.
  std::string snapshot();

 private:
  void restore(std::string_view state);
  void find_files();
  void find_pattern(const std::string& pattern);
  void add(const std::string& path);
  void check(LogFile& file);
  void check_identity(const LogFile& file, const RawFile& found) const;
  bool is_packed(const RawFile& found) const;

  context ctx_;
  const Settings& settings_;
  std::deque<LogFile> files_;  ///< By number; pointers into it stay valid.
  std::unordered_set<std::string> known_;
};

}  // namespace millrace::file_source
