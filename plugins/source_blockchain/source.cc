// Bitcoin from blockchain.info: transactions as they are seen, blocks without a gap, prices. The rules
// BC1-BC10 are in the design page on sources; README.md says what can be lost or repeated.

#include <atomic>
#include <memory>
#include <millrace/plugin.hpp>

#include "common/json/json_reader.h"
#include "common/json/problem_text.h"
#include "common/json/record_fields.h"
#include "common/text/stable_hash.h"
#include "common/websocket/ws_client.h"
#include "common/websocket/ws_url.h"
#include "source_blockchain/chain.h"
#include "source_blockchain/explorer.h"
#include "source_blockchain/settings.h"
#include "source_blockchain_schema.h"

namespace millrace::blockchain {
namespace {

using http::Micros;
using http::steady_now;
using Kind = websocket::WsHooks::Kind;

constexpr uint32_t kTxPartition = 0, kBlockPartition = 1, kTickerPartition = 2;

class Blockchain final : public source {
 public:
  static constexpr auto info =
      describe("org.millrace.blockchain", "1.0.0", "Apache-2.0",
               "Bitcoin transactions as they are seen, blocks without a gap, and prices, from "
               "blockchain.info.",
               schema::source_blockchain, title{"Bitcoin (blockchain.info)"}, status::beta,
               trust::untrusted_input);

  static void validate(const context& ctx, const config& cfg) { Settings(ctx, cfg).check(); }

  Blockchain(const context& ctx, const config& cfg)
      : ctx_(ctx),
        settings_(ctx, cfg),
        fields_("", {}, {"op", "x.hash", "x.time"}),
        requests_(ctx.make_counter("requests", "Requests and handshakes sent to the service")),
        reconnects_(ctx.make_counter("reconnects", "Connections after the first")),
        retries_(ctx.make_counter("retries", "Attempts that got no usable answer")),
        stalls_(ctx.make_counter("stalls", "Connections given up because nothing came")),
        gaps_(ctx.make_counter("gaps", "Known losses")),
        orphans_(ctx.make_counter("orphans", "Blocks that a reorganisation took back")),
        others_(ctx.make_counter("others", "Messages of kinds that are not records")),
        behind_(ctx.make_gauge("blocks_behind", "Blocks between the tip and the last one put out")) {}

  traits source_traits() const override {
    const bool exact = settings_.wants_blocks && !settings_.wants_tx && !settings_.wants_ticker;
    return {.bounded = false, .replay = exact ? replay::exact : replay::none};
  }

  void open(const opening& how) override {
    settings_.check();
    http::warn_of_insecurity(ctx_, settings_.http);
    chain_ = Chain();
    tx_seq_ = block_seq_ = ticker_seq_ = 0;
    has_start_ = false;
    asks_tip_at_ = asks_ticker_at_ = Micros(0);
    lost_at_us_ = 0;
    if (how.state.data() && !how.fresh) restore(how.state);
    explorer_ = std::make_unique<Explorer>(ctx_, settings_);
    client_ = std::make_unique<websocket::WsClient>(ctx_, settings_.http, settings_.ws, hooks());
    published_ = {};
    cancelled_ = false;
  }

  flow poll(const budget& b, emitter& out) override {
    const Publishing publishing{*this};
    const Micros deadline(b.deadline_us);
    const auto has_room = [&] { return out.records() < b.max_records && out.bytes() < b.max_bytes; };
    while (has_room()) {
      if (cancelled_ || ctx_.cancelled()) throw cancelled();
      walk(out);
      if (!has_room()) break;
      const Micros now = steady_now();
      const Micros until = out.records() > 0 ? Micros(0) : std::min(deadline, now + kTurn);
      if (settings_.is_live()) {
        if (!listen(until, out) && out.records() > 0) return flow::ok;
      } else {
        explorer_->step(std::max(until - now, Micros(0)));
      }
      if (steady_now() >= deadline) return out.records() > 0 ? flow::ok : flow::idle;
    }
    return flow::more;
  }

