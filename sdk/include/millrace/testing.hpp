#pragma once

/// Unit tests of plugins without a host: load the library (or link its sources), give a component
/// its configuration, push rows in, look at what came out.
///
///   test::library plugin(MILLRACE_PLUGIN_FILE);
///   test::harness grep(plugin.component("grep"), R"({"needle": "x"})");
///   grep.open();
///   grep.process({{.value = "axb"}, {.value = "nope"}});
///   // grep.out.rows.size() == 1, grep.host.metric("dropped") == 1, grep.out.faults.empty()
///
/// Calls that a plugin fails throw `failure` with its code and text. Works with any test framework.

#include <dlfcn.h>
#include <millrace/ext/epoch_sink.h>

#include <millrace/testing/host.hpp>

namespace millrace {
inline namespace sdk_v1 {
namespace test {

/// A loaded plugin; never unloaded, as in the host.
class library {
 public:
  explicit library(const std::string& file) {
    void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle) throw fatal(dlerror());
    using entry = const mr_module* (*)();
    auto* get = reinterpret_cast<entry>(dlsym(handle, MR_ENTRY_SYMBOL));
    if (!get) throw fatal(file + " does not export " MR_ENTRY_SYMBOL);
    module_ = get();
  }
  const mr_module& module() const { return *module_; }
  /// By id, or by the last label of the id.
  const mr_component& component(std::string_view name) const {
    for (uint32_t i = 0; i < module_->count; ++i) {
      const std::string_view id = module_->components[i]->id;
      if (id == name || id.substr(id.rfind('.') + 1) == name) return *module_->components[i];
    }
    throw fatal("no component " + std::string(name));
  }

 private:
  const mr_module* module_;
};

/// One instance. Its destructor closes (if open) and destroys.
class harness {
 public:
  fake_host host;
  output out;

  harness(const mr_component& component, const std::string& config) : component_(component) {
    try_call("create", component.life->create(host.abi(), host.ctx(), detail::to_abi(config),
                                              &self_, begin()));
  }
  harness(const harness&) = delete;
  harness& operator=(const harness&) = delete;
  ~harness() {
    if (open_) component_.life->close(self_, begin());
    component_.life->destroy(self_);
  }

  /// What the component finds wrong with a configuration; "" = nothing.
  static std::string validate(const mr_component& component, const std::string& config) {
    if (!MR_HAS(mr_lifecycle, component.life, validate)) return "";
    fake_host host;
    char text[512];
    mr_err err{sizeof err, 0, 0, sizeof text, 0, 0, text};
    const mr_rc rc = component.life->validate(host.abi(), host.ctx(), detail::to_abi(config), &err);
    return rc < 0 ? std::string(text, err.msg_len) : "";
  }

  void open(const bytes& state = std::nullopt, uint64_t last_epoch = 0, uint32_t flags = 0) {
    const mr_str restored = state ? detail::to_abi(*state) : mr_str{nullptr, 0};
    const mr_open how{sizeof how, flags, restored, last_epoch};
    try_call("open", component_.life->open(self_, &how, begin()));
    open_ = true;
  }
  void cancel() {
    host.cancel(true);
    if (MR_HAS(mr_lifecycle, component_.life, cancel)) component_.life->cancel(self_);
  }
  void close() {
    open_ = false;
    try_call("close", component_.life->close(self_, begin()));
  }
  mr_traits traits() const {
    mr_traits t{sizeof t, 0, 0, 0};
    if (MR_HAS(mr_lifecycle, component_.life, traits)) component_.life->traits(self_, &t);
    return t;
  }

  /// Sources. Adds to out. `partitions` null = all have credit.
  mr_rc poll(uint32_t max_records = 1000, uint64_t max_bytes = 1 << 20,
             const std::vector<uint32_t>* partitions = nullptr) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    mr_budget b{sizeof b, max_records, max_bytes, 0, nullptr, 0, 0};
    b.deadline_us = int64_t{now.tv_sec} * 1000000 + now.tv_nsec / 1000 + 100000;
    if (partitions) {
      b.partitions = partitions->data();
      b.partition_count = static_cast<uint32_t>(partitions->size());
    }
    return try_call("poll", ops<mr_source>().poll(self_, &b, out.abi(), begin()));
  }
  /// Polls until MR_END or until nothing came; at most `polls_max` times.
  mr_rc poll_all(uint32_t max_records = 1000, int polls_max = 100000) {
    mr_rc rc = MR_MORE;
    for (int i = 0; i < polls_max && rc != MR_END; ++i) {
      const std::size_t before = out.rows.size() + out.rejects.size();
      rc = poll(max_records);
      if (rc == MR_IDLE && before == out.rows.size() + out.rejects.size()) break;
    }
    return rc;
  }
  void ack(uint64_t epoch, const std::vector<uint32_t>& partitions,
           const std::vector<uint64_t>& positions) {
    if (!MR_HAS(mr_source, &ops<mr_source>(), ack)) return;
    const mr_ack a{sizeof a, static_cast<uint32_t>(partitions.size()), epoch, partitions.data(),
                   positions.data()};
    try_call("ack", ops<mr_source>().ack(self_, &a, begin()));
  }
  void seek(uint32_t partition, uint64_t position) {
    if (!MR_HAS(mr_source, &ops<mr_source>(), seek)) throw fatal("seek is not offered");
    try_call("seek", ops<mr_source>().seek(self_, partition, position, begin()));
  }

  /// Sources and processors; "" for those without state.
  std::string snapshot(uint64_t epoch) {
    collected to;
    if (component_.kind == MR_SOURCE) {
      try_call("snapshot", ops<mr_source>().snapshot(self_, epoch, &to.buf, begin()));
    } else if (MR_HAS(mr_processor, &ops<mr_processor>(), snapshot)) {
      try_call("snapshot", ops<mr_processor>().snapshot(self_, epoch, &to.buf, begin()));
    }
    return to.text;
  }

  /// Processors. Adds to out.
  void process(const std::vector<row>& rows) {
    std::vector<row> rest = rows;
    mr_rc rc = MR_MORE;
    while (rc == MR_MORE) {
      held in(rest);
      uint32_t consumed = 0;
      rc = try_call("process",
                    ops<mr_processor>().process(self_, in.batch, &consumed, out.abi(), begin()));
      if (consumed > rest.size() || (rc == MR_MORE && consumed == 0)) {
        throw failure(MR_E_CONTRACT, "process: MORE without progress");
      }
      rest.erase(rest.begin(), rest.begin() + consumed);
    }
  }
  void watermark(int64_t w_us) {
    if (!MR_HAS(mr_processor, &ops<mr_processor>(), watermark)) return;
    try_call("watermark", ops<mr_processor>().watermark(self_, w_us, out.abi(), begin()));
  }

  /// Sinks. Rejects go to out.rejects.
  void write(const std::vector<row>& rows) {
    held in(rows);
    try_call("write", ops<mr_sink>().write(self_, in.batch, out.abi(), begin()));
  }
  /// What the commit must record; waits for a pending one.
  std::string prepare(uint64_t epoch) {
    collected to;
    if (!MR_HAS(mr_sink, &ops<mr_sink>(), prepare)) return "";
    mr_rc rc = try_call("prepare", ops<mr_sink>().prepare(self_, epoch, epoch, &to.buf, begin()));
    std::string why;
    if (rc == MR_PENDING) rc = host.wait_for(epoch, why);
    if (rc < 0) throw failure(rc, "prepare: " + why);
    return to.text;
  }
  void commit(uint64_t epoch) {
    if (!MR_HAS(mr_sink, &ops<mr_sink>(), commit)) return;
    try_call("commit", ops<mr_sink>().commit(self_, epoch, begin()));
  }
  void abort(uint64_t epoch) {
    if (!MR_HAS(mr_sink, &ops<mr_sink>(), abort)) return;
    try_call("abort", ops<mr_sink>().abort(self_, epoch, begin()));
  }

  mr_self* self() const { return self_; }

 private:
  struct held {  // A batch for one call.
    explicit held(const std::vector<row>& rows) : batch(made_batch::make(rows)) {}
    ~held() { batch->release(batch); }
    mr_batch* batch;
  };
  struct collected {
    std::string text;
    mr_buf buf{sizeof(mr_buf), 0, this, [](mr_buf* b, mr_str bytes) noexcept -> mr_rc {
                 static_cast<collected*>(b->self)->text += detail::from_abi(bytes);
                 return MR_OK;
               }};
  };
  template <class Ops>
  const Ops& ops() const {
    return *static_cast<const Ops*>(component_.ops);
  }
  mr_err* begin() {
    err_ = {sizeof err_, 0, 0, sizeof text_, 0, 0, text_};
    return &err_;
  }
  mr_rc try_call(const char* what, mr_rc rc) const {
    if (rc >= 0) return rc;
    throw failure(rc, std::string(what) + ": " + std::string(text_, err_.msg_len),
                  err_.retry_after_ms);
  }

  const mr_component& component_;
  mr_self* self_ = nullptr;
  bool open_ = false;
  char text_[1024];
  mr_err err_{};
};

}  // namespace test
}  // namespace sdk_v1
}  // namespace millrace
