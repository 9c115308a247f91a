#include "cache/kept_log.h"

#include <algorithm>
#include <utility>

namespace millrace {
namespace {

/// An operator may keep several kinds of blocks, named `OP` and `OP/KIND`.
std::string owner_of(const std::string& op) { return op.substr(0, op.find('/')); }

}  // namespace

KeptLog::KeptLog(std::unique_ptr<CommitLog> below, Options options)
    : below_(std::move(below)), options_(std::move(options)) {}

Result<void> KeptLog::read_blocks(std::string_view op, const BlockVisitor& visit) {
  if (is_durable_operator(op)) return below_->read_blocks(op, visit);
  std::vector<std::pair<BlockId, std::shared_ptr<const std::string>>> found;
  {
    const std::lock_guard lock(mutex_);
    for (const BlockId& id : ids(std::string(op), std::nullopt))
      found.emplace_back(id, blocks_.at(id));
  }
  for (const auto& [id, bytes] : found) MILLRACE_TRY(visit(id, *bytes));
  return {};
}

Result<std::vector<StoredOperator>> KeptLog::operators() {
  auto stored = below_->operators();
  if (!stored) return stored;
  std::map<std::string, StoredOperator> by_name;
  for (StoredOperator& one : *stored) by_name[one.op] = std::move(one);
  const std::lock_guard lock(mutex_);
  for (const auto& [id, bytes] : blocks_) {
    StoredOperator& one = by_name.try_emplace(id.op, StoredOperator{id.op}).first->second;
    if (converts_) continue;  // The log below has told them.
    ++one.blocks;
    one.bytes += bytes->size();
  }
  std::vector<StoredOperator> all;
  for (auto& [name, one] : by_name) all.push_back(std::move(one));
  return all;
}

std::vector<BlockId> KeptLog::ids(const std::string& op, std::optional<int64_t> slice) const {
  std::vector<BlockId> found;
  const int64_t first = slice.value_or(INT64_MIN);
  for (auto at = blocks_.lower_bound({op, first, 0, 0}); at != blocks_.end(); ++at) {
    if (at->first.op != op || (slice && at->first.slice != *slice)) break;
    found.push_back(at->first);
  }
  return found;
}

/// Under the mutex, as put().
void KeptLog::erase(const BlockId& id) {
  const auto found = blocks_.find(id);
  if (found == blocks_.end()) return;
  bytes_ -= found->second->size();
  blocks_.erase(found);
  manifest_.erase(id);
  const auto of_chain = blocks_.lower_bound({id.op, id.slice, id.shard, 0});
  const auto is_in = [&](auto at) {
    return at != blocks_.end() && at->first.op == id.op && at->first.slice == id.slice;
  };
  if (!is_in(of_chain) || of_chain->first.shard != id.shard) content_.drop_chain(id);
  if (!is_in(blocks_.lower_bound({id.op, id.slice, 0, 0}))) births_.erase({id.op, id.slice});
}

Result<void> KeptLog::put(const StateBlock& block, uint64_t birth) {
  MILLRACE_TRY(manifest_.put(block.id, block.bytes));
  MILLRACE_TRY(content_.put(block.id, block.bytes));
  std::shared_ptr<const std::string>& place = blocks_[block.id];
  bytes_ += block.bytes.size() - (place ? place->size() : 0);
  place = std::make_shared<const std::string>(block.bytes);
  births_.try_emplace({block.id.op, block.id.slice}, birth);
  return {};
}

std::map<std::string, uint64_t> KeptLog::since() const {
  std::map<std::string, uint64_t> first;
  for (const auto& [place, birth] : births_) {
    uint64_t& oldest = first.try_emplace(place.first, birth).first->second;
    oldest = std::min(oldest, birth);
  }
  return first;
}

Result<void> KeptLog::apply(const Commit& commit) {
  const auto before = since();
  // What comes from another operator may come from all that is open there.
  const auto birth_of = [&](const std::string& op) {
    uint64_t birth = birth_.value_or(commit.epoch);
    const auto above = upstream_.find(owner_of(op));
    if (above == upstream_.end()) return birth;
    for (const auto& [other, first] : before) {
      if (above->second.contains(owner_of(other))) birth = std::min(birth, first);
    }
    return birth;
  };
  std::map<std::string, uint64_t> births;
  const std::lock_guard lock(mutex_);
  for (const std::string& op : commit.erase_operators) {
    for (const BlockId& id : ids(op, std::nullopt)) erase(id);
  }
  for (const auto& [op, slice] : commit.erase_slices) {
    for (const BlockId& id : ids(op, slice)) erase(id);
  }
  // A base replaces its chain in the same commit: births and contents go on.
  std::vector<const StateBlock*> puts;
  for (const StateBlock& block : commit.put) {
    if (!is_durable_operator(block.id.op)) puts.push_back(&block);
  }
  std::set<BlockId> put_ids;
  for (const StateBlock* block : puts) {
    put_ids.insert(block->id);
    const auto birth = births.try_emplace(block->id.op, 0);
    if (birth.second) birth.first->second = birth_of(block->id.op);
    MILLRACE_TRY(put(*block, birth.first->second));
  }
  for (const BlockId& id : commit.erase) {
    if (!put_ids.contains(id)) erase(id);
  }
  return {};
}

/// Operators whose state was dropped on purpose do not count.
bool KeptLog::came_to_expected(const Commit& commit) const {
  if (!expected_) return true;
  SumsByOperator expected = *expected_, found = content_.sums();
  for (const std::string& op : commit.erase_operators) {
    expected.erase(op);
    found.erase(op);
  }
  return expected == found;
}

Cut KeptLog::cut_of(const Commit& commit) const {
  return {commit.epoch, commit.meta, manifest_.sums(), content_.sums(), since()};
}

/// Cuts older than the base, and of old ones every second if they are many.
std::vector<uint64_t> KeptLog::superfluous_cuts(uint64_t base_limit) const {
  constexpr size_t kNewest = 32, kOld = 32;
  std::vector<uint64_t> out;
  auto base = cuts_.upper_bound(base_limit);
  if (base != cuts_.begin()) --base;
  for (auto at = cuts_.begin(); at != base; ++at) out.push_back(*at);
  const auto left = static_cast<size_t>(std::distance(base, cuts_.end()));
  if (left <= kNewest + kOld) return out;
  size_t place = 0;
  for (auto at = base; place + kNewest < left; ++at, ++place) {
    if (place % 2 == 1) out.push_back(*at);
  }
  return out;
}

Result<Commit> KeptLog::durable_part(const Commit& commit, const Cut& cut) {
  Commit durable;
  durable.epoch = commit.epoch;
  durable.erase = commit.erase;
  durable.erase_slices = commit.erase_slices;
  durable.erase_operators = commit.erase_operators;
  durable.meta = commit.meta;
  durable.positions = commit.positions;
  for (const StateBlock& block : commit.put) {
    if (is_durable_operator(block.id.op)) durable.put.push_back(block);
  }
  if (converts_) {
    auto stored = below_->operators();
    if (!stored) return stored.error();
    for (const StoredOperator& one : *stored) {
      if (!is_durable_operator(one.op)) durable.erase_operators.push_back(one.op);
    }
  }
  for (const uint64_t old : superfluous_cuts(cut.base_limit()))
    durable.erase_slices.emplace_back(kCutsOperator, static_cast<int64_t>(old));
  durable.put.push_back(write_cut(cut));
  return durable;
}

Result<void> KeptLog::commit(const Commit& commit) {
  // From here on memory is ahead of the last commit; a failure leaves it to the next take_over().
  const std::optional<uint64_t> before = std::exchange(epoch_, std::nullopt);
  if (!before) return Error{Code::kFailed, "the state of the last commit was not taken over"};
  MILLRACE_TRY(apply(commit));
  if (!came_to_expected(commit)) {
    return Error{
        Code::kUnavailable,
        "reading the sources on from an older commit did not come to the state of the last "
        "one"};
  }
  const auto& dropped = commit.erase_operators;
  if (std::find(dropped.begin(), dropped.end(), kCutsOperator) != dropped.end()) cuts_.clear();
  const Cut cut = cut_of(commit);
  const auto superfluous = superfluous_cuts(cut.base_limit());
  auto durable = durable_part(commit, cut);
  if (!durable) return durable.error();
  MILLRACE_TRY(below_->commit(*durable));
  for (const uint64_t old : superfluous) cuts_.erase(old);
  cuts_.insert(commit.epoch);
  epoch_ = commit.epoch;
  converts_ = false;
  expected_.reset();
  birth_.reset();
  way_ = Way::kCache;
  return {};
}

}  // namespace millrace
