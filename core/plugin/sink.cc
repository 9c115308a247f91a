#include <millrace/ext/arrow.h>
#include <millrace/ext/epoch_sink.h>

#include "plugin/instance_state.h"
#include "plugin/out_side.h"

namespace millrace {
namespace {

const mr_epoch_sink_v1* epoch_table(const mr_lifecycle& life, mr_self* self) {
  if (!MR_HAS(mr_lifecycle, &life, extension)) return nullptr;
  auto* table = static_cast<const mr_epoch_sink_v1*>(life.extension(self, MR_EXT_EPOCH_SINK));
  return table && table->struct_size >= MR_EPOCH_SINK_V1_MIN_SIZE ? table : nullptr;
}

const mr_arrow_v1* arrow_table(const mr_lifecycle& life, mr_self* self) {
  if (!MR_HAS(mr_lifecycle, &life, extension)) return nullptr;
  auto* table = static_cast<const mr_arrow_v1*>(life.extension(self, MR_EXT_ARROW));
  return table && table->struct_size >= MR_ARROW_V1_MIN_SIZE ? table : nullptr;
}

void take_rejects(BatchBuilder& out, std::vector<Reject>& rejects) {
  for (Reject& reject : out.take().rejects) rejects.push_back(std::move(reject));
}

}  // namespace

Result<std::unique_ptr<SinkInstance>> SinkInstance::create(const Component& component,
                                                           InstanceName name,
                                                           const std::string& config) {
  std::unique_ptr<SinkInstance> sink(new SinkInstance(component, std::move(name)));
  MILLRACE_TRY(sink->Instance::create(config));
  return sink;
}

/// One call that may refuse rows; `call` gets the mr_out that takes only rejects.
template <class Fn>
Result<void> SinkInstance::rejecting_call(const char* slot, std::vector<Reject>& rejects, Fn&& call,
                                          const mr_batch* input) {
  State& s = *state_;
  BatchBuilder out;
  OutSide side(Kind::kSink, out, nullptr);
  if (input) side.input(input);
  auto done = s.plain_call(slot, [&](mr_err* err) { return call(side.abi(), err); });
  if (!side.fault().empty()) return s.broken(slot, "put out garbage: " + side.fault());
  take_rejects(out, rejects);
  return done;
}

Result<void> SinkInstance::write(const BatchRef& batch, std::vector<Reject>& rejects) {
  State& s = *state_;
  return rejecting_call(
      "write", rejects,
      [&](mr_out* out, mr_err* err) {
        return s.ops<mr_sink>().write(s.self, &batch.abi(), out, err);
      },
      &batch.abi());
}

Result<std::string> SinkInstance::prepare(uint64_t epoch) {
  State& s = *state_;
  if (!MR_HAS(mr_sink, &s.ops<mr_sink>(), prepare)) return std::string();
  mr_buf* buf = bytes_->open();
  auto rc = s.call("prepare", 0, [&](mr_err* err) {
    return s.ops<mr_sink>().prepare(s.self, epoch, epoch, buf, err);
  });
  if (!rc) return rc.error();
  if (*rc == MR_PENDING) {
    auto completion = s.host.wait_for(epoch);
    if (!completion) return Error{Code::kCancelled, s.label + ": cancelled while preparing"};
    if (completion->rc < 0) return s.error_of("prepare", completion->rc, completion->why);
  } else if (*rc != MR_OK) {
    return s.broken("prepare", "answered " + std::to_string(*rc));
  }
  return bytes_->close();
}

Result<void> SinkInstance::commit(uint64_t epoch) {
  State& s = *state_;
  if (!MR_HAS(mr_sink, &s.ops<mr_sink>(), commit)) return {};
  return s.plain_call("commit",
                      [&](mr_err* err) { return s.ops<mr_sink>().commit(s.self, epoch, err); });
}

Result<void> SinkInstance::abort(uint64_t epoch) {
  State& s = *state_;
  if (!MR_HAS(mr_sink, &s.ops<mr_sink>(), abort)) return {};
  return s.plain_call("abort",
                      [&](mr_err* err) { return s.ops<mr_sink>().abort(s.self, epoch, err); });
}

bool SinkInstance::is_epoch_marked() const {
  return epoch_table(state_->life(), state_->self) != nullptr;
}

Result<uint64_t> SinkInstance::last_epoch(const std::string& owner) {
  State& s = *state_;
  const mr_epoch_sink_v1* table = epoch_table(s.life(), s.self);
  if (!table) return s.broken("last_epoch", "is not offered");
  const mr_str pipeline{owner.data(), owner.size()};
  uint64_t epoch = 0;
  MILLRACE_TRY(s.plain_call(
      "last_epoch", [&](mr_err* err) { return table->last_epoch(s.self, pipeline, &epoch, err); }));
  return epoch;
}

Result<void> SinkInstance::write_epoch(const std::string& owner, uint64_t epoch,
                                       const std::vector<BatchRef>& rows,
                                       std::vector<Reject>& rejects) {
  State& s = *state_;
  const mr_epoch_sink_v1* table = epoch_table(s.life(), s.self);
  if (!table) return s.broken("write_epoch", "is not offered");
  const mr_str pipeline{owner.data(), owner.size()};
  std::vector<const mr_batch*> batches;
  for (const BatchRef& batch : rows) batches.push_back(&batch.abi());
  return rejecting_call("write_epoch", rejects, [&](mr_out* out, mr_err* err) {
    return table->write_epoch(s.self, pipeline, epoch, batches.data(),
                              static_cast<uint32_t>(batches.size()), out, err);
  });
}

bool SinkInstance::takes_columns() const {
  return arrow_table(state_->life(), state_->self) != nullptr;
}

Result<void> SinkInstance::bind(ArrowSchema& schema) {
  State& s = *state_;
  const mr_arrow_v1* table = arrow_table(s.life(), s.self);
  if (!table) return s.broken("bind", "is not offered");
  return s.plain_call("bind", [&](mr_err* err) { return table->bind(s.self, &schema, err); });
}

Result<void> SinkInstance::write_columns(const BatchRef& like, ArrowArray& rows,
                                         std::vector<Reject>& rejects) {
  State& s = *state_;
  const mr_arrow_v1* table = arrow_table(s.life(), s.self);
  if (!table) return s.broken("write", "of columns is not offered");
  return rejecting_call(
      "write", rejects,
      [&](mr_out* out, mr_err* err) { return table->write(s.self, &rows, out, err); }, &like.abi());
}

SinkInstance::SinkInstance(const Component& component, InstanceName name)
    : Instance(component, std::move(name)), bytes_(std::make_unique<CommitBytes>()) {}
// Until it is destroyed the plugin may use the buffer, which dies before ~Instance runs.
SinkInstance::~SinkInstance() { destroy(); }

}  // namespace millrace
