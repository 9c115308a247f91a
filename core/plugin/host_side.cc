#include "plugin/host_side.h"

#include <millrace/ext/event_times.h>

#include <algorithm>
#include <chrono>
#include <string_view>

#include "base/log.h"
#include "json/extension.h"
#include "json/utf8.h"
#include "plugin/out_side.h"

namespace millrace {
namespace {

constexpr size_t kTextMax = 4096;
constexpr size_t kMetricsMax = 256;

/// What Prometheus allows in a name.
std::string metric_name(mr_str text) {
  std::string name = clean_text(text);
  for (char& c : name) {
    if (!isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  if (name.empty() || isdigit(static_cast<unsigned char>(name[0]))) name.insert(0, 1, '_');
  return name;
}

}  // namespace

std::string clean_text(mr_str text) {
  if (!text.ptr) return {};
  std::string clean(text.ptr, std::min<uint64_t>(text.len, kTextMax));
  if (text.len > kTextMax) clean += "...";
  for (size_t bad = first_invalid_utf8(clean); bad < clean.size();
       bad = first_invalid_utf8(clean)) {
    clean[bad] = '?';
  }
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return clean;
}

const mr_host* HostSide::table() {
  static constexpr mr_host host{sizeof(mr_host), MR_ABI_MINOR, "millrace", "0.1.0",        log,
                                log_level,       metric,       metric_add, cancelled_slot, wake,
                                complete,        extension};
  return &host;
}

void HostSide::on_wake(std::function<void()> wake) {
  std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

std::vector<Metric> HostSide::metrics() const {
  std::lock_guard lock(mutex_);
  return metrics_;
}

std::optional<HostSide::Completion> HostSide::wait_for(uint64_t token) {
  std::unique_lock lock(mutex_);
  while (!completed_.contains(token)) {
    if (cancelled_) return std::nullopt;
    // Bounded, because cancel() must not take the mutex: it may come from a signal's thread.
    completion_.wait_for(lock, std::chrono::milliseconds(100));
  }
  Completion completion = std::move(completed_[token]);
  completed_.erase(token);
  return completion;
}

void HostSide::log(mr_ctx* ctx, uint32_t level, mr_str text) noexcept {
  const LogLevel levels[] = {LogLevel::kError, LogLevel::kWarn, LogLevel::kInfo, LogLevel::kDebug};
  const uint32_t at = std::clamp<uint32_t>(level, MR_LOG_ERROR, MR_LOG_DEBUG) - MR_LOG_ERROR;
  log_line(levels[at], of(ctx).label_ + ": " + clean_text(text));
}

uint32_t HostSide::log_level(mr_ctx*) noexcept {
  switch (millrace::log_level()) {
    case LogLevel::kDebug: return MR_LOG_DEBUG;
    case LogLevel::kInfo: return MR_LOG_INFO;
    case LogLevel::kWarn: return MR_LOG_WARN;
    case LogLevel::kError: break;
  }
  return MR_LOG_ERROR;
}

uint32_t HostSide::metric(mr_ctx* ctx, uint32_t kind, mr_str name_text, mr_str help) noexcept {
  HostSide& host = of(ctx);
  const std::string name = metric_name(name_text);
  std::lock_guard lock(host.mutex_);
  for (uint32_t i = 0; i < host.metrics_.size(); ++i) {
    if (host.metrics_[i].name == name) return i;
  }
  if (host.metrics_.size() >= kMetricsMax) return UINT32_MAX;  // metric_add ignores it.
  const auto metric_kind = kind == MR_GAUGE ? Metric::Kind::kGauge : Metric::Kind::kCounter;
  host.metrics_.push_back({name, clean_text(help), metric_kind, 0});
  return static_cast<uint32_t>(host.metrics_.size() - 1);
}

void HostSide::metric_add(mr_ctx* ctx, uint32_t metric, double value) noexcept {
  HostSide& host = of(ctx);
  std::lock_guard lock(host.mutex_);
  if (metric >= host.metrics_.size()) return;
  Metric& m = host.metrics_[metric];
  m.value = m.kind == Metric::Kind::kGauge ? value : m.value + value;
}

uint32_t HostSide::cancelled_slot(mr_ctx* ctx) noexcept { return of(ctx).cancelled_ ? 1 : 0; }

void HostSide::wake(mr_ctx* ctx) noexcept {
  std::function<void()> wake;
  {
    std::lock_guard lock(of(ctx).mutex_);
    wake = of(ctx).wake_;
  }
  if (wake) wake();
}

void HostSide::complete(mr_ctx* ctx, uint64_t token, mr_rc rc, mr_str why) noexcept {
  HostSide& host = of(ctx);
  std::lock_guard lock(host.mutex_);
  host.completed_[token] = {rc, clean_text(why)};
  host.completion_.notify_all();
}

int64_t HostSide::read_event_time(mr_ctx* ctx, mr_str value, int64_t time_us) noexcept {
  return of(ctx).event_times_({value.ptr, value.len}, time_us);
}

const void* HostSide::extension(mr_ctx* ctx, const char* id) noexcept {
  static constexpr mr_event_times_v1 event_times{sizeof event_times, 0, read_event_time};
  const std::string_view name = id ? id : "";
  if (name == MR_EXT_JSON) return json_extension();
  if (name == MR_EXT_PARTITIONS) return OutSide::partitions();
  if (name == MR_EXT_EVENT_TIMES && of(ctx).event_times_) return &event_times;
  return nullptr;
}

}  // namespace millrace
