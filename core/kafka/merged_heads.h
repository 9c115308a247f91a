#pragma once

/// The order of partitions that are merged (semantics R22): the one whose next message has the
/// smallest event time, of equal ones that with the smaller number. A message without a usable time
/// goes before all that have one, so it holds back nothing, and stays in its place among those of
/// its own partition. Nothing goes while a partition may still have an earlier one: each must have
/// a message, or have been at its proven end for as long as asked, or be at its end for good. So
/// what comes out is a function of the logs, as far as `max_idle_us` is unlimited. Times and the
/// clock, which the caller gives, are microseconds since 1970. Pure. Threads: one.

#include <cstdint>
#include <optional>
#include <vector>

namespace millrace::kafka {

class MergedHeads {
 public:
  /// INT64_MAX: waits for ever.
  explicit MergedHeads(int64_t max_idle_us) : max_idle_us_(max_idle_us) {}

  /// Partitions 0 to `count` - 1; of new ones nothing is known.
  void resize(size_t count) { heads_.resize(count); }
  /// The partition's next message, until it is taken.
  /// `time_us`: MR_TIME_NONE, none that can be used.
  void put(uint32_t partition, int64_t time_us);
  void taken(uint32_t partition) { heads_[partition] = {}; }
  /// Of a partition without a message: there is none now.
  void at_end(uint32_t partition, int64_t now_us);
  /// Nobody can say any more whether it still is at its end.
  void end_unproven(uint32_t partition);
  /// None will come any more.
  void ended(uint32_t partition) { heads_[partition].state = State::kEnded; }

  bool has_message(uint32_t partition) const { return heads_[partition].state == State::kMessage; }
  struct Next {
    std::optional<uint32_t> message;  ///< Whose message goes next.
    std::optional<uint32_t> missing;  ///< Else: whom it waits for. Neither: all are at their end.
  };
  Next next(int64_t now_us) const;

 private:
  enum class State : uint8_t { kUnknown, kMessage, kAtEnd, kEnded };
  struct Head {
    State state = State::kUnknown;
    int64_t at = 0;  ///< The message's time; at the end, since when.
  };
  bool is_waited_for(const Head& head, int64_t now_us) const;

  int64_t max_idle_us_;
  std::vector<Head> heads_;
};

}  // namespace millrace::kafka
