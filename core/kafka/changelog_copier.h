#pragma once

/// Puts what is read of a changelog into the local copy, a batch at a time, and tells how far it
/// is. Threads: one.

#include <chrono>
#include <string>

#include "kafka/changelog_reader.h"
#include "kafka/changelog_record.h"
#include "state/local_log.h"

namespace millrace::kafka {

/// In the mark of a local copy instead of a time: what is in it is not proven, and a restart drops
/// it.
inline constexpr int64_t kUnproven = 0;

/// What is put into the local copy at a time.
inline constexpr uint64_t kCopiedBytes = 16 << 20;

class ChangelogCopier {
 public:
  /// `name`: of the changelog, for sentences. `unproven`: what the copy has from elsewhere is;
  /// whoever proves it sets the mark.
  ChangelogCopier(std::string name, ChangelogReader& reader, LocalLog& local, bool unproven = false)
      : name_(std::move(name)), reader_(reader), local_(local), unproven_(unproven) {}

  /// From `from` to the end. False: the copy is of another state, or `from` is not in the log;
  /// begin anew at its start.
  Result<bool> run(int64_t from);

  uint64_t bytes() const { return read_bytes_; }
  /// Where the log goes on behind what was read.
  int64_t next() const { return next_; }

 private:
  Result<bool> take(const ChangelogReader::Record& record);
  Result<void> take_commit(const RecordAssembly::Whole& whole);
  Result<void> flush();
  void tell(bool done);

  const std::string name_;
  ChangelogReader& reader_;
  LocalLog& local_;
  const bool unproven_;
  int64_t from_ = 0, next_ = 0;
  RecordAssembly assembly_;
  LocalLog::Copied copied_;
  uint64_t held_bytes_ = 0, read_bytes_ = 0;
  bool foreign_state_ = false;
  std::chrono::steady_clock::time_point began_, told_;
};

}  // namespace millrace::kafka
