#pragma once

/// A commit that a restart under `keep: "cache"` can go on from; README.md says what for. Kept in
/// the commit log as a block of operator `@cuts`, whose slice is the commit's number. Pure.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "state/manifest.h"

namespace millrace {

inline constexpr std::string_view kCutsOperator = "@cuts";
/// Blocks of these are kept in the log, whatever is kept elsewhere: outboxes, cuts.
inline bool is_durable_operator(std::string_view op) { return op.starts_with('@'); }

struct Cut {
  uint64_t epoch = 0;
  std::string meta;                       ///< Of the commit.
  SumsByOperator copy;                    ///< Of the blocks.
  SumsByOperator content;                 ///< Of what they say.
  std::map<std::string, uint64_t> since;  ///< First commit that contributed to what is open.

  /// The last commit that is older than every contribution.
  uint64_t base_limit() const;
};

StateBlock write_cut(const Cut& cut);
/// kCorrupt, kFailed: as a block.
Result<Cut> read_cut(const BlockId& id, std::string_view bytes);

}  // namespace millrace
