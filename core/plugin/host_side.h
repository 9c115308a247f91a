#pragma once

/// The host as one instance sees it: what stands behind `mr_ctx`.
/// Threads: any; the plugin's own threads call in here.

#include <millrace/abi.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "plugin/component.h"

namespace millrace {

/// `text` of a plugin made fit for a log line: valid UTF-8, no control characters, not endless.
std::string clean_text(mr_str text);

class HostSide {
 public:
  /// `label` goes in front of log lines.
  explicit HostSide(std::string label) : label_(std::move(label)) {}
  HostSide(const HostSide&) = delete;
  HostSide& operator=(const HostSide&) = delete;

  static const mr_host* table();
  mr_ctx* ctx() { return reinterpret_cast<mr_ctx*>(this); }

  void cancel() {
    cancelled_ = true;
    completion_.notify_all();
  }
  bool cancelled() const { return cancelled_; }
  void on_wake(std::function<void()> wake);
  /// Before the instance is created: extensions are asked for from any thread.
  void offer_event_times(ReadEventTime times) { event_times_ = std::move(times); }
  std::vector<Metric> metrics() const;

  struct Completion {
    mr_rc rc;
    std::string why;
  };
  /// Waits for complete(token); nullopt after cancel().
  std::optional<Completion> wait_for(uint64_t token);

 private:
  static HostSide& of(mr_ctx* ctx) { return *reinterpret_cast<HostSide*>(ctx); }
  static void log(mr_ctx* ctx, uint32_t level, mr_str text) noexcept;
  static uint32_t log_level(mr_ctx* ctx) noexcept;
  static uint32_t metric(mr_ctx* ctx, uint32_t kind, mr_str name, mr_str help) noexcept;
  static void metric_add(mr_ctx* ctx, uint32_t metric, double value) noexcept;
  static uint32_t cancelled_slot(mr_ctx* ctx) noexcept;
  static void wake(mr_ctx* ctx) noexcept;
  static void complete(mr_ctx* ctx, uint64_t token, mr_rc rc, mr_str why) noexcept;
  static const void* extension(mr_ctx* ctx, const char* id) noexcept;
  static int64_t read_event_time(mr_ctx* ctx, mr_str value, int64_t time_us) noexcept;

  const std::string label_;
  ReadEventTime event_times_;
  std::atomic<bool> cancelled_{false};
  mutable std::mutex mutex_;
  std::condition_variable completion_;
  std::function<void()> wake_;  // Guarded by mutex_, as what follows.
  std::vector<Metric> metrics_;
  std::map<uint64_t, Completion> completed_;
};

}  // namespace millrace