  std::string snapshot(uint64_t) override {
    std::string text = "{\"v\":1,\"tx_seq\":" + std::to_string(tx_seq_) +
                       ",\"block_seq\":" + std::to_string(block_seq_) +
                       ",\"ticker_seq\":" + std::to_string(ticker_seq_) +
                       ",\"seen_us\":" + std::to_string(last_seen_us_);
    if (!chain_.is_empty()) text += ",\"newest_s\":" + std::to_string(chain_.newest_s());
    text += ",\"blocks\":[";
    const char* comma = "";
    for (const auto& [height, hash] : chain_.known()) {
      text += comma + ("[" + std::to_string(height) + "," + json::quoted(hash) + "]");
      comma = ",";
    }
    return text + "]}";
  }

  void cancel() noexcept override { cancelled_ = true; }

  void close() override {
    client_.reset();
    explorer_.reset();
  }

 private:
  /// How long one side may wait before the other is looked at.
  static constexpr Micros kTurn = std::chrono::milliseconds(50);

  websocket::WsHooks hooks() {
    return {.url = [this] { return *websocket::web_url(settings_.url); },
            .subscribe = [this] { return subscriptions(); },
            .kind = [this](std::string_view message) { return kind_of(message); },
            .connected = [this](bool is_first) { connected(is_first); },
            .lost = [this] { lost_at_us_ = lost_at_us_ ? lost_at_us_ : last_seen_us_; },
            .remedy =
                [](const http::Ending& ending) {
                  return json::problem_text(ending.body) + http::common_remedy(ending);
                }};
  }

  std::vector<std::string> subscriptions() const {
    std::vector<std::string> texts;
    if (settings_.wants_blocks) texts.push_back(R"({"op":"blocks_sub"})");
    if (!settings_.wants_tx) return texts;
    for (const std::string& address : settings_.addresses) {
      texts.push_back(R"({"op":"addr_sub","addr":)" + json::quoted(address) + "}");
    }
    if (settings_.addresses.empty()) texts.push_back(R"({"op":"unconfirmed_sub"})");
    return texts;
  }

  std::string op_of(std::string_view message) {
    return fields_.read(message) ? fields_.scalar(0).value_or("") : "";
  }
  Kind kind_of(std::string_view message) {
    const std::string op = op_of(message);
    if (op == "pong") return Kind::kPong;
    return op == "utx" || op == "block" ? Kind::kRecord : Kind::kOther;
  }

  /// Transactions do not resume: what came while nobody listened is told as lost (BC8).
  void connected(bool is_first) {
    asks_tip_at_ = Micros(0);  // Blocks may have come meanwhile.
    const bool came_back = is_first && last_seen_us_ > 0;
    if (came_back) lost_at_us_ = last_seen_us_;
  }

  /// True: a message was taken.
  bool listen(Micros until, emitter& out) {
    const std::string_view message = client_->next(until);
    if (!message.data()) return false;
    const std::string op = op_of(message);
    if (op == "utx" && settings_.wants_tx) {
      emit_tx(message, out);
    } else if (op == "block" && settings_.wants_blocks) {
      asks_tip_at_ = Micros(0);
    } else if (op.empty()) {
      out.reject_bytes({.bytes = message, .partition = kTxPartition, .position = ++tx_seq_},
                       "not a JSON object with an op");
    } else {
      ++other_messages_;
    }
    return true;
  }

