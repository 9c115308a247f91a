#pragma once

/// Where the rows of a sink go, in which order with the commits: what a delivery level means
/// (semantics R36, R54). Four ways:
///
/// | way | rows reach the sink | after a crash |
/// |---|---|---|
/// | direct | as they come; prepared before the commit, finished after it | again since the last
/// commit, unless the sink is two_phase: then exactly once | | held | after the commit that has
/// their positions, once | what was not written yet is lost: at most once | | outbox | after the
/// commit, which stores them too, until the sink confirms | delivered again, tagged: exactly once
/// if the sink is idempotent or epoch_marked | | in commit | with the commit, by the log that makes
/// it true | not written, or all there: exactly once |
///
/// Threads: two. The applying thread calls write(), barrier() and, while no commit is under way,
/// open(), settle() and close(). The committing thread calls prepare(), state() and committed()
/// between one barrier and the next. cancel(), failure() and backlog_bytes() from any.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/machine.h"
#include "delivery/sink_port.h"
#include "state/commit_log.h"

namespace millrace {

enum class DeliveryWay { kDirect, kHeld, kOutbox, kInCommit };

/// What a commit holds of a sink.
struct OutletState {
  std::optional<std::string> prepared;  ///< The sink's own bytes.
  uint64_t delivered = 0;               ///< Outbox: rows up to this epoch are confirmed.
};

/// How an outlet is opened.
struct OutletStart {
  uint64_t epoch = 0;    ///< Of the last commit.
  uint32_t flags = 0;    ///< MR_OPEN_*.
  std::string state_id;  ///< Of the commit log.
  Machine& machine = real_machine();
};

class Outlet {
 public:
  static std::unique_ptr<Outlet> make(DeliveryWay way, SinkPort::Options options);
  virtual ~Outlet() = default;
  Outlet(const Outlet&) = delete;

  /// Of the last commit, before open().
  virtual Result<void> restore(OutletState state, CommitLog& log);
  /// Creates the instance and opens it, a lazy one only if it has state.
  virtual Result<void> open(const OutletStart& start) = 0;

  /// Takes rows in their order. May block for as long as a commit is under way.
  virtual Result<void> write(BatchRef rows) = 0;
  /// Rows so far belong to `epoch`, later ones to the next.
  virtual Result<void> barrier(uint64_t epoch, Commit& commit) = 0;
  /// Before a barrier: what the rows' input says of its watermark. For repartition topics only.
  virtual void mark(const CommitRows::Marker&) {}
  /// The sink has made safe what the commit is to hold.
  virtual Result<void> prepare(uint64_t epoch) = 0;
  virtual OutletState state() const = 0;
  /// The commit holds.
  virtual Result<void> committed(uint64_t epoch) = 0;

  /// Waits until committed rows have reached the sink, at most until `give_up_us` (monotonic).
  /// True: something happened since the last commit that one more commit should hold.
  virtual Result<bool> settle(int64_t give_up_us) = 0;
  virtual Result<void> close() = 0;
  void cancel() { port_.cancel(); }

  /// Bytes taken in and not yet at the sink.
  virtual uint64_t backlog_bytes() const { return 0; }
  /// A failure outside of these calls.
  std::optional<Error> failure() const;

 protected:
  explicit Outlet(SinkPort::Options options) : port_(std::move(options)) {}
  void fail(Error error);
  bool failed() const { return failed_.load(std::memory_order_acquire); }

  SinkPort port_;
  OutletState state_;

 private:
  std::atomic<bool> failed_{false};
  mutable std::mutex failure_mutex_;
  std::optional<Error> failure_;  // Guarded by failure_mutex_.
};

/// Of keys and values, with a line end each.
uint64_t bytes_of(const BatchRef& rows);

}  // namespace millrace
