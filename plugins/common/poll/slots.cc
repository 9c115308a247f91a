#include "common/poll/slots.h"

#include <algorithm>

#include "common/text/stable_hash.h"

namespace millrace::poll {
namespace {

constexpr uint64_t kRecordsOfSlot = 1 << 20;

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

void Slots::restore(const std::string& name, TargetState state) {
  states_[name] = std::move(state);
}

void Slots::set_targets(const std::vector<std::string>& names, Micros wall) {
  uint32_t next_partition = 0;
  for (const auto& [name, state] : states_) {
    next_partition = std::max(next_partition, state.partition + 1);
  }
  std::vector<Target> targets;
  for (const std::string& name : names) {
    Target target{name, nullptr};
    const auto every = static_cast<uint64_t>(options_.every.count());
    if (options_.spread)
      target.offset = Micros(static_cast<int64_t>(text::stable_hash(name) % every));
    const auto [at, is_new] = states_.try_emplace(name);
    target.state = &at->second;
    if (is_new) {
      target.state->partition = next_partition++;
      const int64_t first = slot_at(target, options_.from.value_or(wall));
      target.state->done_us = (target.offset + first * options_.every).count();
      target.state->position = static_cast<uint64_t>(std::max<int64_t>(first - 1, 0));
    }
    const auto known = std::find_if(targets_.begin(), targets_.end(),
                                    [&](const Target& other) { return other.name == name; });
    if (known != targets_.end()) target.held = known->held;
    targets.push_back(std::move(target));
  }
  targets_ = std::move(targets);
}

int64_t Slots::slot_at(const Target& target, Micros wall) const {
  return floor_div((wall - target.offset).count(), options_.every.count());
}

/// The first slot that begins where the last one ended, or after it.
int64_t Slots::next_slot(const Target& target) const {
  const int64_t every = options_.every.count();
  return floor_div(target.state->done_us - target.offset.count() + every - 1, every);
}

Micros Slots::begin(const Slot& slot) const {
  return targets_[slot.target].offset + slot.number * options_.every;
}

/// The next slot of a target if it has begun.
std::optional<int64_t> Slots::wanted(const Target& target, Micros wall) const {
  const int64_t now = slot_at(target, wall), next = next_slot(target);
  const int64_t slot = options_.catch_up ? next : std::max(next, now);
  if (slot > now) return std::nullopt;
  if (options_.to && target.offset + slot * options_.every >= *options_.to) return std::nullopt;
  return slot;
}

std::optional<Slots::Slot> Slots::due(Micros wall, Micros steady, std::vector<Missed>& missed) {
  std::optional<Slot> first;
  for (size_t i = 0; i < targets_.size(); ++i) {
    const Target& target = targets_[i];
    const auto slot = wanted(target, wall);
    if (!slot || target.held > steady) continue;
    const Slot found{i, *slot};
    if (!first || begin(found) < begin(*first)) first = found;
  }
  if (!first) return first;
  const int64_t next = next_slot(targets_[first->target]);
  if (next < first->number) {
    missed.push_back({first->target, next, first->number, position({first->target, next})});
    state(first->target).position += static_cast<uint64_t>(first->number - next);
    state(first->target).done_us = begin(*first).count();
  }
  return first;
}

Micros Slots::until_due(Micros wall, Micros steady) const {
  Micros least = Micros::max();
  for (const Target& target : targets_) {
    const int64_t next = std::max(next_slot(target), slot_at(target, wall));
    const Micros begins = target.offset + next * options_.every;
    if (options_.to && begins >= *options_.to) continue;
    const Micros slot_wait = std::max(begins - wall, Micros(0));
    least = std::min(least, std::max(slot_wait, target.held - steady));
  }
  return std::max(least, Micros(0));
}

void Slots::done(const Slot& slot, uint64_t records) {
  TargetState& of = state(slot.target);
  of.done_us = std::max(of.done_us, begin({slot.target, slot.number + 1}).count());
  of.position += std::max<uint64_t>((records + kRecordsOfSlot - 1) / kRecordsOfSlot, 1);
  targets_[slot.target].held = Micros(0);
}

bool Slots::is_finished() const {
  if (!options_.to) return false;
  return std::all_of(targets_.begin(), targets_.end(), [&](const Target& target) {
    return target.offset + next_slot(target) * options_.every >= *options_.to;
  });
}

bool Slots::is_over(const Slot& slot, Micros wall) const {
  return !options_.catch_up && wall >= begin({slot.target, slot.number + 1});
}

uint64_t Slots::position(const Slot& slot) const {
  return (state(slot.target).position + 1) * kRecordsOfSlot;
}

}  // namespace millrace::poll
