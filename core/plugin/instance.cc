#include "base/log.h"
#include "plugin/component.h"
#include "plugin/instance_state.h"
#include "plugin/live_metrics.h"

namespace millrace {
namespace {

Code code_of(mr_rc rc) {
  switch (MR_RC_CLASS(rc)) {
    case MR_E_RETRIABLE: return Code::kUnavailable;
    case MR_E_RECORD: return Code::kCorrupt;
    case MR_E_CONFIG: return Code::kInvalidConfig;
    case MR_E_CONTRACT: return Code::kPluginFault;
    case MR_E_CANCELLED: return Code::kCancelled;
    default: return rc == MR_E_EXCEPTION ? Code::kPluginFault : Code::kFailed;
  }
}

mr_str to_abi(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::kSource: return "source";
    case Kind::kProcessor: return "processor";
    case Kind::kSink: return "sink";
  }
  return "component";
}

std::string Component::name() const {
  const std::string whole = abi->id;
  return whole.substr(whole.rfind('.') + 1);
}

Instance::State::State(const Component& c, InstanceName n)
    : component(c),
      name(std::move(n)),
      place(name.pipeline + "/" + name.name),
      label(std::string(kind_name(c.kind())) + " \"" + name.name + "\" (" + c.id() + ")"),
      host(label),
      watch(label) {}

void Instance::State::begin_error() {
  err = {};
  err.struct_size = sizeof err;
  err.msg_cap = sizeof message_;
  err.msg = message_;
  retry_after_ms = 0;
}

Error Instance::State::broken(const char* slot, const std::string& what) const {
  return {Code::kPluginFault, label + " broke its contract: " + slot + " " + what};
}

Error Instance::State::failed(const char* slot, mr_rc rc) {
  retry_after_ms = err.retry_after_ms;
  const uint64_t length = std::min(err.msg_len, static_cast<uint32_t>(sizeof message_));
  return error_of(slot, rc, clean_text({message_, length}));
}

Error Instance::State::error_of(const char* slot, mr_rc rc, const std::string& why) const {
  std::string text = label + ": ";
  // For people who wrote the plugin, the slot; for people who run it, only the reason.
  const bool says_why = !why.empty();
  if (!says_why || code_of(rc) == Code::kPluginFault) text += std::string(slot) + " failed";
  if (rc == MR_E_EXCEPTION) text += " with an exception";
  if (!says_why) text += " without a reason (code " + std::to_string(rc) + ")";
  if (says_why) text += (text.ends_with(": ") ? "" : ": ") + why;
  return {code_of(rc), std::move(text)};
}

mr_buf* CommitBytes::open() {
  std::lock_guard lock(mutex_);
  bytes_.clear();
  open_ = true;
  return &abi_;
}

std::string CommitBytes::close() {
  std::lock_guard lock(mutex_);
  open_ = false;
  return std::move(bytes_);
}

mr_rc CommitBytes::append(mr_buf* buf, mr_str bytes) noexcept {
  auto& self = *static_cast<CommitBytes*>(buf->self);
  std::lock_guard lock(self.mutex_);
  if (!self.open_ || (!bytes.ptr && bytes.len > 0)) return MR_E_CONTRACT;
  if (bytes.len > 0) self.bytes_.append(bytes.ptr, static_cast<size_t>(bytes.len));
  return MR_OK;
}

Instance::Instance(const Component& component, InstanceName name)
    : state_(std::make_unique<State>(component, name)) {
  begin_metrics(*this, std::move(name), component.kind());
}

Instance::~Instance() {
  end_metrics(*this);
  destroy();
}

void Instance::destroy() {
  State& s = *state_;
  if (!s.self) return;
  if (s.is_open) {
    if (auto closed = close(); !closed) log_warn(closed.error().message);
  }
  (void)s.call("destroy", 0, [&](mr_err*) {
    s.life().destroy(s.self);
    return MR_OK;
  });
  s.self = nullptr;
}

Result<void> Instance::validate(const Component& component, const InstanceName& name,
                                const std::string& config) {
  State s(component, name);
  if (!MR_HAS(mr_lifecycle, component.abi->life, validate)) return {};
  return s.plain_call("validate", [&](mr_err* err) {
    return s.life().validate(HostSide::table(), s.host.ctx(), to_abi(config), err);
  });
}

Result<void> Instance::create(const std::string& config) {
  State& s = *state_;
  MILLRACE_TRY(s.plain_call("create", [&](mr_err* err) {
    return s.life().create(HostSide::table(), s.host.ctx(), to_abi(config), &s.self, err);
  }));
  if (!s.self) return s.broken("create", "gave no instance");
  return {};
}

Result<void> Instance::open(std::string_view restored_state, uint64_t last_epoch, uint32_t flags) {
  State& s = *state_;
  const mr_str restored = restored_state.data() ? to_abi(restored_state) : mr_str{nullptr, 0};
  const mr_open how{sizeof how, flags, restored, last_epoch};
  s.is_open = true;  // A failed open is closed too.
  return s.plain_call("open", [&](mr_err* err) { return s.life().open(s.self, &how, err); });
}

void Instance::cancel() {
  State& s = *state_;
  s.host.cancel();
  if (!MR_HAS(mr_lifecycle, s.component.abi->life, cancel)) return;
  const InCall marker(s.component.abi->id, s.place.c_str(), "cancel");
  s.life().cancel(s.self);
}

Result<void> Instance::close() {
  State& s = *state_;
  s.is_open = false;
  return s.plain_call("close", [&](mr_err* err) { return s.life().close(s.self, err); });
}

const Component& Instance::component() const { return state_->component; }
void Instance::on_wake(std::function<void()> wake) { state_->host.on_wake(std::move(wake)); }
std::vector<Metric> Instance::metrics() const { return state_->host.metrics(); }

}  // namespace millrace
