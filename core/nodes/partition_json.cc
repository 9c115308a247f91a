#include "nodes/partition_json.h"

#include <array>

namespace millrace {
namespace {

constexpr std::array<std::string_view, 6> kStates = {"unknown", "active", "idle",
                                                     "behind",  "ended",  "unproven"};
constexpr size_t kMembers = 4;

bool read_partition(const JsonValue& json, PartitionWatermarks::Partition& out) {
  if (!json.is_array() || json.items().size() != kMembers) return false;
  for (size_t i = 0; i < kMembers; ++i) {
    if (!json.items()[i].is_int()) return false;
  }
  const auto number = [&](size_t i) { return json.items()[i].as_int(); };
  if (number(0) < 0 || number(0) > UINT32_MAX || number(3) < 0) return false;
  const auto state = static_cast<size_t>(number(3));
  if (state >= kStates.size()) return false;
  out.number = static_cast<uint32_t>(number(0));
  out.mark.restore(number(1), number(2));
  out.state = static_cast<PartitionWatermarks::State>(state);
  return true;
}

}  // namespace

std::string_view state_name(PartitionWatermarks::State state) {
  return kStates[static_cast<size_t>(state)];
}

void save_partitions(const PartitionWatermarks& from, JsonValue& meta) {
  JsonValue& list = meta.set("partitions", JsonValue::array());
  for (const auto& [number, p] : from.partitions()) {
    JsonValue one = JsonValue::array();
    one.push_back(JsonValue::integer(number));
    one.push_back(JsonValue::integer(p.mark.max_time()));
    one.push_back(JsonValue::integer(p.mark.now()));
    one.push_back(JsonValue::integer(static_cast<int64_t>(p.state)));
    list.push_back(std::move(one));
  }
  if (from.clock_since() == PartitionWatermarks::kNotProven) return;
  meta.set("clock_since", JsonValue::integer(from.clock_since()));
  meta.set("clock_from", JsonValue::integer(from.clock_from()));
}

bool restore_partitions(const JsonValue& meta, PartitionWatermarks& to) {
  const auto number = [&](std::string_view key, int64_t otherwise) {
    const JsonValue* value = meta.find(key);
    return value && value->is_int() ? value->as_int() : otherwise;
  };
  const EventTime w = number("watermark", kTimeNone), max_time = number("max_time", kTimeNone);
  std::vector<PartitionWatermarks::Partition> partitions;
  if (const JsonValue* list = meta.find("partitions")) {
    if (!list->is_array()) return false;
    for (const JsonValue& one : list->items()) {
      if (!read_partition(one, partitions.emplace_back())) return false;
    }
  } else if (max_time != kTimeNone) {
    PartitionWatermarks::Partition& all = partitions.emplace_back();
    all.state = PartitionWatermarks::State::kActive;
    all.mark.restore(max_time, w);
  }
  to.restore(w, std::move(partitions), number("clock_since", PartitionWatermarks::kNotProven),
             number("clock_from", kTimeNone));
  return true;
}

}  // namespace millrace
