// Taking over: which cut a start goes on from.
#include <algorithm>

#include "base/fault_point.h"
#include "base/log.h"
#include "cache/kept_log.h"
#include "cache/taken_copy.h"

namespace millrace {
namespace {

/// Builds for tests may believe the cache, to show that tests would notice.
bool trusts_the_cache() { return broken_on_purpose("trust_cache"); }

}  // namespace

Result<void> refuse_kept_elsewhere(CommitLog& log) {
  return log.read_blocks(kCutsOperator, [](const BlockId&, std::string_view) {
    return Result<void>(Error{
        Code::kFailed,
        "the state of this pipeline is kept in the cache, the commit log holds none of it: go on "
        "with \"keep\": \"cache\", or start anew with --fresh"});
  });
}

void KeptLog::clear() {
  const std::lock_guard lock(mutex_);
  blocks_.clear();
  bytes_ = 0;
  manifest_.clear();
  content_.clear();
  births_.clear();
  epoch_.reset();
  expected_.reset();
  birth_.reset();
  from_cache_ = converts_ = false;
}

void KeptLog::begin_fresh() {
  clear();
  epoch_ = 0;
}

Result<KeptLog::Cuts> KeptLog::read_cuts() {
  Cuts cuts;
  MILLRACE_TRY(below_->read_blocks(kCutsOperator,
                                   [&](const BlockId& id, std::string_view bytes) -> Result<void> {
                                     auto cut = read_cut(id, bytes);
                                     if (!cut) return cut.error();
                                     cuts[cut->epoch] = std::move(*cut);
                                     return {};
                                   }));
  cuts_.clear();
  for (const auto& [epoch, cut] : cuts) cuts_.insert(epoch);
  return cuts;
}

/// The state was kept in the log so far.
Result<KeptLog::Start> KeptLog::take_from_log(const Restored& last) {
  auto stored = below_->operators();
  if (!stored) return stored.error();
  std::vector<StateBlock> blocks;
  for (const StoredOperator& one : *stored) {
    if (is_durable_operator(one.op)) continue;
    MILLRACE_TRY(below_->read_blocks(one.op, [&](const BlockId& id, std::string_view bytes) {
      blocks.push_back({id, std::string(bytes)});
      return Result<void>();
    }));
  }
  // How old it is, nobody knows: only the beginning is old enough.
  MILLRACE_TRY(adopt(std::move(blocks), {}));
  birth_.reset();
  epoch_ = last.epoch;
  converts_ = true;
  return Start{last, true};
}

/// False: nothing there that is proven.
Result<bool> KeptLog::take_from_cache(const Cuts& cuts, uint64_t& epoch) {
  const CacheKeys keys(options_.prefix, options_.pipeline, state_id());
  auto connection = options_.connect(options_.url, options_.timeout_us);
  Result<TakenCopy> copy =
      connection ? take_copy(**connection, keys) : Result<TakenCopy>(connection.error());
  if (!copy) {
    log_info("cache: " + copy.error().message + "; the state is made again from the sources");
    return false;
  }
  const auto cut = cuts.find(trusts_the_cache() ? cuts.rbegin()->first : copy->complete_to);
  const bool proven =
      cut != cuts.end() && (trusts_the_cache() || copy_sums(copy->blocks) == cut->second.copy);
  if (!proven) {
    log_info(
        "cache: Redis does not hold what was committed; the state is made again from the "
        "sources");
    return false;
  }
  epoch = cut->first;
  MILLRACE_TRY(adopt(std::move(copy->blocks), cut->second));
  from_cache_ = true;
  return true;
}

Result<void> KeptLog::adopt(std::vector<StateBlock> blocks, const Cut& cut) {
  // Blocks of a chain in their order.
  std::sort(blocks.begin(), blocks.end(),
            [](const StateBlock& a, const StateBlock& b) { return a.id < b.id; });
  const std::lock_guard lock(mutex_);
  for (const StateBlock& block : blocks) {
    const auto since = cut.since.find(block.id.op);
    MILLRACE_TRY(put(block, since == cut.since.end() ? 1 : since->second));
  }
  birth_ = cut.epoch + 1;
  return {};
}

/// Nothing: Redis holds nothing that is proven.
Result<std::optional<KeptLog::Start>> KeptLog::start_from_cache(const Restored& last,
                                                                const Cuts& cuts) {
  uint64_t epoch = 0;
  auto taken = take_from_cache(cuts, epoch);
  if (!taken) return taken.error();
  if (!*taken) return std::optional<Start>();
  epoch_ = last.epoch;
  const bool is_last = epoch == last.epoch;
  if (is_last) birth_.reset();
  if (!is_last) expected_ = cuts.at(last.epoch).content;
  log_info("cache: the state of commit " + std::to_string(epoch) + " is taken from Redis");
  return std::optional<Start>(Start{Restored{epoch, cuts.at(epoch).meta}, is_last});
}

/// Empty state, and the sources from the cut that is old enough for all that is open. Nothing:
/// there is no such cut.
std::optional<KeptLog::Start> KeptLog::start_from_base(const Restored& last, const Cuts& cuts) {
  auto base = cuts.upper_bound(cuts.at(last.epoch).base_limit());
  if (base == cuts.begin()) return std::nullopt;
  --base;
  birth_ = base->first + 1;
  return Start{Restored{base->first, base->second.meta}, base->first == last.epoch};
}

Result<KeptLog::Start> KeptLog::take_over() {
  auto last = below_->last();
  if (!last) return last.error();
  if (!*last) {
    begin_fresh();
    return Start{std::nullopt, true};
  }
  // What reading on has led to counts only once a commit has judged it.
  if (epoch_ == (*last)->epoch && !expected_) return Start{**last, true};
  clear();
  auto cuts = read_cuts();
  if (!cuts) return cuts.error();
  if (cuts->empty()) return take_from_log(**last);
  const auto newest = cuts->find((*last)->epoch);
  if (newest == cuts->end())
    return Error{Code::kCorrupt, "the last commit has no cut; start anew with --fresh"};
  if (way_ == Way::kCache) {
    way_ = Way::kBase;
    auto start = start_from_cache(**last, *cuts);
    if (!start) return start.error();
    if (*start) return std::move(**start);
  }
  epoch_ = (*last)->epoch;
  expected_ = newest->second.content;
  if (way_ == Way::kBase) {
    way_ = Way::kBeginning;
    if (auto start = start_from_base(**last, *cuts)) return std::move(*start);
  }
  if (way_ == Way::kBeginning) {
    way_ = Way::kNone;
    birth_ = 1;
    return Start{std::nullopt, false};
  }
  epoch_.reset();
  return Error{Code::kFailed,
               "the state of the last commit cannot be made again: Redis does not hold it, and the "
               "sources, read again, do not lead to it (they, or the configuration, may have "
               "changed); start anew with --fresh"};
}

}  // namespace millrace
