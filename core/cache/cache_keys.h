#pragma once

/// Names of keys and fields; README.md is the page. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "state/block.h"

namespace millrace {

/// Of the state of one task of a pipeline; under the local log there is one, 0.
class CacheKeys {
 public:
  CacheKeys(const std::string& prefix, const std::string& pipeline, const std::string& state_id,
            int32_t task = 0);
  const std::string& root() const { return root_; }
  std::string meta() const { return root_ + ":meta"; }
  std::string chains() const { return root_ + ":chains"; }
  std::string chain(const BlockId& id) const;
  /// Matches the meta keys of every state of a pipeline.
  static std::string meta_pattern(const std::string& prefix, const std::string& pipeline);

 private:
  std::string root_;
};

/// Whose a meta key is; nothing: it is none of a pipeline of that name.
struct StateName {
  std::string state_id;
  int32_t task = 0;
};
std::optional<StateName> state_of(std::string_view meta_key);

/// What a field of the meta key begins with that is the sum of an operator's blocks.
inline constexpr std::string_view kManifestField = "m:";

/// `b7` or `d9`.
std::string block_field(const BlockId& id, bool base);
/// The operator's name in the key of a chain; empty: it is none.
std::string_view operator_of(std::string_view chain_key, std::string_view root);

}  // namespace millrace
