#pragma once

/// What a copy of the state must hold, so that a missing or foreign block shows: without it a cache
/// miss cannot be told from "no state". Threads: one.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "state/block.h"
#include "state/commit_log.h"

namespace millrace {

/// Additive, so that a commit changes it without reading what stays.
struct ManifestSum {
  uint64_t blocks = 0, entries = 0, checksum = 0;
  void add(const ManifestSum& other);
  void remove(const ManifestSum& other);
  bool operator==(const ManifestSum&) const = default;
  std::string to_text() const;
};
ManifestSum parse_manifest_sum(const std::string& text);
/// Of one block; kCorrupt if the bytes are none.
Result<ManifestSum> sum_of_block(std::string_view bytes);

using SumsByOperator = std::map<std::string, ManifestSum>;
void append_sums(std::string& out, const SumsByOperator& sums);
/// What append_sums() wrote; anything else leaves `in` failed.
SumsByOperator read_sums(ByteReader& in);

class Manifest {
 public:
  /// `bytes`: of a block that was just written, or read and proven.
  Result<void> put(const BlockId& id, std::string_view bytes);
  void erase(const BlockId& id);
  /// As the log does it: erasures first, then puts. kCorrupt: a block is none.
  Result<void> apply(const Commit& commit);
  /// True if the block is there; `base`: as it was put.
  bool find(const BlockId& id, bool& base) const;
  /// All ids of a slice, or of an operator.
  std::vector<BlockId> of_slice(const std::string& op, int64_t slice) const;
  std::vector<BlockId> of_operator(const std::string& op) const;
  /// By operator; those without blocks are gone.
  const SumsByOperator& sums() const { return sums_; }
  void clear();

 private:
  struct Entry {
    ManifestSum sum;
    bool base;
  };
  std::map<BlockId, Entry> blocks_;
  SumsByOperator sums_;
};

/// Of all blocks of a log. kCorrupt: one of them is none.
Result<Manifest> manifest_of(CommitLog& log);

}  // namespace millrace
