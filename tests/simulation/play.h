#pragma once

/// One seed: a pipeline, lives that end in every way, and the judgement of what came out.

#include <cstdint>
#include <map>
#include <string>

#include "scenario.h"

namespace millrace::simulation {

struct Verdict {
  std::string scenario;
  unsigned lanes = 1;
  std::string wrong;  ///< Empty: all is as promised.
  unsigned lives = 0;
  uint64_t commits = 0;
  uint64_t trace = 0;  ///< Of all that happened.
  std::map<std::string, uint64_t> faults;
};

/// What came out of a run, by name of the sink.
struct Outcome {
  bool ended = false;
  std::string error;  ///< Of the last life, if it did not end.
  unsigned lives = 0;
  uint64_t commits = 0;
  std::map<std::string, std::string> files;
  std::map<std::string, std::vector<std::string>> tagged, marked, lossy;
  std::map<std::string, std::string> counters;
  std::vector<std::string> broken_promises;
};

class Player {
 public:
  explicit Player(const Scenarios& scenarios) : scenarios_(scenarios) {}
  /// `says`: prints every place that is passed. `cache`: only pipelines that keep their state
  /// there. `lanes`: more than one, always.
  Verdict play(uint64_t seed, bool says = false, bool cache = false, bool lanes = false);

 private:
  Outcome run(const Scenario& scenario, uint64_t variant, unsigned lanes, World& world,
              Outside& outside, bool calm);
  const Outcome& undisturbed(size_t scenario, uint64_t variant);

  const Scenarios& scenarios_;
  std::map<std::pair<size_t, uint64_t>, Outcome> undisturbed_;
};

}  // namespace millrace::simulation
