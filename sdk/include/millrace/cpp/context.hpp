#pragma once

/// What the host does for an instance: log, metrics, cancellation, wake-ups, extensions.
/// A context is two pointers; copy it freely. Threads: any, unless a line says otherwise.

#include <millrace/cpp/errors.hpp>

namespace millrace {
inline namespace sdk_v1 {

/// Counts something; call it once per batch, not per record.
class counter {
 public:
  counter() = default;
  counter(const mr_host* host, mr_ctx* ctx, uint32_t id) : host_(host), ctx_(ctx), id_(id) {}
  void add(double value) const {
    if (host_) host_->metric_add(ctx_, id_, value);
  }

 private:
  const mr_host* host_ = nullptr;
  mr_ctx* ctx_ = nullptr;
  uint32_t id_ = 0;
};

/// Shows the present value of something.
class gauge {
 public:
  gauge() = default;
  gauge(const mr_host* host, mr_ctx* ctx, uint32_t id) : host_(host), ctx_(ctx), id_(id) {}
  void set(double value) const {
    if (host_) host_->metric_add(ctx_, id_, value);
  }

 private:
  const mr_host* host_ = nullptr;
  mr_ctx* ctx_ = nullptr;
  uint32_t id_ = 0;
};

class context {
 public:
  context(const mr_host* host, mr_ctx* ctx) : host_(host), ctx_(ctx) {}

  /// One line each, without secrets.
  void error(std::string_view text) const { log(MR_LOG_ERROR, text); }
  void warn(std::string_view text) const { log(MR_LOG_WARN, text); }
  void info(std::string_view text) const { log(MR_LOG_INFO, text); }
  void debug(std::string_view text) const { log(MR_LOG_DEBUG, text); }
  /// False: nobody listens, skip the formatting.
  bool hears(uint32_t level) const { return level <= host_->log_level(ctx_); }
  void log(uint32_t level, std::string_view text) const {
    host_->log(ctx_, level, detail::to_abi(text));
  }

  /// In the constructor or in open, close. `name` without the host's prefix: "dropped".
  counter make_counter(std::string_view name, std::string_view help = "") const {
    return {host_, ctx_, metric(MR_COUNTER, name, help)};
  }
  gauge make_gauge(std::string_view name, std::string_view help = "") const {
    return {host_, ctx_, metric(MR_GAUGE, name, help)};
  }

  /// True: return from the current call soon.
  bool cancelled() const { return host_->cancelled(ctx_) != 0; }
  /// "Poll me again": ends the pause after flow::idle.
  void wake() const { host_->wake(ctx_); }

  /// The host's table of an extension, or null. `T` is its struct, `min_size` its size in rev 1.
  template <class T>
  const T* extension(const char* id, uint32_t min_size = sizeof(T)) const {
    auto* table = static_cast<const T*>(host_->extension(ctx_, id));
    return table && table->struct_size >= min_size ? table : nullptr;
  }

  const mr_host* host() const { return host_; }
  mr_ctx* abi() const { return ctx_; }

 private:
  uint32_t metric(uint32_t kind, std::string_view name, std::string_view help) const {
    return host_->metric(ctx_, kind, detail::to_abi(name), detail::to_abi(help));
  }
  const mr_host* host_;
  mr_ctx* ctx_;
};

}  // namespace sdk_v1
}  // namespace millrace
