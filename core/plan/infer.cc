#include "plan/infer.h"

#include "columns/json_infer.h"
#include "nodes/source_runner.h"

namespace millrace {

Result<Schema> infer_schema(const Component& component, const InstanceName& name,
                            const std::string& config) {
  constexpr uint32_t kRecords = 1000;
  constexpr uint64_t kBytes = 4 << 20;
  constexpr int64_t kWaitUs = 200'000;
  // What a time looks like is not known yet: a sample needs no order.
  const auto no_time = [](std::string_view, EventTime) { return kTimeNone; };
  auto source = SourceInstance::create(component, name, config, no_time);
  if (!source) return source.error();
  MILLRACE_TRY((*source)->open({}, 0, 0));
  SchemaSample sample;
  BatchBuilder builder;
  std::vector<SourceInstance::PartitionEvent> events;
  uint64_t bytes = 0;
  while (sample.records() < kRecords && bytes < kBytes) {
    auto flow = (*source)->poll(kRecords, kBytes - bytes, monotonic_us() + kWaitUs, nullptr,
                                builder, events);
    const uint64_t before = bytes;
    for (const SourceBatch& one : builder.take().batches) {
      const bool text_cells = (one.batch.abi().flags & MR_BATCH_TEXT_CELLS) != 0;
      for (uint32_t i = 0; i < one.batch.size(); ++i) {
        sample.add(one.batch.value(i), text_cells);
        bytes += one.batch.value(i).size() + 1;
      }
    }
    if (!flow) return flow.error();
    if (*flow == Flow::kEnd || (*flow == Flow::kIdle && bytes == before)) break;
  }
  MILLRACE_TRY((*source)->close());
  return sample.schema();
}

}  // namespace millrace
