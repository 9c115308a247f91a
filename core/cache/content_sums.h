#pragma once

/// What the state says, whatever blocks it lies in: by operator the number of live entries and the
/// sum, modulo 2^64, of a hash over (slice, key, value) of each. A replay comes to the same sums
/// with other blocks. Kept up to date by the blocks of each commit: 16 bytes per live entry.
/// Threads: one.

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "cache/cut.h"

namespace millrace {

class ContentSums {
 public:
  /// In the order of the chain. kCorrupt: no block.
  Result<void> put(const BlockId& id, std::string_view bytes);
  /// Nothing of that chain is left.
  void drop_chain(const BlockId& id);
  /// By operator; those without entries are gone.
  const SumsByOperator& sums() const { return sums_; }
  void clear();

 private:
  struct Chain {
    std::string op;
    int64_t slice;
    uint8_t shard;
    auto operator<=>(const Chain&) const = default;
  };
  struct Entry {
    uint64_t key = 0;
    uint64_t whole = 0;
    bool live = false;
  };
  void forget(const std::string& op, Entry& entry);

  std::map<Chain, std::vector<Entry>> chains_;  ///< By ordinal.
  SumsByOperator sums_;
};

}  // namespace millrace
