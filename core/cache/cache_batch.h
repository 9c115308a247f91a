#pragma once

/// Changes on their way to Redis: collected into calls of one script, which checks the fence and
/// then writes. Threads: one.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cache/cache_connection.h"
#include "cache/cache_keys.h"

namespace millrace {

class CacheBatch {
 public:
  /// `owner`: the fence. `begun`: this state was written before, so a copy without an owner has
  /// lost what was there.
  CacheBatch(CacheConnection& connection, const CacheKeys& keys, uint64_t owner, bool begun);

  // Each may send what was collected. kCancelled: the fence; kUnavailable: the copy was lost, or
  // the connection; kFailed: what Redis says.
  /// `bytes` are lent until the next finish().
  Result<void> put(const BlockId& id, bool base, std::string_view bytes);
  Result<void> erase(const BlockId& id, bool base);
  Result<void> drop_chain(const std::string& key);
  /// It lives as long from now on as if it had been written.
  Result<void> keep_chain(const std::string& key);
  Result<void> set_meta(const std::string& field, const std::string& value);
  Result<void> drop_meta(const std::string& field);
  /// What follows is sent in one call, however much it is.
  void keep_together() { together_ = true; }
  /// Sends what is left.
  Result<void> finish();

 private:
  void own(std::string word);
  Result<void> count(uint64_t bytes);

  CacheConnection& connection_;
  const CacheKeys& keys_;
  std::string owner_;
  bool begun_, together_ = false;
  std::deque<std::string> owned_;        ///< What some of words_ look at.
  std::vector<std::string_view> words_;  ///< Of the next call.
  uint64_t changes_ = 0, bytes_ = 0;
};

}  // namespace millrace
