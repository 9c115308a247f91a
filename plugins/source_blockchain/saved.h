#pragma once

/// The plugin's snapshot, readable in `millrace state`:
/// `{"v":1,"tx_seq":…,"block_seq":…,"ticker_seq":…,"seen_us":…,"start":…,"newest_s":…,"blocks":[[HEIGHT,"HASH"],…]}`.
/// Pure.

#include <deque>
#include <string>
#include <string_view>

#include "source_blockchain/chain.h"

namespace millrace::blockchain {

struct Saved {
  uint64_t tx_seq = 0, block_seq = 0, ticker_seq = 0;
  int64_t seen_us = 0;  ///< When the last transaction came.
  int64_t start = -1;   ///< First height to put out; -1: the tip is not known yet.
  int64_t newest_s = INT64_MIN;
  std::deque<Chain::Known> blocks{};

  std::string text() const;
  /// False: `state` is not one of this plugin.
  bool read(std::string_view state);
};

}  // namespace millrace::blockchain
