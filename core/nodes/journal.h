#pragma once

/// What a push source received, on disk before it is processed (sources.md P2, E13), so that it can
/// be read again after a crash although its sender never sends it again. A folder of segments named
/// by the offset of their first byte; entries one behind the other:
///   u32 length, u64 checksum, bytes
/// An offset counts bytes since the journal began and never changes. A last entry that a crash cut
/// short is taken off. Owned by one run at a time. Threads: one.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace {

class Journal {
 public:
  /// Makes the folder when it is missing. kFailed: in use, or it cannot be written; kCorrupt: a
  /// segment is missing or damaged.
  static Result<std::unique_ptr<Journal>> open(const std::string& folder, int64_t retain_us);
  ~Journal();
  Journal(const Journal&) = delete;

  uint64_t begin() const;
  uint64_t end() const { return end_; }
  /// Where the last entry lies; end() if there is none.
  uint64_t last() const { return last_; }

  /// Durable when it returns.
  Result<void> append(std::string_view entry);
  /// The entry at `offset`, which moves behind it.
  Result<std::string> read(uint64_t& offset) const;
  /// Drops segments that end at or before `committed` and were last written longer than the
  /// retention ago. The last entry stays. What cannot be removed stays too.
  void forget(uint64_t committed, int64_t now_us);

 private:
  struct Segment {
    uint64_t begin, end;
  };
  Journal(std::string folder, int64_t retain_us, int lock)
      : folder_(std::move(folder)), retain_us_(retain_us), lock_(lock) {}

  Result<void> find_segments();
  /// Finds the last entry of the segment and cuts off what follows it.
  Result<void> mend(Segment& segment);
  Result<void> begin_segment();
  std::string path_of(const Segment& segment) const;

  std::string folder_;
  int64_t retain_us_;
  int lock_ = -1, tail_ = -1;
  std::deque<Segment> segments_;  ///< By offset.
  uint64_t end_ = 0, last_ = 0;
};

}  // namespace millrace
