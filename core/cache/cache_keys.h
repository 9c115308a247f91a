#pragma once

/// Names of keys and fields; README.md is the page. Pure.

#include <string>
#include <string_view>

#include "state/block.h"

namespace millrace {

/// Of one pipeline's state.
class CacheKeys {
 public:
  CacheKeys(const std::string& prefix, const std::string& pipeline, const std::string& state_id);
  const std::string& root() const { return root_; }
  std::string meta() const { return root_ + ":meta"; }
  std::string chains() const { return root_ + ":chains"; }
  std::string chain(const BlockId& id) const;
  /// Matches the meta keys of every state of a pipeline.
  static std::string meta_pattern(const std::string& prefix, const std::string& pipeline);

 private:
  std::string root_;
};

/// `b7` or `d9`.
std::string block_field(const BlockId& id, bool base);
/// The operator's name in the key of a chain; empty: it is none.
std::string_view operator_of(std::string_view chain_key, std::string_view root);

}  // namespace millrace
