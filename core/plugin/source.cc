#include <algorithm>

#include "base/machine.h"
#include "plugin/instance_state.h"
#include "plugin/out_side.h"

namespace millrace {

Result<std::unique_ptr<SourceInstance>> SourceInstance::create(const Component& component,
                                                               InstanceName name,
                                                               const std::string& config,
                                                               ReadEventTime times) {
  std::unique_ptr<SourceInstance> source(new SourceInstance(component, std::move(name)));
  source->state_->host.offer_event_times(std::move(times));
  MILLRACE_TRY(source->Instance::create(config));
  return source;
}

SourceTraits SourceInstance::traits() const {
  State& s = *state_;
  if (!MR_HAS(mr_lifecycle, s.component.abi->life, traits)) return {};
  mr_traits t{sizeof t, 0, 0, 0};
  auto rc = s.call("traits", 0, [&](mr_err*) { return s.life().traits(s.self, &t); });
  if (!rc) return {};
  return {t.bounded != 0, static_cast<SourceTraits::Replay>(std::min(t.replay, MR_REPLAY_EXACT))};
}

bool SourceInstance::can_seek() const { return MR_HAS(mr_source, &state_->ops<mr_source>(), seek); }

Result<Flow> SourceInstance::poll(uint32_t max_records, uint64_t max_bytes, int64_t deadline_us,
                                  const std::vector<uint32_t>* partitions, BatchBuilder& out,
                                  std::vector<PartitionEvent>& events) {
  State& s = *state_;
  mr_budget budget{sizeof budget, max_records, max_bytes, deadline_us, nullptr, 0, 0};
  if (partitions) {
    budget.partitions = partitions->data();
    budget.partition_count = static_cast<uint32_t>(partitions->size());
  }
  OutSide side(Kind::kSource, out, &events);
  const uint32_t before = out.records();
  const int64_t extra_ms = std::max<int64_t>(0, (deadline_us - monotonic_us()) / 1000);
  auto rc = s.call("poll", extra_ms, [&](mr_err* err) {
    return s.ops<mr_source>().poll(s.self, &budget, side.abi(), err);
  });
  if (!side.fault().empty()) return s.broken("poll", "put out garbage: " + side.fault());
  if (!rc) return rc.error();
  if (*rc == MR_PENDING || *rc > MR_END) return s.broken("poll", "answered " + std::to_string(*rc));
  if (const uint32_t count = out.records() - before; count > max_records) {
    return s.broken("poll", "returned " + std::to_string(count) + " records, allowed were " +
                                std::to_string(max_records));
  }
  return static_cast<Flow>(*rc);
}

Result<std::string> SourceInstance::snapshot(uint64_t epoch) {
  State& s = *state_;
  CommitBytes bytes;
  MILLRACE_TRY(s.plain_call("snapshot", [&](mr_err* err) {
    return s.ops<mr_source>().snapshot(s.self, epoch, bytes.open(), err);
  }));
  return bytes.close();
}

Result<void> SourceInstance::ack(uint64_t epoch, const std::vector<uint32_t>& partitions,
                                 const std::vector<uint64_t>& positions) {
  State& s = *state_;
  if (!MR_HAS(mr_source, &s.ops<mr_source>(), ack)) return {};
  const mr_ack ack{sizeof ack, static_cast<uint32_t>(partitions.size()), epoch, partitions.data(),
                   positions.data()};
  return s.plain_call("ack",
                      [&](mr_err* err) { return s.ops<mr_source>().ack(s.self, &ack, err); });
}

Result<void> SourceInstance::seek(uint32_t partition, uint64_t position) {
  State& s = *state_;
  if (!can_seek()) return s.broken("seek", "is not offered");
  return s.plain_call("seek", [&](mr_err* err) {
    return s.ops<mr_source>().seek(s.self, partition, position, err);
  });
}

uint32_t SourceInstance::retry_after_ms() const { return state_->retry_after_ms; }

}  // namespace millrace
