#pragma once

/// The C++ face of plugin components. Wraps the C tables of `millrace/abi.h`: times every call's
/// entry with a thread-local marker (so that a crash names the component), checks what comes
/// back, turns rc into Error, and offers the host side (`mr_host`, `mr_out`, extensions).
/// Built-in components use the same tables.
/// Threads: as the border says: calls of one instance never overlap, except cancel().

#include <millrace/abi.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "record/batch.h"

struct ArrowSchema;
struct ArrowArray;

namespace millrace {

enum class Kind : uint32_t { kSource = MR_SOURCE, kProcessor = MR_PROCESSOR, kSink = MR_SINK };
std::string_view kind_name(Kind kind);

/// A component of a loaded library or of the program itself. Lives as long as the process.
struct Component {
  const mr_component* abi;
  std::string file;  ///< Path of the library; empty for built-in ones.
  Kind kind() const { return static_cast<Kind>(abi->kind); }
  std::string id() const { return abi->id; }
  std::string name() const;  ///< Last label of the id.
  bool has_cap(uint64_t cap) const { return (abi->caps & cap) != 0; }
};

/// How an instance is named in logs, metrics and errors: pipeline and the user's own name.
struct InstanceName {
  std::string pipeline;
  std::string name;
};

/// What a call that can also "flow" answered (>= 0 codes of mr_rc).
enum class Flow { kOk = 0, kMore = 1, kPending = 2, kIdle = 3, kEnd = 4 };

/// A counter or gauge that a plugin declared, and its value now.
struct Metric {
  std::string name;  ///< As Prometheus allows, without a prefix.
  std::string help;
  enum class Kind { kCounter, kGauge } kind;
  double value;
};

/// The lifecycle that all three roles share.
class Instance {
 public:
  virtual ~Instance();  ///< Closes (if open) and destroys.
  /// No side effects; what the plugin finds wrong beyond its schema.
  static Result<void> validate(const Component& component, const InstanceName& name,
                               const std::string& config);
  Result<void> open(std::string_view restored_state, uint64_t last_epoch, uint32_t flags);
  void cancel();  ///< From any thread.
  Result<void> close();
  const Component& component() const;
  /// Called from any thread when the plugin says `wake`.
  void on_wake(std::function<void()> wake);
  /// From any thread.
  std::vector<Metric> metrics() const;

 protected:
  struct State;
  Instance(const Component& component, InstanceName name);
  Result<void> create(const std::string& config);
  void destroy();
  std::unique_ptr<State> state_;
};

struct SourceTraits {
  bool bounded = false;
  enum class Replay { kNone = 0, kWindow = 1, kExact = 2 } replay = Replay::kNone;
};

/// What the host reads as the event time of a record with this value, for which the source itself
/// says `own_us`; MR_TIME_NONE: none that can be used. Called inside poll, by its thread.
using ReadEventTime = std::function<int64_t(std::string_view value, int64_t own_us)>;

class SourceInstance final : public Instance {
 public:
  /// `times`: offered to the plugin as event_times/1; empty: not offered.
  static Result<std::unique_ptr<SourceInstance>> create(const Component& component,
                                                        InstanceName name,
                                                        const std::string& config,
                                                        ReadEventTime times = {});
  SourceTraits traits() const;
  bool can_seek() const;
  /// Records go into `out`, also those that came before a failure: they count as returned.
  /// kUnavailable errors: close, back off `retry_after_ms()`, reopen. More records than allowed,
  /// garbage spans and unknown answers: kPluginFault.
  /// `partitions` null = all have credit. Events of partitions/1 are collected in `events`.
  struct PartitionEvent {
    enum class What { kAssigned, kAtEnd, kRevoking, kWatermark } what;
    uint32_t partition;
    int64_t watermark_us;
    uint32_t after_record;  ///< Records of this poll before it.
  };
  Result<Flow> poll(uint32_t max_records, uint64_t max_bytes, int64_t deadline_us,
                    const std::vector<uint32_t>* partitions, BatchBuilder& out,
                    std::vector<PartitionEvent>& events);
  Result<std::string> snapshot(uint64_t epoch);
  Result<void> ack(uint64_t epoch, const std::vector<uint32_t>& partitions,
                   const std::vector<uint64_t>& positions);
  Result<void> seek(uint32_t partition, uint64_t position);
  /// Of the last failed call.
  uint32_t retry_after_ms() const;

 private:
  using Instance::Instance;
};

class ProcessorInstance final : public Instance {
 public:
  static Result<std::unique_ptr<ProcessorInstance>> create(const Component& component,
                                                           InstanceName name,
                                                           const std::string& config);
  /// Calls `process` until all of `in` is consumed.
  Result<void> process(const BatchRef& in, BatchBuilder& out);
  Result<void> watermark(int64_t w_us, BatchBuilder& out);
  Result<std::string> snapshot(uint64_t epoch);

 private:
  using Instance::Instance;
};

class CommitBytes;

class SinkInstance final : public Instance {
 public:
  ~SinkInstance() override;
  static Result<std::unique_ptr<SinkInstance>> create(const Component& component, InstanceName name,
                                                      const std::string& config);
  /// Rejected records are added to `rejects`.
  Result<void> write(const BatchRef& batch, std::vector<Reject>& rejects);
  /// Waits for a PENDING prepare. The bytes are what the commit must record.
  Result<std::string> prepare(uint64_t epoch);
  Result<void> commit(uint64_t epoch);
  Result<void> abort(uint64_t epoch);

  /// epoch_sink/1: the next two are offered. Known once created.
  bool is_epoch_marked() const;
  /// After open: the last epoch that the sink itself has of `owner`; 0 = none.
  Result<uint64_t> last_epoch(const std::string& owner);
  Result<void> write_epoch(const std::string& owner, uint64_t epoch,
                           const std::vector<BatchRef>& rows, std::vector<Reject>& rejects);

  /// arrow/1: the sink takes columns. Known once created.
  bool takes_columns() const;
  /// After create, before open. The schema is the plugin's from then on.
  Result<void> bind(ArrowSchema& schema);
  /// Instead of write(); takes over the array, whose rows are those of `like`, which rejects name.
  Result<void> write_columns(const BatchRef& like, ArrowArray& rows, std::vector<Reject>& rejects);

 private:
  SinkInstance(const Component& component, InstanceName name);
  template <class Fn>
  Result<void> rejecting_call(const char* slot, std::vector<Reject>& rejects, Fn&& call,
                              const mr_batch* input = nullptr);
  std::unique_ptr<CommitBytes> bytes_;  ///< Of a prepare, which may outlast its call.
};

/// The component whose code the calling thread is in, or "". Async-signal-safe.
const char* component_in_call();
/// Prints the component's name on SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT and re-raises.
void install_crash_handler();

}  // namespace millrace
