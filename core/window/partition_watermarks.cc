#include "window/partition_watermarks.h"

#include <algorithm>

#include "base/assert.h"

namespace millrace {
namespace {

using What = PartitionEvent::What;

/// How often the clock moves W: often enough for windows of seconds, too seldom to cost anything.
constexpr int64_t kClockStepUs = 500'000;

}  // namespace

EventTime PartitionWatermarks::max_time() const {
  EventTime out = kTimeNone;
  for (const auto& [number, p] : partitions_) out = std::max(out, p.mark.max_time());
  return out;
}

PartitionWatermarks::Partition& PartitionWatermarks::make(uint32_t number) {
  const auto [place, fresh] = partitions_.try_emplace(number);
  if (!fresh) return place->second;
  place->second.number = number;
  place->second.mark = Watermark(rules_.out_of_orderness_us);
  slowest_ = kTimeNone;
  last_ = nullptr;
  return place->second;
}

PartitionWatermarks::Partition& PartitionWatermarks::of_record(uint32_t number) {
  if (last_ && last_number_ == number) return *last_;
  const auto announced = partitions_.find(number);
  last_ = announced != partitions_.end() ? &announced->second : &make(0);
  last_number_ = number;
  return *last_;
}

void PartitionWatermarks::observe(uint32_t partition, EventTime t) {
  Partition& p = of_record(partition);
  p.proven_us = kNotProven;
  clock_since_us_ = kNotProven;
  if (t == kTimeNone) return;
  const EventTime before = p.mark.now();
  p.mark.observe(t);
  progressed(p, before);
}

void PartitionWatermarks::observe_all(std::span<const EventTime> times, const uint32_t* partitions,
                                      std::span<EventTime> before, std::vector<uint8_t>& behind) {
  MILLRACE_ASSERT(before.size() == times.size() + 1);
  for (size_t i = 0; i < times.size(); ++i) {
    before[i] = w_;
    observe(partitions ? partitions[i] : 0, times[i]);
    if (last_->state != State::kBehind) continue;
    behind.resize(times.size());
    behind[i] = 1;
  }
  before[times.size()] = w_;
}

/// `p` came from `before` to where it is.
void PartitionWatermarks::progressed(Partition& p, EventTime before) {
  if (p.state == State::kActive) {
    if (before > slowest_ || p.mark.now() == before) return;
  } else if (p.state == State::kUnknown || p.mark.now() >= w_) {
    p.state = State::kActive;
  } else {
    const bool held = p.state == State::kUnproven;
    p.state = State::kBehind;
    return held ? recount() : void();
  }
  if (partitions_.size() > 1) return recount();
  slowest_ = p.mark.now();
  w_ = std::max(w_, slowest_);
}

void PartitionWatermarks::recount() {
  bool any = false;
  slowest_ = kTimeMax;
  for (const auto& [number, p] : partitions_) {
    if (!counts(p)) continue;
    any = true;
    slowest_ = std::min(slowest_, p.mark.now());
  }
  if (any) w_ = std::max(w_, slowest_);
}

void PartitionWatermarks::lose_proof(Partition& p) {
  p.proven_us = kNotProven;
  if (p.state == State::kIdle) p.state = State::kUnproven;
}

void PartitionWatermarks::take(const PartitionEvent& event, int64_t now_us) {
  if (event.what == What::kProofLost) {
    for (auto& [number, p] : partitions_) lose_proof(p);
    clock_since_us_ = kNotProven;
    return recount();
  }
  if (event.what == What::kRevoked) {
    partitions_.erase(event.partition);
    last_ = nullptr;
    return recount();
  }
  Partition& p = event.what == What::kAssigned ? make(event.partition) : of_record(event.partition);
  switch (event.what) {
    case What::kAssigned:
      // Known from before a restart: as it was. Its file may have grown behind the end.
      if (p.state == State::kEnded)
        p.state = p.mark.now() == kTimeNone ? State::kUnknown : State::kActive;
      lose_proof(p);
      clock_since_us_ = kNotProven;
      break;
    case What::kAtEnd:
      if (rules_.bounded) p.state = State::kEnded;
      if (p.proven_us == kNotProven) p.proven_us = now_us;
      break;
    case What::kWatermark: {
      const EventTime before = p.mark.now();
      p.mark.raise(event.watermark);
      return progressed(p, before);
    }
    default: return;
  }
  recount();
}

bool PartitionWatermarks::all_proven_idle() const {
  return !partitions_.empty() &&
         std::all_of(partitions_.begin(), partitions_.end(), [](const auto& entry) {
           return entry.second.state == State::kIdle && entry.second.proven_us != kNotProven;
         });
}

void PartitionWatermarks::tick(int64_t now_us) {
  ticked_us_ = now_us;
  for (auto& [number, p] : partitions_) {
    const bool proven = p.proven_us != kNotProven && rules_.idle_timeout_us != kTimeMax;
    if (!proven || p.state == State::kEnded) continue;
    if (now_us >= saturating_add(p.proven_us, rules_.idle_timeout_us)) p.state = State::kIdle;
  }
  recount();
  if (!rules_.clock_when_all_idle || w_ == kTimeNone || !all_proven_idle()) return;
  if (clock_since_us_ == kNotProven) {
    clock_from_ = w_;
    for (const auto& [number, p] : partitions_) {
      clock_since_us_ =
          std::max(clock_since_us_, saturating_add(p.proven_us, rules_.idle_timeout_us));
    }
  }
  const EventTime moved = saturating_add(clock_from_, now_us - clock_since_us_);
  w_ = std::max(w_, std::min(moved, saturating_sub(now_us, rules_.out_of_orderness_us)));
}

int64_t PartitionWatermarks::next_tick() const {
  if (rules_.idle_timeout_us == kTimeMax) return kTimeMax;
  int64_t next = kTimeMax;
  for (const auto& [number, p] : partitions_) {
    if (p.proven_us == kNotProven || p.state == State::kIdle || p.state == State::kEnded) continue;
    next = std::min(next, saturating_add(p.proven_us, rules_.idle_timeout_us));
  }
  const bool clock = rules_.clock_when_all_idle && w_ != kTimeNone && all_proven_idle();
  // Not ticked in this run: at once.
  return clock ? std::min(next,
                          ticked_us_ == kNotProven ? 0 : saturating_add(ticked_us_, kClockStepUs))
               : next;
}

bool PartitionWatermarks::all_idle() const {
  return !partitions_.empty() &&
         std::none_of(partitions_.begin(), partitions_.end(),
                      [](const auto& entry) { return counts(entry.second); });
}

const PartitionWatermarks::Partition* PartitionWatermarks::holder() const {
  const Partition* slowest = nullptr;
  for (const auto& [number, p] : partitions_) {
    if (counts(p) && (!slowest || p.mark.now() < slowest->mark.now())) slowest = &p;
  }
  return slowest;
}

void PartitionWatermarks::restore(EventTime w, std::vector<Partition> partitions,
                                  int64_t clock_since_us, EventTime clock_from) {
  partitions_.clear();
  last_ = nullptr;
  w_ = w;
  clock_since_us_ = clock_since_us;
  clock_from_ = clock_from;
  for (Partition& p : partitions) {
    const EventTime max_time = p.mark.max_time(), now = p.mark.now();
    p.mark = Watermark(rules_.out_of_orderness_us);
    p.mark.restore(max_time, now);
    partitions_[p.number] = p;
  }
  recount();
}

}  // namespace millrace
