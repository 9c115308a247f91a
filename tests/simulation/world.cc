#include "world.h"

#include <algorithm>
#include <cstdio>

#include "base/fault_point.h"
#include "base/hash.h"

namespace millrace::simulation {
namespace {

World* current_world = nullptr;

/// 2026-01-01T00:00:00Z.
constexpr int64_t kWallStartUs = 1'767'225'600 * kSecondUs;
constexpr unsigned kFaultsMax = 16;
constexpr const char* kLane = "lane";

void pass_fault_point(const char* name) {
  if (current_world) current_world->pass(name);
}

}  // namespace

/// While it lives, the world makes the steps of one work.
class World::Handle final : public Machine::Drive {
 public:
  Handle(World& world, Driven* driven) : world_(world), driven_(driven) {}
  ~Handle() override {
    std::erase_if(world_.driven_, [this](const auto& one) { return one.get() == driven_; });
  }

 private:
  World& world_;
  Driven* driven_;
};

World::World(uint64_t seed, bool calm, bool says)
    : seed_(seed), dice_(seed), says_(says), faults_left_(calm ? 0 : 1 + dice_.below(kFaultsMax)) {
  current_world = this;
  hear_fault_points(pass_fault_point);
}

World::~World() {
  hear_fault_points(nullptr);
  current_world = nullptr;
}

World& World::current() { return *current_world; }

int64_t World::wall_us() { return kWallStartUs + now_us_; }

std::unique_ptr<Machine::Drive> World::drive(BesideWork& work, const char* name) {
  driven_.push_back(std::make_unique<Driven>(Driven{&work, name}));
  return std::make_unique<Handle>(*this, driven_.back().get());
}

void World::begin_life() {
  constexpr uint64_t kPlacesMax = 400;
  dead_ = lost_power_ = false;
  die_in_ = faults_left_ > 0 && dice_.chance(80) ? 1 + dice_.below(kPlacesMax) : 0;
  now_us_ += static_cast<int64_t>(dice_.below(kSecondUs));
  note("life");
}

void World::note(const char* what, const std::string& more) {
  trace_ = hash_bytes(std::string(what) + more + std::to_string(now_us_) + std::to_string(trace_));
  if (says_)
    std::fprintf(stderr, "%12.6f %s%s%s %s\n", static_cast<double>(now_us_) / 1e6,
                 stepping_.empty() ? "" : stepping_.back()->name.c_str(),
                 stepping_.empty() ? "" : ": ", what, more.c_str());
}

bool World::fault(const char* what, unsigned percent) {
  if (dead_ || !dice_.chance(percent) || faults_left_ == 0) return false;
  --faults_left_;
  ++seen_[what];
  note("FAULT", what);
  return true;
}

bool World::pass(const char* place) {
  if (dead_) return false;
  now_us_ += static_cast<int64_t>(dice_.below(1'000));
  note(place);
  if (die_in_ > 0 && --die_in_ == 0) {
    dead_ = true;
    lost_power_ = dice_.chance(50);
    if (faults_left_ > 0) --faults_left_;
    ++seen_[lost_power_ ? "power failure" : "kill"];
    note(lost_power_ ? "POWER FAILURE" : "KILLED");
    return false;
  }
  let_others();
  return !dead_;
}

/// A lane may be overtaken by anybody, the cache's slow work by those who do not wait for it; steps
/// of commits and outboxes are short, and nobody's business but theirs.
bool World::overtakes(const Driven& other) const {
  if (other.stepping) return false;
  if (stepping_.empty() || stepping_.back()->name == kLane) return true;
  return stepping_.back()->name == "cache" && other.name != "cache";
}

std::vector<World::Driven*> World::ready() {
  std::vector<Driven*> all;
  for (const auto& one : driven_) {
    if (!overtakes(*one)) continue;
    const std::lock_guard lock(one->work->mutex);
    const int64_t due_us = one->work->due_us();
    if (due_us != kTimeMax && due_us <= now_us_) all.push_back(one.get());
  }
  return all;
}

void World::make_step(Driven& driven) {
  driven.stepping = true;
  stepping_.push_back(&driven);
  note("step");
  {
    Lock lock(driven.work->mutex);
    driven.work->step(lock);
  }
  stepping_.pop_back();
  driven.stepping = false;
}

void World::let_others() {
  if (!dice_.chance(40)) return;
  const std::vector<Driven*> all = ready();
  if (!all.empty()) make_step(*all[dice_.below(all.size())]);
}

int64_t World::next_due() const {
  int64_t next = kTimeMax;
  for (const auto& one : driven_) {
    if (one->stepping || one->name == kLane) continue;  // Who waits is a lane itself.
    const std::lock_guard lock(one->work->mutex);
    next = std::min(next, one->work->due_us());
  }
  return next;
}

/// Who waits lets others go on; if nobody can, time goes on.
void World::wait(Lock& lock, std::condition_variable&, int64_t until_us) {
  lock.unlock();
  if (stop_ && fault("asked to stop", 1)) stop_();
  const std::vector<Driven*> all = ready();
  if (!all.empty() && !dice_.chance(10)) {
    make_step(*all[dice_.below(all.size())]);
  } else if (const int64_t next = std::min(next_due(), until_us); next != kTimeMax) {
    now_us_ = std::max(now_us_ + 1, next);
  } else {
    std::fprintf(stderr, "seed %lu: all wait for each other, for ever\n",
                 static_cast<unsigned long>(seed_));
    std::abort();
  }
  lock.lock();
}

}  // namespace millrace::simulation
