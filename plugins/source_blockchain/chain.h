#pragma once

/// The chain of blocks as it was put out (BC7): the last 144, so that a reorganisation is seen as
/// what it is. Blocks are taken by height, one after the other; one whose parent is not the last
/// block makes that one an orphan. Pure. Threads: one.

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::blockchain {

struct Block {
  int64_t height = 0;
  std::string hash, previous;
  int64_t time_s = 0;
  bool is_main = false;  ///< What the service says of it.
  std::string value{};   ///< As it is put out.
};

class Chain {
 public:
  struct Known {
    int64_t height;
    std::string hash;
  };

  /// The next height to ask for. `tip`: of the service.
  std::optional<int64_t> wanted(int64_t tip_height) const;
  /// What the service holds at the tip. Blocks that were put out and lost against a chain at least
  /// as long are returned, newest first; they are known no more.
  std::vector<Known> saw_tip(int64_t height, const std::string& hash);
  /// Nothing was put out, and the service is further behind the place to begin than any
  /// reorganisation reaches: the height that it told at the start was none.
  bool starts_in_the_void(int64_t tip_height) const;

  struct Step {
    std::optional<Block> block;   ///< To put out.
    std::optional<Known> orphan;  ///< To put out before: the height must be asked for again.
  };
  /// All blocks that the service has at wanted(). Neither: none of them fits (asked again later).
  Step take(std::vector<Block> blocks);

  /// Where to begin if nothing is known.
  void start_at(int64_t height) { start_ = height; }
  int64_t start() const { return start_; }
  bool is_empty() const { return known_.empty(); }
  /// Largest time so far: the event time of the next record is at least this (BC9). What the 32
  /// bits of a header cannot hold is no time, and moves nothing.
  int64_t event_time_s(int64_t time_s) {
    if (time_s >= 0 && time_s <= UINT32_MAX) newest_s_ = std::max(newest_s_, time_s);
    return newest_s_;
  }
  int64_t newest_s() const { return newest_s_; }

  const std::deque<Known>& known() const { return known_; }
  void restore(std::deque<Known> known, int64_t newest_s);

 private:
  Known pop();
  std::deque<Known> known_;        ///< By height, oldest first.
  std::set<std::string> orphans_;  ///< Never chosen again among several at a height.
  int64_t start_ = 0;
  int64_t newest_s_ = INT64_MIN;
};

}  // namespace millrace::blockchain
