#pragma once

/// The WebSocket side of the service: transactions as they are seen, and word of new blocks.
/// Transactions do not resume: what came while nobody listened is reported as a gap (BC8).
/// Threads: one at a time.

#include <millrace/plugin.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/json/record_fields.h"
#include "common/websocket/ws_client.h"
#include "source_blockchain/metrics.h"
#include "source_blockchain/saved.h"
#include "source_blockchain/settings.h"

namespace millrace::blockchain {

constexpr uint32_t kTxPartition = 0;

class TxFeed {
 public:
  /// `settings`, `at` and `counts` must outlive it. It numbers transactions in `at`, notes there
  /// when the last one came, and counts gaps and messages that are no records.
  TxFeed(const context& ctx, const Settings& settings, Saved& at, Counts& counts);
  TxFeed(const TxFeed&) = delete;
  TxFeed& operator=(const TxFeed&) = delete;

  /// Takes one message, waiting for it until `until`. False: none came. Throws as WsClient::next().
  bool listen(http::Micros until, emitter& out);
  /// Whether blocks may have come since the last call: the explorer knows.
  bool take_block_news() { return std::exchange(has_block_news_, false); }
  /// Of the connections: requests, retries and the like.
  const websocket::WsCounts& counts() const { return client_.counts(); }

 private:
  using Kind = websocket::WsHooks::Kind;
  websocket::WsHooks hooks();
  std::vector<std::string> subscriptions() const;
  std::string op_of(std::string_view message);
  Kind kind_of(std::string_view message);
  void connected(bool is_first);
  void overflowed();
  void lost(std::string_view reason);
  void emit_tx(std::string_view message, emitter& out);
  void report_gap(int64_t now_us, emitter& out);

  const Settings& settings_;
  Saved& at_;
  Counts& counts_;
  json::RecordFields fields_;
  bool has_block_news_ = false;
  int64_t lost_at_us_ = 0;  ///< A gap begins here; told with the next transaction.
  std::string_view lost_reason_;
  websocket::WsClient client_;
};

}  // namespace millrace::blockchain
