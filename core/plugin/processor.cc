#include "plugin/instance_state.h"
#include "plugin/out_side.h"

namespace millrace {

Result<std::unique_ptr<ProcessorInstance>> ProcessorInstance::create(const Component& component,
                                                                     InstanceName name,
                                                                     const std::string& config) {
  std::unique_ptr<ProcessorInstance> processor(new ProcessorInstance(component, std::move(name)));
  MILLRACE_TRY(processor->Instance::create(config));
  return processor;
}

Result<void> ProcessorInstance::process(const BatchRef& in, BatchBuilder& out) {
  State& s = *state_;
  for (uint32_t done = 0;;) {
    const BatchRef rest = in.slice(done, in.size() - done);
    out.origin_base(done);
    OutSide side(Kind::kProcessor, out, nullptr);
    side.input(&rest.abi());
    uint32_t consumed = 0;
    auto rc = s.call("process", 0, [&](mr_err* err) {
      return s.ops<mr_processor>().process(s.self, &rest.abi(), &consumed, side.abi(), err);
    });
    out.origin_base(0);
    if (!side.fault().empty()) return s.broken("process", "put out garbage: " + side.fault());
    if (!rc) return rc.error();
    if (*rc == MR_OK) return {};
    if (*rc != MR_MORE) return s.broken("process", "answered " + std::to_string(*rc));
    if (consumed == 0 || consumed > rest.size()) {
      return s.broken("process", "wants more without progress");
    }
    done += consumed;
    if (done == in.size()) return {};
  }
}

Result<void> ProcessorInstance::watermark(int64_t w_us, BatchBuilder& out) {
  State& s = *state_;
  if (!MR_HAS(mr_processor, &s.ops<mr_processor>(), watermark)) return {};
  OutSide side(Kind::kProcessor, out, nullptr);
  auto done = s.plain_call("watermark", [&](mr_err* err) {
    return s.ops<mr_processor>().watermark(s.self, w_us, side.abi(), err);
  });
  if (!side.fault().empty()) return s.broken("watermark", "put out garbage: " + side.fault());
  return done;
}

Result<std::string> ProcessorInstance::snapshot(uint64_t epoch) {
  State& s = *state_;
  if (!MR_HAS(mr_processor, &s.ops<mr_processor>(), snapshot)) return std::string();
  CommitBytes bytes;
  MILLRACE_TRY(s.plain_call("snapshot", [&](mr_err* err) {
    return s.ops<mr_processor>().snapshot(s.self, epoch, bytes.open(), err);
  }));
  return bytes.close();
}

}  // namespace millrace
