/// simulate [--seed N [--says]] | [--seeds N [--from N]] | [--broken WAY --within N] | [--twice N]
/// README.md has what is simulated. Exit 1: a seed failed; it is printed, with how to play it
/// again.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/log.h"
#include "play.h"

namespace millrace::simulation {
namespace {

struct Arguments {
  std::optional<uint64_t> seed;
  uint64_t seeds = 100, from = 1;
  uint64_t twice = 0;
  std::string broken;
  bool says = false;
};

Arguments read(int argc, char** argv) {
  Arguments arguments;
  if (const char* seed = std::getenv("MILLRACE_SIMULATION_SEED"))
    arguments.seed = std::strtoull(seed, nullptr, 10);
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--says") arguments.says = true;
    if (i + 1 == argc) break;
    const char* value = argv[i + 1];
    const uint64_t number = std::strtoull(value, nullptr, 10);
    if (name == "--seed") arguments.seed = number;
    if (name == "--seeds" || name == "--within") arguments.seeds = number;
    if (name == "--from") arguments.from = number;
    if (name == "--twice") arguments.twice = number;
    if (name == "--broken") arguments.broken = value;
  }
  return arguments;
}

bool show(uint64_t seed, const Verdict& verdict) {
  if (verdict.wrong.empty()) return true;
  std::printf("seed %lu (%s, lanes: %u): %s\n  %u lives, %lu commits;",
              static_cast<unsigned long>(seed), verdict.scenario.c_str(), verdict.lanes,
              verdict.wrong.c_str(), verdict.lives, static_cast<unsigned long>(verdict.commits));
  for (const auto& [what, times] : verdict.faults)
    std::printf(" %s x%lu,", what.c_str(), static_cast<unsigned long>(times));
  std::printf("\n  again: simulate --seed %lu --says, or MILLRACE_SIMULATION_SEED=%lu\n",
              static_cast<unsigned long>(seed), static_cast<unsigned long>(seed));
  return false;
}

/// All must keep every promise, and every kind of fault must have come up.
int play_all(Player& player, const Arguments& arguments) {
  uint64_t failed = 0, lives = 0, commits = 0;
  std::map<std::string, uint64_t> faults;
  for (uint64_t seed = arguments.from; seed < arguments.from + arguments.seeds; ++seed) {
    const Verdict verdict = player.play(seed);
    if (!show(seed, verdict) && ++failed == 10) break;
    lives += verdict.lives;
    commits += verdict.commits;
    for (const auto& [what, times] : verdict.faults) faults[what] += times;
  }
  std::printf("%lu seeds from %lu, %lu lives, %lu commits, %lu failed\n",
              static_cast<unsigned long>(arguments.seeds),
              static_cast<unsigned long>(arguments.from), static_cast<unsigned long>(lives),
              static_cast<unsigned long>(commits), static_cast<unsigned long>(failed));
  for (const auto& [what, times] : faults)
    std::printf("  %-28s %lu\n", what.c_str(), static_cast<unsigned long>(times));
  return failed ? 1 : 0;
}

/// Something is done wrong on purpose: one of the seeds must notice.
int find_broken(Player& player, const Arguments& arguments) {
  // The undisturbed runs come first: they must be right.
  for (uint64_t seed = arguments.from; seed < arguments.from + arguments.seeds; ++seed) {
    setenv("MILLRACE_BROKEN", arguments.broken.c_str(), 1);
    const Verdict verdict = player.play(seed, false, arguments.broken == "trust_cache",
                                        arguments.broken == "poll_beside");
    unsetenv("MILLRACE_BROKEN");
    if (verdict.wrong.empty()) continue;
    std::printf("%s: noticed with seed %lu of %lu (%s): %s\n", arguments.broken.c_str(),
                static_cast<unsigned long>(seed - arguments.from + 1),
                static_cast<unsigned long>(arguments.seeds), verdict.scenario.c_str(),
                verdict.wrong.c_str());
    return 0;
  }
  std::printf("%s: nobody noticed\n", arguments.broken.c_str());
  return 1;
}

int play_twice(Player& player, const Arguments& arguments) {
  for (uint64_t seed = 1; seed <= arguments.twice; ++seed) {
    const Verdict one = player.play(seed), other = player.play(seed);
    if (one.trace == other.trace && one.wrong == other.wrong) continue;
    std::printf("seed %lu does not replay\n", static_cast<unsigned long>(seed));
    return 1;
  }
  std::printf("%lu seeds came to the same twice\n", static_cast<unsigned long>(arguments.twice));
  return 0;
}

int run(int argc, char** argv) {
  const Arguments arguments = read(argc, argv);
  set_log_level(arguments.says ? LogLevel::kInfo : LogLevel::kError);
  const Scenarios scenarios;
  Player player(scenarios);
  if (arguments.twice) return play_twice(player, arguments);
  if (!arguments.broken.empty()) return find_broken(player, arguments);
  if (!arguments.seed) return play_all(player, arguments);
  const Verdict verdict = player.play(*arguments.seed, arguments.says);
  if (show(*arguments.seed, verdict))
    std::printf("seed %lu (%s): as promised\n", static_cast<unsigned long>(*arguments.seed),
                verdict.scenario.c_str());
  return verdict.wrong.empty() ? 0 : 1;
}

}  // namespace
}  // namespace millrace::simulation

int main(int argc, char** argv) { return millrace::simulation::run(argc, argv); }
