#pragma once

/// The schedule of a polled source (H13, H14). Slot k of a target begins at k × every + offset
/// since 1970; the offset is made from the target's name, so that a thousand targets spread evenly
/// and a restart changes nothing. A slot is asked for once; one that passed while nobody could ask
/// is missed and told, unless the service can answer for the past (`catch_up`).
/// Pure: the caller brings both clocks. Threads: one.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/http/clock.h"

namespace millrace::poll {

using http::Micros;

/// What is kept of a target between runs.
struct TargetState {
  uint32_t partition = 0;  ///< Given at first sight, kept for ever.
  int64_t done_us = 0;     ///< Slots that begin before this (since 1970) are over.
  uint64_t position = 0;  ///< Of the last slot; rises with every slot, whatever becomes of `every`.
  std::string etag, modified;  ///< Of the last body that was put out whole (H2).
};

struct SlotOptions {
  Micros every = std::chrono::minutes(1);
  bool spread = true;     ///< Offsets; off for a single target that is to be asked on the minute.
  bool catch_up = false;  ///< Missed slots are asked for, oldest first.
  std::optional<Micros> from, to;  ///< Begin and end of a backfill, since 1970.
};

class Slots {
 public:
  struct Slot {
    size_t target;
    int64_t number;
  };
  /// Slots that nobody asked for in time.
  struct Missed {
    size_t target;
    int64_t first, behind;  ///< [first, behind)
    uint64_t position;      ///< Of the first of them.
  };

  explicit Slots(SlotOptions options) : options_(options) {}

  /// Names must be unique. Known names keep their state, whatever their order; others begin now.
  void set_targets(const std::vector<std::string>& names, Micros wall);
  /// Of a snapshot, before set_targets().
  void restore(const std::string& name, TargetState state);

  /// The slot to ask for, the one that began first if several are due; skipped slots are told in
  /// `missed` and are over then. Targets held until after `steady` are left out.
  std::optional<Slot> due(Micros wall, Micros steady, std::vector<Missed>& missed);
  /// When due() may have something, at the latest: a wait from now.
  Micros until_due(Micros wall, Micros steady) const;
  /// No attempt for `target` before `until` (steady clock).
  void hold(size_t target, Micros until) { targets_[target].held = until; }
  /// The slot was answered with so many records, or is given up.
  void done(const Slot& slot, uint64_t records = 0);
  /// Only with `to`: every slot of every target is done.
  bool is_finished() const;

  size_t size() const { return targets_.size(); }
  const std::string& name(size_t target) const { return targets_[target].name; }
  const std::map<std::string, TargetState>& states() const { return states_; }
  TargetState& state(size_t target) { return *targets_[target].state; }
  const TargetState& state(size_t target) const { return *targets_[target].state; }
  /// Since 1970.
  Micros begin(const Slot& slot) const;
  /// The next slot has begun: there is no use in asking for this one, unless the past can be asked.
  bool is_over(const Slot& slot, Micros wall) const;
  /// Of the first record of a slot. It has room for 2^20; a larger one takes that of the next, too.
  uint64_t position(const Slot& slot) const;
  const SlotOptions& options() const { return options_; }
  /// Asks less often from the next slot on: the budget is nearly gone.
  void stretch(Micros every) { options_.every = every; }

 private:
  struct Target {
    std::string name;
    TargetState* state;
    Micros offset{0};
    Micros held{0};
  };
  int64_t slot_at(const Target& target, Micros wall) const;
  int64_t next_slot(const Target& target) const;
  std::optional<int64_t> wanted(const Target& target, Micros wall) const;

  SlotOptions options_;
  std::map<std::string, TargetState> states_;  ///< Also of targets that are configured no more.
  std::vector<Target> targets_;
};

}  // namespace millrace::poll
