#pragma once

/// The REST side of the service: blocks by height, and prices. One request at a time, at the pace
/// that the service allows (BC6). What was asked is asked again until it is answered. Threads: one;
/// wake() from any.

#include <optional>
#include <string>
#include <vector>

#include "common/http/exchange.h"
#include "common/http/patience.h"
#include "source_blockchain/chain.h"
#include "source_blockchain/settings.h"

namespace millrace::blockchain {

struct Tip {
  int64_t height;
  std::string hash;
};

class Explorer {
 public:
  Explorer(const context& ctx, const Settings& settings,
           http::Random random = http::system_random());

  enum class Ask { kTip, kHeight, kTicker };
  /// Only while is_idle().
  void ask(Ask what, int64_t height = 0);
  bool is_idle() const { return !asking_; }
  void close();

  /// Lets the request go on, waiting at most `at_most`. What was asked for, if it is here: then one
  /// of the three below has it. Throws fatal when there is no hope.
  std::optional<Ask> step(http::Micros at_most);
  const Tip& tip() const { return tip_; }
  std::vector<Block>& blocks() { return blocks_; }  ///< Empty: the service knows none yet.
  const std::string& ticker() const { return ticker_; }

  uint64_t requests() const { return requests_; }
  uint64_t retries() const { return retries_; }
  void wake() noexcept { exchange_.wake(); }

 private:
  std::string url() const;
  bool send(http::Micros at_most);
  std::optional<Ask> take();
  std::optional<Ask> failed();
  bool read_tip(std::string_view body);
  bool read_blocks(std::string_view body);

  context ctx_;
  const Settings& settings_;
  http::Exchange exchange_;
  http::Patience patience_;
  std::optional<Ask> asking_;
  int64_t height_ = 0;
  Tip tip_{-1, ""};
  std::vector<Block> blocks_;
  std::string ticker_;
  uint64_t requests_ = 0, retries_ = 0;
};

/// One block of `/block-height` or `/rawblock` as the WebSocket would tell it (BC5); its
/// transactions as they came in `x.tx`, if they are wanted. Nullopt: it is none, or has none where
/// they are.
std::optional<Block> read_block(std::string_view raw, bool with_transactions = false);

}  // namespace millrace::blockchain
