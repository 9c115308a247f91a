#pragma once

/// One attempt at running a graph. Lanes (threads) share three kinds of work: polling a source,
/// preparing a chunk, applying the next piece of the one order. Polling of one source and applying
/// are each done by one thread at a time, preparing by any number, so that more lanes make it
/// faster and cannot change the output.
/// One lane is the calling thread and does all three in turn, without queues between threads.
/// Others are driven beside it, a piece of work at a step.

#include <atomic>
#include <functional>
#include <optional>

#include "pipeline/commit_work.h"
#include "pipeline/merge.h"

namespace millrace {

struct TaskOptions {
  unsigned lanes = 1;
  int64_t commit_every_us = kSecondUs;
  uint64_t commit_every_records = 0;  ///< Tests: commit after so many records; 0: by time only.
  SourceRunner::Limits limits;
  uint64_t state_limit_bytes = 0;           ///< 0: none.
  uint64_t outbox_limit_bytes = 256 << 20;  ///< Rows on their way to sinks; then back-pressure.
  bool drain = false;                       ///< Close all windows also after a stop.
  /// Reads on to where the last commit was, and commits nothing (R39).
  std::optional<ReadOn> read_on{};
  Machine* machine = &real_machine();
};

enum class Ending { kEnded, kStopped };

class Task final : private BesideWork {
 public:
  Task(Graph& graph, Committer& committer, std::vector<SourceRunner*> sources, TaskOptions options);
  ~Task() override;

  /// Runs until all sources ended or stop() was called; commits, and closes all windows first if
  /// every source is bounded by nature (R20) or drain is asked for.
  Result<Ending> run();
  /// Polls no more, applies what is there, commits. From any thread, also a signal's.
  void stop() { stop_asked_.store(true); }

  /// Calls `look` between two pieces of the order, where all nodes stand still; not at all once the
  /// input was taken. From any thread; waits for the piece that is being applied.
  void look_at_graph(const std::function<void(const Graph&)>& look);
  /// From any thread.
  uint64_t records_applied() const { return records_applied_.load(std::memory_order_relaxed); }

 private:
  struct Input {
    SourceRunner* runner;
    std::vector<uint32_t> reachable;
    ResumePoint resume;
    bool polling = false;
    bool ended = false;
    bool end_told = false;     ///< The end is on its way through the graph,
    bool end_applied = false;  ///< or went through it.
    bool ticking = false;      ///< A tick is on its way.
    int64_t poll_at_us = 0;
    uint64_t left = UINT64_MAX;  ///< Records until the end of reading on,
    bool ends_there = false;     ///< where the end of the source was told.
    bool ticks = false;  ///< Records of this source reach an operator that goes by the clock.
    std::vector<std::unique_ptr<Chunk>> spare;
  };

  int64_t now_us() const { return machine_.monotonic_us(); }
  void lane();
  // Of the lanes beside the calling one.
  int64_t due_us() const override { return finished() ? kTimeMax : rest_until_us_; }
  void step(Lock& lock) override;
  bool try_step(Lock& lock);
  int64_t rest();
  void wake();
  template <class Work>
  bool apply_alone(Lock& lock, Work&& work);
  bool try_apply(Lock& lock);
  bool try_prepare(Lock& lock);
  bool try_poll(Lock& lock);
  Input* next_to_poll();
  size_t place_of(const Input& input) const { return static_cast<size_t>(&input - inputs_.data()); }
  void take_in(Input& input, SourceRunner::Polled polled, int64_t deadline_us);
  bool try_commit(Lock& lock);
  bool try_tick(Lock& lock);
  void wait(Lock& lock);
  bool finished() const;
  void fail(Lock& lock, Error error);

  void ready_work(Chunk& chunk) const;
  void prepare(Chunk& chunk) const;
  Result<void> apply(Chunk& chunk, Range range, const std::vector<uint32_t>& reachable);
  void note_applied(const Merge::Next& next);
  bool reads_on() const { return options_.read_on.has_value(); }
  bool cut_to_target(Merge::Next& next);
  Result<void> end_at_target(Input& input);
  Result<void> tell_end(Input& input);
  void seal_at_end();
  Result<Ending> end_reading_on();
  bool commit_due() const;
  bool may_commit_here() const {
    return dirty_ && (at_resume_point_ || can_skip_) && !awaits_ends();
  }
  bool awaits_ends() const;
  /// Sinks are behind: nothing is applied until they, or a commit, have caught up.
  bool held_up() const;
  Result<void> commit();
  void push_tick(size_t input);
  std::unique_ptr<Chunk> empty_chunk(const Input& input) const;
  Result<void> last_commits(bool stopped);
  std::optional<Error> failure_beside() const;
  std::unique_ptr<Chunk> end_of(const Input& input) const;
  Result<void> tick(const std::vector<const Input*>& inputs);
  uint64_t rows_out() const;
  Result<void> close_windows();
  Result<void> check_state_size() const;
  std::optional<Error> look_at_state();

  Graph& graph_;
  Committer& committer_;
  Machine& machine_;
  CommitWork commits_;
  TaskOptions options_;
  std::vector<Input> inputs_;
  std::atomic<bool> stop_asked_{false};
  std::atomic<uint64_t> records_applied_{0};

  // Guarded by the mutex of BesideWork.
  int64_t rest_until_us_ = 0;  ///< Lanes found nothing to do until then, or until wake().
  Merge merge_;
  std::deque<Merge::Slot*> unprepared_;
  size_t preparing_ = 0;
  bool applying_ = false;
  unsigned asked_ =
      0;  ///< Callers of look_at_graph(): nothing new is applied before they are served.
  bool lanes_ended_ = false;
  bool read_on_ = false;       ///< Reading on has come to its end.
  int64_t progressed_us_ = 0;  ///< When reading on last got a record.
  std::optional<Error> error_;

  // Of the thread that applies.
  bool bounded_ = false;  ///< Every source ends by nature: ends close windows (R20).
  bool can_skip_ = true;  ///< All sources replay exactly: commits may end inside chunks.
  bool at_resume_point_ = true;
  uint64_t uncommitted_records_ = 0;
  bool dirty_ = false;
  int64_t last_commit_us_ = 0;
  int64_t tick_at_us_ = 0;
  int64_t look_at_state_us_ = 0;
  int64_t barrier_us_ = 0;  ///< How long the last barrier held up applying.
};

}  // namespace millrace
