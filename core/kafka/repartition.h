#pragma once

/// What travels in a repartition topic beside the rows (semantics R23), as one header of each
/// message. A row tells its event time to the microsecond, which Kafka's own timestamp cannot, and
/// the upstream task that sent it; a marker, a message without a value, tells W of that task. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace millrace::kafka {

inline constexpr const char* kRepartitionHeader = "millrace.repartition";

struct RepartitionNote {
  int32_t upstream = 0;  ///< Number of the task that sent it.
  bool marker = false;
  EventTime time = kTimeNone;  ///< Of a row: its event time. Of a marker: W.
  bool idle = false;           ///< Of a marker: the task has no partition that counts.
  uint64_t epoch = 0;          ///< Of a marker: its commit.
};

std::string write_note(const RepartitionNote& note);
/// Nothing: damaged, or of a newer release.
std::optional<RepartitionNote> read_note(std::string_view bytes);

}  // namespace millrace::kafka
