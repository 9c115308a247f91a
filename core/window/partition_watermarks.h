#pragma once

/// The watermark of a source over its partitions (semantics R15-R18):
///   W = max(W, min of w_p over the partitions that count), w_p = max_ts_p - B.
/// Partitions that the source never announced are one together, number 0: its log (R42).
/// A partition counts from its assignment on: before its first record it holds W where it is. It no
/// longer counts once it is idle, which is declared from proof: the source said that its end was
/// reached, and nothing came for `idle_timeout` after that. An idle partition that wakes behind W
/// counts again only when it has caught up (R17). In a bounded source the proven end is for good;
/// in others the proof may be lost (R16): then idleness is, too, and W stands until a record comes
/// or the end is proven anew and idle_timeout has run again.
/// The clock is given by the caller, in microseconds since 1970 of the wall clock.
/// Pure. Threads: one.

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "window/watermark.h"

namespace millrace {

/// What a source says of a partition, in order with its records.
struct PartitionEvent {
  enum class What : uint8_t {
    kAssigned,   ///< Records may follow; said again: its end is no longer proven.
    kAtEnd,      ///< All that exists by now was returned.
    kRevoked,    ///< Somebody else's from now on.
    kWatermark,  ///< No record before `watermark` will follow.
    kProofLost,  ///< The connection broke: no end is proven any more, of no partition.
  };
  What what = What::kAssigned;
  uint32_t partition = 0;
  EventTime watermark = kTimeNone;
  uint32_t before_record = 0;  ///< Index of the record in front of which it stands.
};

class PartitionWatermarks {
 public:
  struct Rules {
    int64_t out_of_orderness_us = 0;
    bool bounded = false;                ///< Behind a proven end nothing follows, ever.
    int64_t idle_timeout_us = kTimeMax;  ///< kTimeMax: never idle.
    bool clock_when_all_idle = false;    ///< R18: `clock`. False: `hold`.
  };
  enum class State : uint8_t {
    kUnknown,  ///< Assigned, nothing read: holds W back.
    kActive,
    kIdle,      ///< Does not count.
    kBehind,    ///< Was idle, has records again, and w_p < W: does not count yet.
    kEnded,     ///< Of a bounded source: does not count.
    kUnproven,  ///< Was idle, and nobody knows whether it still is at its end: holds W back.
  };
  struct Partition {
    uint32_t number = 0;
    State state = State::kUnknown;
    Watermark mark;
    int64_t proven_us = kNotProven;  ///< When its end was proven, if nothing came since.
  };
  static constexpr int64_t kNotProven = INT64_MIN;

  explicit PartitionWatermarks(const Rules& rules) : rules_(rules) {}

  EventTime now() const { return w_; }
  /// The largest usable event time seen in any partition; kTimeNone before the first.
  EventTime max_time() const;

  /// One record.
  void observe(uint32_t partition, EventTime t);
  /// As Watermark::observe_all; `partitions` null: all of partition 0. `behind` gets a 1 per record
  /// of a partition that is behind (R17), and stays empty if there is none.
  void observe_all(std::span<const EventTime> times, const uint32_t* partitions,
                   std::span<EventTime> before, std::vector<uint8_t>& behind);
  void take(const PartitionEvent& event, int64_t now_us);
  /// The source was asked at `now_us`, could answer, and has nothing more: time-outs run, and where
  /// all is idle the clock moves W.
  void tick(int64_t now_us);
  /// When a tick can next change something; kTimeMax: never.
  int64_t next_tick() const;

  /// No partition counts, and there is one. What it means for W is R18.
  bool all_idle() const;
  /// The partition that holds W back: the slowest that counts. Null: none does.
  const Partition* holder() const;
  const std::map<uint32_t, Partition>& partitions() const { return partitions_; }
  const Rules& rules() const { return rules_; }

  /// From a commit. `clock_*`: see clock_since().
  void restore(EventTime w, std::vector<Partition> partitions, int64_t clock_since_us,
               EventTime clock_from);
  /// Since when the clock moves W, and from which W; kNotProven: it does not.
  int64_t clock_since() const { return clock_since_us_; }
  EventTime clock_from() const { return clock_from_; }

 private:
  Partition& of_record(uint32_t number);
  Partition& make(uint32_t number);
  static bool counts(const Partition& p) {
    return p.state == State::kUnknown || p.state == State::kActive || p.state == State::kUnproven;
  }
  static void lose_proof(Partition& p);
  void progressed(Partition& p, EventTime before);
  void recount();
  bool all_proven_idle() const;

  Rules rules_;
  std::map<uint32_t, Partition> partitions_;
  Partition* last_ = nullptr;  ///< Most records are of the partition of the one before...
  uint32_t last_number_ = 0;   ///< ...by the number that they carry.
  EventTime w_ = kTimeNone;
  EventTime slowest_ = kTimeMax;  ///< The smallest w_p that counts.
  int64_t clock_since_us_ = kNotProven;
  EventTime clock_from_ = kTimeNone;
  int64_t ticked_us_ = kNotProven;
};

}  // namespace millrace
