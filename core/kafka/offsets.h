#pragma once

/// The partitions of a source and how far each was read. Millrace counts partitions densely in the
/// order in which they were first seen; the snapshot keeps that order, so that a number means the
/// same for the life of the pipeline also when topics grow. Pure, but for the JSON reader of the
/// host. Threads: one.

#include <cstdint>
#include <millrace/plugin.hpp>
#include <optional>
#include <string>
#include <vector>

namespace millrace::kafka {

struct PartitionOffset {
  std::string topic;
  int32_t partition = 0;
  int64_t next = 0;               ///< Offset of the first message not yet put out.
  std::optional<int64_t> target;  ///< --until-end: stop here.
  bool reached = false;           ///< The target, or rather the end behind it.
};

class Offsets {
 public:
  /// Throws fatal if `state` is not what snapshot() wrote.
  void restore(const context& ctx, std::string_view state);
  std::string snapshot() const;

  /// The number of a partition; new ones are added behind, beginning at `start`.
  uint32_t add(const std::string& topic, int32_t partition, int64_t start);
  std::optional<uint32_t> find(std::string_view topic, int32_t partition) const;
  PartitionOffset& operator[](uint32_t number) { return partitions_[number]; }
  const std::vector<PartitionOffset>& all() const { return partitions_; }
  std::vector<PartitionOffset>& all() { return partitions_; }
  void clear() { partitions_.clear(); }
  /// Every target was reached; false without targets.
  bool all_reached() const;

 private:
  std::vector<PartitionOffset> partitions_;
};

}  // namespace millrace::kafka
