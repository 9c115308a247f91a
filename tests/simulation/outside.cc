#include "outside.h"

namespace millrace::simulation {
namespace {

Outside* current_outside = nullptr;

Error died() { return {Code::kFailed, "the simulated process is dead"}; }

StoredState changed_by(const Commit& commit, StoredState state) {
  const auto erase_if = [&](auto matches) { std::erase_if(state.blocks, matches); };
  for (const std::string& op : commit.erase_operators)
    erase_if([&](const auto& one) { return one.first.op == op; });
  for (const auto& gone : commit.erase_slices)  // No structured binding: clang 14 captures none.
    erase_if([&](const auto& one) {
      return one.first.op == gone.first && one.first.slice == gone.second;
    });
  for (const BlockId& id : commit.erase) state.blocks.erase(id);
  for (const StateBlock& block : commit.put)
    state.blocks[block.id] = std::make_shared<const std::string>(block.bytes);
  state.last = Restored{commit.epoch, commit.meta};
  return state;
}

}  // namespace

Outside::Outside() { current_outside = this; }
Outside::~Outside() { current_outside = nullptr; }
Outside& Outside::current() { return *current_outside; }

void Outside::settle(World& world) {
  if (log.unsynced) {
    // A transaction of the log is there or not: its last page decides.
    if (world.dice().chance(50)) log.synced = std::move(*log.unsynced);
    log.unsynced.reset();
  }
  for (auto& [name, file] : files) {
    if (world.lost_power() && file.bytes.size() > file.synced)
      file.bytes.resize(file.synced + world.dice().below(file.bytes.size() - file.synced + 1));
    file.synced = file.bytes.size();
  }
}

Result<void> SimulatedLog::commit(const Commit& commit) {
  World& world = World::current();
  if (!world.pass("log.write")) return died();
  if (world.fault("disk full", 1))
    return Error{Code::kFailed, "no space left on the simulated disk"};
  if (world.fault("log away", 2)) return Error{Code::kUnavailable, "the simulated log is away"};
  if (file_.synced.last && commit.epoch <= file_.synced.last->epoch)
    Outside::current().broken_promises.push_back("a commit has the number of an earlier one");
  file_.unsynced = changed_by(commit, file_.synced);
  if (!world.pass("log.sync")) return died();
  file_.synced = std::move(*file_.unsynced);
  file_.unsynced.reset();
  if (!world.pass("log.synced")) return died();
  if (world.fault("log unsure", 2))
    return Error{Code::kUnavailable, "the simulated log does not know what it did"};
  return {};
}

Result<std::optional<Restored>> SimulatedLog::last() {
  if (World::current().dead()) return died();
  return file_.synced.last;
}

Result<void> SimulatedLog::read_blocks(std::string_view op, const BlockVisitor& visit) {
  if (World::current().dead()) return died();
  const auto blocks = file_.synced.blocks;  // A commit may come beside.
  for (const auto& [id, bytes] : blocks) {
    if (id.op == op) MILLRACE_TRY(visit(id, *bytes));
  }
  return {};
}

Result<std::vector<StoredOperator>> SimulatedLog::operators() {
  if (!World::current().pass("log.operators")) return died();
  std::vector<StoredOperator> all;
  for (const auto& [id, bytes] : file_.synced.blocks) {
    if (all.empty() || all.back().op != id.op) all.push_back({id.op});
    ++all.back().blocks;
    all.back().bytes += bytes->size();
  }
  return all;
}

}  // namespace millrace::simulation
