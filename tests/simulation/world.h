#pragma once

/// The machine of a simulation, and what may happen to it: one thread, a clock that moves when
/// somebody acts, and dice that decide whose step is next and what goes wrong. README.md has the
/// rules.
///
/// Everything that has an effect outside of the engine's memory passes a place of the world first
/// (`pass`). At each of them time goes by, others may make steps, and the process may die: from
/// then on nothing has an effect any more, and the engine's own error paths take it down.
/// Threads: one. One world at a time is the current one.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/machine.h"
#include "base/time.h"
#include "dice.h"

namespace millrace::simulation {

class World final : public Machine {
 public:
  /// `calm`: nothing goes wrong, ever.
  World(uint64_t seed, bool calm, bool says);
  ~World() override;
  static World& current();

  int64_t monotonic_us() override { return now_us_; }
  int64_t wall_us() override;
  int64_t thread_cpu_us() override { return now_us_; }
  std::unique_ptr<Drive> drive(BesideWork& work, const char* name) override;
  void wait(Lock& lock, std::condition_variable& changed, int64_t until_us) override;

  /// Somebody may ask the process to stop, as SIGTERM does.
  void on_stop(std::function<void()> stop) { stop_ = std::move(stop); }
  /// A process begins; it may be told when to die.
  void begin_life();
  bool dead() const { return dead_; }
  /// The machine lost its power, not just the process its life: what was not synced may be gone.
  bool lost_power() const { return lost_power_; }
  /// False: the process is dead, and what was to be done here is not done.
  bool pass(const char* place);
  /// True: here `what` goes wrong, with that likelihood. Never after all faults of a seed are
  /// spent.
  bool fault(const char* what, unsigned percent);
  Dice& dice() { return dice_; }

  void note(const char* what, const std::string& more = {});
  /// Of all that happened; the same for the same seed.
  uint64_t trace() const { return trace_; }
  const std::map<std::string, uint64_t>& faults_seen() const { return seen_; }

 private:
  struct Driven {
    BesideWork* work;
    std::string name;
    bool stepping = false;
  };
  class Handle;
  friend class Handle;

  std::vector<Driven*> ready();
  bool overtakes(const Driven& other) const;
  void make_step(Driven& driven);
  void let_others();
  int64_t next_due() const;

  const uint64_t seed_;
  Dice dice_;
  const bool says_;
  int64_t now_us_ = kSecondUs;
  unsigned faults_left_;
  uint64_t die_in_ = 0;  ///< Places until the process dies; 0: it does not.
  bool dead_ = false, lost_power_ = false;
  std::vector<std::unique_ptr<Driven>> driven_;
  std::vector<Driven*> stepping_;  ///< Innermost last.
  std::function<void()> stop_;
  uint64_t trace_ = 0;
  std::map<std::string, uint64_t> seen_;
};

}  // namespace millrace::simulation
