#pragma once

/// One source at work: opens its plugin, polls it, cuts what comes into chunks, and knows where
/// each chunk resumes. Retriable failures close the plugin, wait, and open it again at the last
/// snapshot.
/// Threads: one at a time; cancel() from any.

#include <atomic>
#include <map>
#include <memory>
#include <vector>

#include "base/machine.h"
#include "nodes/graph.h"
#include "nodes/journal.h"
#include "nodes/journal_entry.h"

namespace millrace {

/// Where a source goes on after a commit.
struct ResumePoint {
  std::string snapshot;
  uint64_t skip = 0;  ///< Records behind the snapshot that were applied already.
  /// Asked for by `millrace state --set-position`: partition and position to go on behind.
  std::vector<std::pair<uint32_t, uint64_t>> seeks{};
  uint64_t applied = 0;  ///< Records of all runs up to here.
  bool ended = false;    ///< Its end was told behind them, in the one order.
};

class SourceRunner {
 public:
  struct Limits {
    uint32_t records_max = 1u << 16;
    uint64_t bytes_max = 256 << 10;  ///< Fits the second-level cache.
  };
  SourceRunner(const SourceStart& start, std::string pipeline, Limits limits,
               Machine& machine = real_machine());

  Result<void> create();
  SourceTraits traits() const { return instance_->traits(); }
  /// `resume`: of the last commit, or empty.
  Result<void> open(ResumePoint resume, uint64_t last_epoch, uint32_t flags);

  /// Entries of the duplicate filter that the last commit held.
  void remember(const std::vector<DuplicateFilter::Entry>& entries);

  struct Polled {
    std::vector<std::unique_ptr<Chunk>> chunks;
    bool end = false;
    bool idle = false;
    /// All that exists of all its partitions was returned, by the source's own word.
    bool at_proven_end = false;
    int64_t retry_in_us = 0;  ///< Poll again after this; 0: at once.
  };
  /// Waits at most until `deadline_us` (monotonic) for records. Chunks come from `spare` first.
  Result<Polled> poll(int64_t deadline_us, std::vector<std::unique_ptr<Chunk>>& spare);
  /// Commit `epoch` holds, with this resume point. The plugin hears of it before its next poll,
  /// since its calls must not overlap. From any thread.
  void acknowledge(uint64_t epoch, const std::string& snapshot);
  void cancel();
  Result<void> close();
  const SourceStart& start() const { return start_; }

 private:
  Result<void> open_instance();
  Result<void> open_journal(const ResumePoint& resume);
  Result<Polled> replay(std::vector<std::unique_ptr<Chunk>>& spare);
  /// Writes what was polled to the journal; its place is where the source goes on then.
  Result<void> keep(BatchBuilder::Taken& taken);
  Result<Polled> back_off(const Error& error);
  void lose_proof(Polled& out);
  void cut(BatchBuilder::Taken taken, std::vector<std::unique_ptr<Chunk>>& spare, Polled& out);
  struct Seen;
  std::vector<Seen> drop_seen(BatchBuilder::Taken& taken);
  void drop_seen(SourceBatch& one, int64_t base, Seen& seen, std::vector<int64_t>& dropped);
  Seen skip_applied(BatchBuilder::Taken& taken, std::vector<Seen>& seen);
  void note_events(const BatchBuilder::Taken& taken);
  Chunk& next_chunk(std::vector<std::unique_ptr<Chunk>>& spare, Polled& out) const;

  SourceStart start_;
  std::string pipeline_;
  Limits limits_;
  Machine& machine_;
  DuplicateFilter filter_;
  std::unique_ptr<RecordDedupe> dedupe_;  ///< Null: the plugin says what the filter is asked.
  std::unique_ptr<RecordTimes> times_;    ///< Made for a plugin that asks: it orders by times.
  std::unique_ptr<SourceInstance> instance_;
  BatchBuilder builder_;
  std::vector<SourceInstance::PartitionEvent> heard_;
  std::vector<PartitionEvent> events_;  ///< Of the last poll, by place.
  std::map<uint32_t, bool> ends_;       ///< Assigned partitions; true: at its proven end.
  std::string snapshot_;  ///< Where a chunk resumes: the plugin's state, or a place in the journal.
  std::string plugin_state_;  ///< Where the plugin goes on.
  std::unique_ptr<Journal> journal_;
  uint64_t unread_ = 0;  ///< Of the journal, from here on, before the plugin is asked.
  std::atomic<uint64_t> journal_committed_{0};
  int64_t arrival_us_ = 0;  ///< Wall clock of what is being taken in.
  uint64_t skip_ = 0;
  std::vector<std::pair<uint32_t, uint64_t>> seeks_;  ///< Until the first new snapshot.
  uint64_t last_epoch_ = 0;
  uint32_t flags_ = 0;
  uint32_t failures_ = 0;
  Result<void> tell_committed();
  std::atomic<uint64_t> committed_{0};
  uint64_t told_ = 0;
  bool open_ = false;
};

}  // namespace millrace
