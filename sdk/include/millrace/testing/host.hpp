#pragma once

/// The mr_host of tests: keeps log lines and metrics, offers millrace.json/1,
/// millrace.partitions/1 and millrace.event_times/1, can cancel. Threads: any, as the border
/// demands.

#include <millrace/ext/event_times.h>
#include <millrace/ext/partitions.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <millrace/testing/json.hpp>
#include <millrace/testing/output.hpp>
#include <mutex>

namespace millrace {
inline namespace sdk_v1 {
namespace test {

class fake_host {
 public:
  fake_host() {
    abi_ = {sizeof(mr_host), MR_ABI_MINOR, "millrace-testing", "1.0.0", log,      log_level,
            metric,          metric_add,   cancelled,          wake,    complete, extension};
  }
  fake_host(const fake_host&) = delete;
  fake_host& operator=(const fake_host&) = delete;

  const mr_host* abi() const { return &abi_; }
  mr_ctx* ctx() { return reinterpret_cast<mr_ctx*>(this); }

  /// Withholds an extension, as an older host would.
  void withhold(std::string id) { withheld_.push_back(std::move(id)); }
  /// event_times/1: what `event_time` of the configuration would make of a record's value and its
  /// own time. Unless told, the record's own time. Set it before open.
  std::function<int64_t(std::string_view value, int64_t own_us)> event_time_of;
  void cancel(bool yes) {
    std::lock_guard lock(mutex_);
    cancelled_ = yes;
  }
  std::vector<std::string> logs() const {
    std::lock_guard lock(mutex_);
    return logs_;
  }
  /// 0 for metrics that nobody declared.
  double metric(std::string_view name) const {
    std::lock_guard lock(mutex_);
    for (const auto& m : metrics_) {
      if (m.name == name) return m.value;
    }
    return 0;
  }
  uint64_t wakes() const {
    std::lock_guard lock(mutex_);
    return wakes_;
  }
  /// Waits up to 10 s for `complete(token)`; MR_E_CONTRACT if it never comes.
  mr_rc wait_for(uint64_t token, std::string& why) {
    std::unique_lock lock(mutex_);
    const bool came = changed_.wait_for(lock, std::chrono::seconds(10),
                                        [&] { return completed_.count(token) > 0; });
    if (!came) return why = "complete() never came", MR_E_CONTRACT;
    why = completed_[token].second;
    return completed_[token].first;
  }

 private:
  struct declared {
    std::string name;
    uint32_t kind;
    double value;
  };
  static fake_host& of(mr_ctx* ctx) { return *reinterpret_cast<fake_host*>(ctx); }

  static void log(mr_ctx* ctx, uint32_t, mr_str text) noexcept {
    std::lock_guard lock(of(ctx).mutex_);
    of(ctx).logs_.emplace_back(detail::from_abi(text));
  }
  static uint32_t log_level(mr_ctx*) noexcept { return MR_LOG_DEBUG; }
  static uint32_t metric(mr_ctx* ctx, uint32_t kind, mr_str name, mr_str) noexcept {
    std::lock_guard lock(of(ctx).mutex_);
    auto& metrics = of(ctx).metrics_;
    for (uint32_t i = 0; i < metrics.size(); ++i) {
      if (metrics[i].name == detail::from_abi(name)) return i;
    }
    metrics.push_back({std::string(detail::from_abi(name)), kind, 0});
    return static_cast<uint32_t>(metrics.size() - 1);
  }
  static void metric_add(mr_ctx* ctx, uint32_t id, double value) noexcept {
    std::lock_guard lock(of(ctx).mutex_);
    auto& metrics = of(ctx).metrics_;
    if (id >= metrics.size()) return;
    metrics[id].value = metrics[id].kind == MR_GAUGE ? value : metrics[id].value + value;
  }
  static uint32_t cancelled(mr_ctx* ctx) noexcept {
    std::lock_guard lock(of(ctx).mutex_);
    return of(ctx).cancelled_;
  }
  static void wake(mr_ctx* ctx) noexcept {
    std::lock_guard lock(of(ctx).mutex_);
    ++of(ctx).wakes_;
  }
  static void complete(mr_ctx* ctx, uint64_t token, mr_rc rc, mr_str why) noexcept {
    std::lock_guard lock(of(ctx).mutex_);
    of(ctx).completed_[token] = {rc, std::string(detail::from_abi(why))};
    of(ctx).changed_.notify_all();
  }
  template <auto what>
  static mr_rc event(mr_out* out, uint32_t partition) noexcept {
    output& o = output::of(out);
    o.events.push_back({what, partition, MR_TIME_NONE, o.rows.size()});
    return MR_OK;
  }
  static mr_rc watermark(mr_out* out, uint32_t partition, int64_t w_us) noexcept {
    output& o = output::of(out);
    o.events.push_back({partition_event::watermark, partition, w_us, o.rows.size()});
    return MR_OK;
  }
  static int64_t read_time(mr_ctx* ctx, mr_str value, int64_t own_us) noexcept {
    const auto& told = of(ctx).event_time_of;
    return told ? told(detail::from_abi(value), own_us) : own_us;
  }
  static const void* extension(mr_ctx* ctx, const char* id) noexcept {
    static constexpr mr_event_times_v1 times{sizeof times, 0, read_time};
    static constexpr mr_partitions_v1 partitions{sizeof partitions,
                                                 0,
                                                 event<partition_event::assigned>,
                                                 event<partition_event::at_end>,
                                                 event<partition_event::revoking>,
                                                 watermark};
    for (const auto& withheld : of(ctx).withheld_) {
      if (withheld == id) return nullptr;
    }
    if (std::string_view(id) == MR_EXT_JSON) return &detail::json_table;
    if (std::string_view(id) == MR_EXT_PARTITIONS) return &partitions;
    if (std::string_view(id) == MR_EXT_EVENT_TIMES) return &times;
    return nullptr;
  }

  mr_host abi_{};
  std::vector<std::string> withheld_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> logs_;  // Guarded by mutex_, as everything below.
  std::vector<declared> metrics_;
  std::map<uint64_t, std::pair<mr_rc, std::string>> completed_;
  uint64_t wakes_ = 0;
  bool cancelled_ = false;
};

}  // namespace test
}  // namespace sdk_v1
}  // namespace millrace
