#include "kafka/offsets.h"

#include <algorithm>

namespace millrace::kafka {

void Offsets::restore(const context& ctx, std::string_view state) {
  try {
    for (const config& one : config(ctx, state).list("partitions")) {
      // A topic's name has no character that JSON would escape (Kafka allows letters, digits, ".",
      // "_", "-").
      partitions_.push_back({one.str("topic"),
                             static_cast<int32_t>(one.i64("partition")),
                             one.i64("next"),
                             {},
                             false});
    }
  } catch (const failure& why) {
    throw fatal(std::string("the stored offsets cannot be read (") + why.what() +
                "): start with --fresh");
  }
}

std::string Offsets::snapshot() const {
  std::string out = "{\"partitions\":[";
  for (const PartitionOffset& one : partitions_) {
    if (out.back() == '}') out += ',';
    out += "{\"topic\":\"" + one.topic + "\",\"partition\":" + std::to_string(one.partition) +
           ",\"next\":" + std::to_string(one.next) + "}";
  }
  return out + "]}";
}

uint32_t Offsets::add(const std::string& topic, int32_t partition, int64_t start) {
  if (const auto known = find(topic, partition)) return *known;
  partitions_.push_back({topic, partition, start, {}, false});
  return static_cast<uint32_t>(partitions_.size() - 1);
}

std::optional<uint32_t> Offsets::find(std::string_view topic, int32_t partition) const {
  for (uint32_t i = 0; i < partitions_.size(); ++i) {
    if (partitions_[i].partition == partition && partitions_[i].topic == topic) return i;
  }
  return std::nullopt;
}

bool Offsets::all_reached() const {
  return std::all_of(partitions_.begin(), partitions_.end(), [](const PartitionOffset& one) {
    return one.target && (one.reached || one.next >= *one.target);
  });
}

}  // namespace millrace::kafka
