#include "source_blockchain/tx_feed.h"

#include "common/json/json_reader.h"
#include "common/text/stable_hash.h"
#include "common/websocket/ws_url.h"

namespace millrace::blockchain {

using http::Micros;

TxFeed::TxFeed(const context& ctx, const Settings& settings, Saved& at, Counts& counts)
    : settings_(settings),
      at_(at),
      counts_(counts),
      fields_("", {}, {"op", "x.hash", "x.time"}),
      client_(ctx, settings.http, settings.ws, hooks()) {}

websocket::WsHooks TxFeed::hooks() {
  return {.url = [this] { return *websocket::web_url(settings_.url); },
          .subscribe = [this] { return subscriptions(); },
          .kind = [this](std::string_view message) { return kind_of(message); },
          .connected = [this](bool is_first) { connected(is_first); },
          .lost = [this] { lost("not_replayable"); },
          .overflowed = [this] { overflowed(); },
          .remedy =
              [](const http::Ending& ending) {
                return http::usual_remedy(ending, "\"headers\" and the address");
              }};
}

std::vector<std::string> TxFeed::subscriptions() const {
  std::vector<std::string> texts;
  if (settings_.wants_blocks) texts.push_back(R"({"op":"blocks_sub"})");
  if (!settings_.wants_tx) return texts;
  for (const std::string& address : settings_.addresses) {
    texts.push_back(R"({"op":"addr_sub","addr":)" + json::quoted(address) + "}");
  }
  if (settings_.addresses.empty()) texts.push_back(R"({"op":"unconfirmed_sub"})");
  return texts;
}

std::string TxFeed::op_of(std::string_view message) {
  return fields_.read(message) ? fields_.scalar(0).value_or("") : "";
}
TxFeed::Kind TxFeed::kind_of(std::string_view message) {
  const std::string op = op_of(message);
  if (op == "pong") return Kind::kPong;
  return op == "utx" || op == "block" ? Kind::kRecord : Kind::kOther;
}

/// Transactions do not resume: what came while nobody listened is told as lost (BC8).
void TxFeed::connected(bool is_first) {
  has_block_news_ = true;  // Blocks may have come meanwhile.
  const bool came_back = is_first && at_.seen_us > 0;
  if (came_back) lost("not_replayable");
}

void TxFeed::lost(std::string_view reason) {
  if (lost_at_us_ > 0) return;
  lost_at_us_ = at_.seen_us;
  lost_reason_ = reason;
}

/// Transactions that nobody read went, and perhaps word of a block, which the explorer has.
void TxFeed::overflowed() {
  has_block_news_ = true;
  lost("overflow");
}

bool TxFeed::listen(Micros until, emitter& out) {
  const std::string_view message = client_.next(until);
  if (!message.data()) return false;
  const std::string op = op_of(message);
  if (op == "utx" && settings_.wants_tx) {
    emit_tx(message, out);
  } else if (op == "block" && settings_.wants_blocks) {
    has_block_news_ = true;
  } else if (op.empty()) {
    out.reject_bytes({.bytes = message, .partition = kTxPartition, .position = ++at_.tx_seq},
                     "not a JSON object with an op");
  } else {
    ++counts_.others;
  }
  return true;
}

void TxFeed::emit_tx(std::string_view message, emitter& out) {
  const auto hash = fields_.scalar(1);
  const auto time_s = json::integer_of(fields_.raw(2));
  const int64_t now_us = http::wall_now().count();
  if (!hash) {
    return out.reject_bytes({.bytes = message, .partition = kTxPartition, .position = ++at_.tx_seq},
                            "a transaction without a hash");
  }
  if (settings_.wants_tx && lost_at_us_ > 0) report_gap(now_us, out);
  at_.seen_us = now_us;
  const std::string received = std::to_string(now_us);
  const header headers[] = {
      {"mr.source", "blockchain"}, {"mr.stream", "tx"}, {"mr.received_us", received}};
  record r{.value = message,
           .key = *hash,
           .partition = kTxPartition,
           .position = ++at_.tx_seq,
           .headers = headers};
  if (time_s && *time_s >= 0 && *time_s < 100'000'000'000) r.time_us = *time_s * 1'000'000;
  r.dedupe_hash = text::stable_hash(*hash);
  r.dedupe_time_us = now_us;
  r.dedupe_group = kTxPartition;
  out.append(r);
}

void TxFeed::report_gap(int64_t now_us, emitter& out) {
  ++counts_.gaps;
  out.lost({.partition = kTxPartition,
            .from_us = std::exchange(lost_at_us_, 0),
            .to_us = now_us,
            .from_position = at_.tx_seq,
            .to_position = at_.tx_seq + 1,
            .reason = lost_reason_});
}

}  // namespace millrace::blockchain