  void emit_tx(std::string_view message, emitter& out) {
    const auto hash = fields_.scalar(1);
    const auto time_s = json::integer_of(fields_.raw(2));
    const int64_t now_us = http::wall_now().count();
    if (!hash) {
      return out.reject_bytes({.bytes = message, .partition = kTxPartition, .position = ++tx_seq_},
                              "a transaction without a hash");
    }
    if (settings_.wants_tx && lost_at_us_ > 0) report_gap(now_us, out);
    last_seen_us_ = now_us;
    const std::string received = std::to_string(now_us);
    const header headers[] = {
        {"mr.source", "blockchain"}, {"mr.stream", "tx"}, {"mr.received_us", received}};
    record r{.value = message, .key = *hash, .partition = kTxPartition, .position = ++tx_seq_, .headers = headers};
    if (time_s && *time_s >= 0 && *time_s < 100'000'000'000) r.time_us = *time_s * 1'000'000;
    r.dedupe_hash = text::stable_hash(*hash);
    r.dedupe_time_us = now_us;
    r.dedupe_group = kTxPartition;
    out.append(r);
  }

  void report_gap(int64_t now_us, emitter& out) {
    ++gap_count_;
    out.lost({.partition = kTxPartition,
              .from_us = std::exchange(lost_at_us_, 0),
              .to_us = now_us,
              .from_position = tx_seq_,
              .to_position = tx_seq_ + 1,
              .reason = "not_replayable"});
  }

  /// The REST side: the tip, then block after block; prices in between.
  void walk(emitter& out) {
    if (!settings_.wants_blocks && !settings_.wants_ticker) return;
    if (explorer_->is_idle()) ask_next();
    const auto answer = explorer_->step(Micros(0));
    if (!answer) return;
    switch (*answer) {
      case Explorer::Ask::kTip:
        return take_tip(out);
      case Explorer::Ask::kHeight:
        return take_blocks(out);
      case Explorer::Ask::kTicker:
        return emit_ticker(out);
    }
  }

  void ask_next() {
    const Micros now = steady_now();
    if (settings_.wants_blocks && has_start_) {
      if (const auto height = chain_.wanted(explorer_->tip().height - settings_.confirmations)) {
        if (now >= asks_height_at_) return explorer_->ask(Explorer::Ask::kHeight, *height);
      }
    }
    if (settings_.wants_blocks && now >= asks_tip_at_) {
      asks_tip_at_ = now + settings_.tip_every;
      return explorer_->ask(Explorer::Ask::kTip);
    }
    if (settings_.wants_ticker && now >= asks_ticker_at_) {
      asks_ticker_at_ = now + settings_.ticker_every;
      explorer_->ask(Explorer::Ask::kTicker);
    }
  }

  void take_tip(emitter& out) {
    const Tip& tip = explorer_->tip();
    if (chain_.is_empty()) chain_.start_at(start_height(tip.height));
    has_start_ = true;
    if (settings_.confirmations > 0) return;  // Only the walk sees what is deep enough.
    for (const auto& lost : chain_.saw_tip(tip.height, tip.hash)) emit_orphan(lost, out);
  }

  int64_t start_height(int64_t tip) const {
    const std::string& text = settings_.start_height;
    const int64_t newest = tip - settings_.confirmations;
    if (text == "tip") return newest + 1;
    const int64_t number = std::stoll(text);
    return number < 0 ? std::max<int64_t>(newest + number + 1, 0) : number;
  }

  void take_blocks(emitter& out) {
    Chain::Step step = chain_.take(std::move(explorer_->blocks()));
    if (step.orphan) emit_orphan(*step.orphan, out);
    if (step.block) emit_block(*step.block, out);
    const bool is_stuck = !step.orphan && !step.block;  // The tip was told before the block.
    asks_height_at_ = is_stuck ? steady_now() + std::min<Micros>(settings_.tip_every, std::chrono::seconds(5)) : Micros(0);
  }

  void emit_block(const Block& block, emitter& out) {
    emit_on_chain(block.value, block.hash, chain_.event_time_s(block.time_s), out);
  }
  void emit_orphan(const Chain::Known& orphan, emitter& out) {
    ++orphan_count_;
    const std::string value = R"({"op":"orphan","height":)" + std::to_string(orphan.height) +
                              R"(,"hash":)" + json::quoted(orphan.hash) + "}";
    emit_on_chain(value, orphan.hash, chain_.event_time_s(INT64_MIN), out);
  }
  void emit_on_chain(const std::string& value, const std::string& hash, int64_t time_s, emitter& out) {
    const std::string received = std::to_string(http::wall_now().count());
    const header headers[] = {
        {"mr.source", "blockchain"}, {"mr.stream", "block"}, {"mr.received_us", received}};
    record r{.value = value, .key = hash, .partition = kBlockPartition, .position = ++block_seq_, .headers = headers};
    if (time_s >= 0 && time_s < 100'000'000'000) r.time_us = time_s * 1'000'000;
    out.append(r);
  }

  void emit_ticker(emitter& out) {
    const int64_t now_us = http::wall_now().count();
    const std::string value = R"({"op":"ticker","x":)" + explorer_->ticker() + "}";
    const std::string received = std::to_string(now_us);
    const header headers[] = {
        {"mr.source", "blockchain"}, {"mr.stream", "ticker"}, {"mr.received_us", received}};
    out.append({.value = value, .time_us = now_us, .partition = kTickerPartition, .position = ++ticker_seq_, .headers = headers});
  }

  void restore(std::string_view state) {
    std::optional<int64_t> version;
    std::deque<Chain::Known> known;
    int64_t newest_s = INT64_MIN;
    const bool whole = json::JsonReader().members(state, [&](std::string_view key, std::string_view raw) {
      const auto number = json::integer_of(raw);
      if (key == "v") version = number;
      if (key == "tx_seq" && number) tx_seq_ = static_cast<uint64_t>(*number);
      if (key == "block_seq" && number) block_seq_ = static_cast<uint64_t>(*number);
      if (key == "ticker_seq" && number) ticker_seq_ = static_cast<uint64_t>(*number);
      if (key == "seen_us" && number) last_seen_us_ = *number;
      if (key == "newest_s" && number) newest_s = *number;
      if (key != "blocks") return;
      json::JsonReader().elements(raw, [&](std::string_view pair) {
        Chain::Known one{-1, ""};
        json::JsonReader().elements(pair, [&](std::string_view part) {
          if (const auto height = json::integer_of(part)) one.height = *height;
          json::JsonReader().text(part, one.hash);
        });
        known.push_back(std::move(one));
      });
    });
    if (!whole || version != 1) {
      throw fatal("the stored position is not one of this plugin: start with --fresh");
    }
    has_start_ = !known.empty();
    chain_.restore(std::move(known), newest_s);
  }

  struct Counts {
    uint64_t requests = 0, reconnects = 0, retries = 0, stalls = 0, gaps = 0, orphans = 0, others = 0;
  };
  struct Publishing {
    Blockchain& self;
    ~Publishing() { self.publish(); }
  };
  void publish() {
    const websocket::WsCounts& ws = client_->counts();
    const Counts now{ws.requests + explorer_->requests(), ws.reconnects, ws.retries + explorer_->retries(),
                     ws.stalls, gap_count_, orphan_count_, other_messages_};
    const auto add = [&](const counter& to, uint64_t Counts::* what) {
      if (now.*what > published_.*what) to.add(static_cast<double>(now.*what - published_.*what));
    };
    add(requests_, &Counts::requests);
    add(reconnects_, &Counts::reconnects);
    add(retries_, &Counts::retries);
    add(stalls_, &Counts::stalls);
    add(gaps_, &Counts::gaps);
    add(orphans_, &Counts::orphans);
    add(others_, &Counts::others);
    published_ = now;
    if (has_start_ && !chain_.is_empty()) {
      behind_.set(static_cast<double>(std::max<int64_t>(explorer_->tip().height - chain_.known().back().height, 0)));
    }
  }

  context ctx_;
  Settings settings_;
  json::RecordFields fields_;
  counter requests_, reconnects_, retries_, stalls_, gaps_, orphans_, others_;
  gauge behind_;
  Counts published_;
  uint64_t gap_count_ = 0, orphan_count_ = 0, other_messages_ = 0;
  Chain chain_;
  uint64_t tx_seq_ = 0, block_seq_ = 0, ticker_seq_ = 0;
  bool has_start_ = false;
  Micros asks_tip_at_{0}, asks_height_at_{0}, asks_ticker_at_{0};
  int64_t last_seen_us_ = 0;  ///< When the last transaction came, also of an earlier run.
  int64_t lost_at_us_ = 0;    ///< A gap begins here; told with the next transaction.
  std::unique_ptr<Explorer> explorer_;
  std::unique_ptr<websocket::WsClient> client_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace
}  // namespace millrace::blockchain

MILLRACE_PLUGIN(millrace::blockchain::Blockchain)
