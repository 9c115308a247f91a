#pragma once

/// What the three kinds of instances share inside; only core/plugin includes this.

#include "plugin/host_side.h"
#include "plugin/in_call.h"
#include "plugin/watchdog.h"

namespace millrace {

struct Instance::State {
  State(const Component& component, InstanceName name);

  /// The component's own table.
  template <class Ops>
  const Ops& ops() const {
    return *static_cast<const Ops*>(component.abi->ops);
  }
  const mr_lifecycle& life() const { return *component.abi->life; }

  /// Runs one call into the plugin, marked for crashes and watched. `call` gets the mr_err to pass
  /// on. Gives the plugin's code, or the error that it stands for.
  template <class Fn>
  Result<mr_rc> call(const char* slot, int64_t extra_ms, Fn&& fn) {
    begin_error();
    const InCall marker(component.abi->id, place.c_str(), slot);
    watch.enter(slot, extra_ms);
    const mr_rc rc = fn(&err);
    watch.leave();
    if (rc < 0) return failed(slot, rc);
    return rc;
  }
  /// For calls whose only good answer is MR_OK.
  template <class Fn>
  Result<void> plain_call(const char* slot, Fn&& fn) {
    auto rc = call(slot, 0, std::forward<Fn>(fn));
    if (!rc) return rc.error();
    return *rc == MR_OK ? Result<void>() : broken(slot, "answered " + std::to_string(*rc));
  }

  /// The plugin broke its contract.
  Error broken(const char* slot, const std::string& what) const;
  Error failed(const char* slot, mr_rc rc);
  /// Code and text of an rc, with plugin and instance named.
  Error error_of(const char* slot, mr_rc rc, const std::string& why) const;

  const Component component;
  const InstanceName name;
  const std::string place;  ///< "pipeline/name".
  const std::string label;  ///< How people read it: `source "edits" (org.millrace.wikipedia)`.
  HostSide host;
  CallWatch watch;
  mr_self* self = nullptr;
  bool is_open = false;
  uint32_t retry_after_ms = 0;

 private:
  void begin_error();
  char message_[2048];
  mr_err err{};
};

/// Collects the bytes of one snapshot or prepare. Takes them only while it is open, so that a
/// plugin which appends after its completion harms nobody. Threads: any.
class CommitBytes {
 public:
  CommitBytes() : abi_{sizeof(mr_buf), 0, this, append} {}
  mr_buf* open();
  std::string close();

 private:
  static mr_rc append(mr_buf* buf, mr_str bytes) noexcept;
  mr_buf abi_;
  std::mutex mutex_;
  bool open_ = false;  // Guarded by mutex_.
  std::string bytes_;  // Guarded by mutex_.
};

}  // namespace millrace
