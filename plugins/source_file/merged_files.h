#pragma once

/// Files that are read side by side, by the order of their heads: the earliest event time first, of
/// equal ones the file with the smaller number (semantics R22, R42).

#include <memory>
#include <vector>

#include "file_log.h"
#include "head_gate.h"
#include "record_reader.h"

namespace millrace::file_source {

/// A file at work.
struct OpenFile {
  LogFile* file = nullptr;
  std::unique_ptr<HeadGate> gate;  ///< Null: files are read one after the other.
  std::unique_ptr<RecordReader> reader;
};

class MergedFiles {
 public:
  /// By number.
  void add(OpenFile file) { files_.push_back(std::move(file)); }
  void clear() { files_.clear(); }
  std::vector<OpenFile>& all() { return files_; }

  /// The file to read next, its gate opened as far as the heads of the others allow; a file whose
  /// head is not known yet comes before all. Null: there is none left.
  OpenFile* next();
  /// It was read to its end.
  void remove(const OpenFile& file);

 private:
  std::vector<OpenFile> files_;
};

}  // namespace millrace::file_source
