#include "source_blockchain/chain.h"

#include <algorithm>

namespace millrace::blockchain {
namespace {

constexpr size_t kDepth = 144;  // A day.

}  // namespace

std::optional<int64_t> Chain::wanted(int64_t tip_height) const {
  const int64_t next = known_.empty() ? start_ : known_.back().height + 1;
  if (next > tip_height) return std::nullopt;
  return next;
}

std::vector<Chain::Known> Chain::saw_tip(int64_t height, const std::string& hash) {
  std::vector<Known> lost;
  const bool is_known =
      std::any_of(known_.begin(), known_.end(), [&](const Known& one) { return one.hash == hash; });
  // A shorter chain may be a node that lags behind: only one at least as long has won.
  if (known_.empty() || is_known || height < known_.back().height) return lost;
  while (!known_.empty() && known_.back().height >= height) lost.push_back(pop());
  return lost;
}

bool Chain::starts_in_the_void(int64_t tip_height) const {
  return known_.empty() && tip_height < start_ - static_cast<int64_t>(kDepth);
}

Chain::Known Chain::pop() {
  Known last = std::move(known_.back());
  known_.pop_back();
  orphans_.insert(last.hash);
  start_ = last.height;
  return last;
}

Chain::Step Chain::take(std::vector<Block> blocks) {
  std::erase_if(
      blocks, [&](const Block& block) { return orphans_.contains(block.hash) && !block.is_main; });
  const auto best = [&](auto fits) -> Block* {
    Block* found = nullptr;
    for (Block& block : blocks) {
      if (fits(block) && (!found || (block.is_main && !found->is_main))) found = &block;
    }
    return found;
  };
  Step step;
  Block* child = best(
      [&](const Block& block) { return known_.empty() || block.previous == known_.back().hash; });
  if (!child && !blocks.empty() && !known_.empty()) {
    step.orphan = pop();
    return step;
  }
  if (!child) return step;
  orphans_.erase(child->hash);
  known_.push_back({child->height, child->hash});
  if (known_.size() > kDepth) known_.pop_front();
  if (orphans_.size() > kDepth) orphans_.clear();
  step.block = std::move(*child);
  return step;
}

void Chain::restore(std::deque<Known> known, int64_t newest_s) {
  known_ = std::move(known);
  newest_s_ = newest_s;
}

}  // namespace millrace::blockchain
