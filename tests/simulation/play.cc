#include "play.h"

#include <algorithm>

#include "json/write.h"
#include "pipeline/ledger_json.h"
#include "pipeline/run.h"

namespace millrace::simulation {

namespace {

constexpr uint64_t kVariants = 8;
constexpr uint64_t kLanesMax = 3;
constexpr unsigned kLivesMax = 120;

std::map<std::string, std::string> counters_of(const Ledger& ledger) {
  std::map<std::string, std::string> out;
  for (const auto& one : ledger.sources)
    out["source " + one.name] = to_json(counters_json(one.counters));
  for (const auto& one : ledger.operators)
    out["operator " + one.name] = to_json(counters_json(one.counters));
  return out;
}

/// The first one, in words; empty: none.
std::string told(const char* what, const std::vector<std::string>& rows) {
  return rows.empty() ? "" : what + rows[0];
}

/// Rows of `some` that are not, or not so often, in `all`; both are sorted here.
std::vector<std::string> beyond(std::vector<std::string> some, std::vector<std::string> all) {
  std::sort(some.begin(), some.end());
  std::sort(all.begin(), all.end());
  std::vector<std::string> rest;
  std::set_difference(some.begin(), some.end(), all.begin(), all.end(), std::back_inserter(rest));
  return rest;
}

std::vector<std::string> distinct(std::vector<std::string> rows) {
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

template <class T>
std::string first_difference(const std::string& what, const T& is, const T& should) {
  for (const auto& [name, value] : should) {
    const auto found = is.find(name);
    if (found == is.end() || found->second != value) return what + name + " differs";
  }
  return {};
}

}  // namespace

Outcome Player::run(const Scenario& scenario, uint64_t variant, unsigned lanes, World& world,
                    Outside& outside, bool calm) {
  Outcome outcome;
  outside.logs = make_logs(variant, scenario.reads_again);
  while (!outcome.ended && outcome.lives < kLivesMax) {
    world.begin_life();
    ++outcome.lives;
    Faults faults("simulation");
    auto plan = make_plan(scenario.config, scenarios_.plugins(), faults);
    if (!plan || !*plan) {
      outcome.error = plan ? faults.text() : plan.error().message;
      break;
    }
    RunOptions options;
    options.lanes = lanes;
    options.seams.machine = &world;
    options.seams.open_local = [&]() -> Result<std::unique_ptr<CommitLog>> {
      return std::unique_ptr<CommitLog>(std::make_unique<SimulatedLog>(outside.log));
    };
    options.seams.connect_cache = [&](const RedisUrl&, int64_t) {
      return RedisDouble::connect(outside.redis);
    };
    RunResult result;
    Runner runner(scenario.config, scenarios_.plugins(), options);
    world.on_stop([&runner] { runner.stop(); });
    auto done = runner.run(std::move(**plan), result);
    world.on_stop(nullptr);
    outcome.commits += result.commits;
    outcome.ended = done && !world.dead() && result.ending == Ending::kEnded;
    outcome.error = done ? "" : done.error().message;
    world.note("end of a life", outcome.error);
    outside.settle(world);
    if (outcome.ended) outcome.counters = counters_of(result.total);
    if (calm) break;
  }
  for (auto& [name, file] : outside.files) outcome.files[name] = file.bytes;
  for (auto& [name, rows] : outside.tagged) {
    for (auto& [tag, row] : rows) outcome.tagged[name].push_back(row);
  }
  for (auto& [name, stored] : outside.marked) outcome.marked[name] = stored.rows;
  outcome.lossy = outside.lossy;
  outcome.broken_promises = outside.broken_promises;
  return outcome;
}

const Outcome& Player::undisturbed(size_t scenario, uint64_t variant) {
  const auto found = undisturbed_.find({scenario, variant});
  if (found != undisturbed_.end()) return found->second;
  World world(variant, true, false);
  Outside outside;
  return undisturbed_[{scenario, variant}] =
             run(scenarios_.all()[scenario], variant, 1, world, outside, true);
}

Verdict Player::play(uint64_t seed, bool says, bool cache, bool lanes) {
  Verdict verdict;
  Dice dice(seed ^ 0x5eed);
  size_t number = 0;
  do number = dice.below(scenarios_.all().size());
  while (cache && !scenarios_.all()[number].keeps_cache);
  const Scenario& scenario = scenarios_.all()[number];
  const uint64_t variant = dice.below(kVariants);
  verdict.lanes =
      lanes ? static_cast<unsigned>(kLanesMax) : 1 + static_cast<unsigned>(dice.below(kLanesMax));
  const Outcome& should = undisturbed(number, variant);
  verdict.scenario = scenario.name;
  World world(seed, false, says);
  Outside outside;
  const Outcome is = run(scenario, variant, verdict.lanes, world, outside, false);
  verdict.lives = is.lives;
  verdict.commits = is.commits;
  verdict.trace = world.trace();
  verdict.faults = world.faults_seen();
  std::string& wrong = verdict.wrong;
  const auto unless = [&](bool right, const std::string& what) {
    if (!right && wrong.empty()) wrong = what;
  };
  if (!should.ended || !is.ended) {
    wrong = (should.ended ? "it never ends: " + is.error : "undisturbed it fails: " + should.error);
    return verdict;
  }
  constexpr size_t kSomething = 100;
  unless(should.files.at("out").size() > kSomething, "undisturbed it comes to nothing");
  unless(is.broken_promises.empty(), is.broken_promises.empty() ? "" : is.broken_promises[0]);
  for (const std::string& difference :
       {first_difference("file ", is.files, should.files),
        first_difference("tagged ", is.tagged, should.tagged),
        first_difference("marked ", is.marked, should.marked),
        scenario.reads_again ? "" : first_difference("counters of ", is.counters, should.counters)})
    unless(difference.empty(), difference);
  const auto &often = is.lossy.at("often"), &once = is.lossy.at("once");
  const auto &all = should.lossy.at("often"), &all_once = should.lossy.at("once");
  for (const std::string& what :
       {told("at_least_once lost ", beyond(all, often)),
        told("at_least_once made up ", beyond(distinct(often), distinct(all))),
        told("at_most_once repeated, or made up ", beyond(once, all_once))})
    unless(what.empty(), what);
  return verdict;
}

}  // namespace millrace::simulation
