// Bitcoin from blockchain.info: transactions as they are seen, blocks without a gap, prices. The
// rules BC1-BC10 are in plugins/RULES.md; README.md says what can be lost or repeated.

#include <atomic>
#include <memory>
#include <millrace/plugin.hpp>

#include "common/json/json_reader.h"
#include "source_blockchain/chain.h"
#include "source_blockchain/explorer.h"
#include "source_blockchain/metrics.h"
#include "source_blockchain/saved.h"
#include "source_blockchain/settings.h"
#include "source_blockchain/tx_feed.h"
#include "source_blockchain_schema.h"

namespace millrace::blockchain {
namespace {

using http::Micros;
using http::steady_now;

constexpr uint32_t kBlockPartition = 1, kTickerPartition = 2;  // 0: transactions.

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
      : ctx_(ctx), settings_(ctx, cfg), metrics_(ctx) {}

  traits source_traits() const override {
    const bool exact = settings_.wants_blocks && !settings_.wants_tx && !settings_.wants_ticker;
    return {.bounded = false, .replay = exact ? replay::exact : replay::none};
  }

  void open(const opening& how) override {
    settings_.check();
    http::warn_of_insecurity(ctx_, settings_.http);
    chain_ = Chain();
    at_ = {};
    has_start_ = false;
    asks_tip_at_ = asks_ticker_at_ = Micros(0);
    if (how.state.data() && !how.fresh) restore(how.state);
    explorer_ = std::make_unique<Explorer>(ctx_, settings_);
    counts_ = {};
    feed_ = std::make_unique<TxFeed>(ctx_, settings_, at_, counts_);
    metrics_.restart();
    cancelled_ = false;
  }

  flow poll(const budget& b, emitter& out) override {
    const Publishing publishing{*this};
    const Micros deadline(b.deadline_us);
    const auto has_room = [&] {
      return out.records() < b.max_records && out.bytes() < b.max_bytes;
    };
    while (has_room()) {
      if (cancelled_ || ctx_.cancelled()) throw cancelled();
      const Micros now = steady_now();
      const Micros turn = explorer_->is_idle() ? kTurn : kShortTurn;
      const Micros until = out.records() > 0 ? Micros(0) : std::min(deadline, now + turn);
      walk(settings_.is_live() ? Micros(0) : std::max(until - now, Micros(0)), out);
      if (!has_room()) break;
      const bool took = settings_.is_live() && listen(until, out);
      if (!took && out.records() > 0) return flow::ok;
      if (steady_now() >= deadline) return out.records() > 0 ? flow::ok : flow::idle;
    }
    return flow::more;
  }

  std::string snapshot(uint64_t) override {
    Saved saved = at_;
    saved.start = has_start_ ? chain_.start() : -1;
    saved.newest_s = chain_.newest_s();
    saved.blocks = chain_.known();
    return saved.text();
  }

  void cancel() noexcept override { cancelled_ = true; }

  void close() override {
    feed_.reset();
    explorer_.reset();
  }

 private:
  /// How long one side may wait before the other is looked at.
  static constexpr Micros kTurn = std::chrono::milliseconds(50);
  /// While an answer of the explorer is awaited: a walk over many blocks is not to crawl.
  static constexpr Micros kShortTurn = std::chrono::milliseconds(5);

  /// True: a message was taken.
  bool listen(Micros until, emitter& out) {
    const bool took = feed_->listen(until, out);
    if (feed_->take_block_news()) asks_tip_at_ = Micros(0);
    return took;
  }

  /// The REST side: the tip, then block after block; prices in between.
  void walk(Micros at_most, emitter& out) {
    if (!settings_.wants_blocks && !settings_.wants_ticker) return;
    if (explorer_->is_idle()) ask_next();
    const auto answer = explorer_->step(at_most);
    if (!answer) return;
    switch (*answer) {
      case Explorer::Ask::kTip: return take_tip(out);
      case Explorer::Ask::kHeight: return take_blocks(out);
      case Explorer::Ask::kTicker: return emit_ticker(out);
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
    if (has_start_ && !is_fixed_start() && chain_.starts_in_the_void(tip.height)) {
      ctx_.warn("the tip at the start was height " + std::to_string(chain_.start() - 1) +
                ", now it is " + std::to_string(tip.height) + ": beginning there");
      has_start_ = false;
    }
    if (!has_start_) chain_.start_at(start_height(tip.height));
    has_start_ = true;
    if (settings_.confirmations > 0) return;  // Only the walk sees what is deep enough.
    for (const auto& lost : chain_.saw_tip(tip.height, tip.hash)) emit_orphan(lost, out);
  }

  /// A height that the user gave, which the chain may not have reached yet.
  bool is_fixed_start() const {
    return settings_.start_height != "tip" && !settings_.start_height.starts_with('-');
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
    asks_height_at_ =
        is_stuck ? steady_now() + std::min<Micros>(settings_.tip_every, std::chrono::seconds(5))
                 : Micros(0);
  }

  void emit_block(const Block& block, emitter& out) {
    emit_on_chain(block.value, block.hash, chain_.event_time_s(block.time_s), out);
  }
  void emit_orphan(const Chain::Known& orphan, emitter& out) {
    ++counts_.orphans;
    const std::string value = R"({"op":"orphan","height":)" + std::to_string(orphan.height) +
                              R"(,"hash":)" + json::quoted(orphan.hash) + "}";
    emit_on_chain(value, orphan.hash, chain_.event_time_s(INT64_MIN), out);
  }
  void emit_on_chain(const std::string& value, const std::string& hash, int64_t time_s,
                     emitter& out) {
    const std::string received = std::to_string(http::wall_now().count());
    const header headers[] = {
        {"mr.source", "blockchain"}, {"mr.stream", "block"}, {"mr.received_us", received}};
    record r{.value = value,
             .key = hash,
             .partition = kBlockPartition,
             .position = ++at_.block_seq,
             .headers = headers};
    if (time_s >= 0 && time_s < 100'000'000'000) r.time_us = time_s * 1'000'000;
    out.append(r);
  }

  void emit_ticker(emitter& out) {
    const int64_t now_us = http::wall_now().count();
    const std::string value = R"({"op":"ticker","x":)" + explorer_->ticker() + "}";
    const std::string received = std::to_string(now_us);
    const header headers[] = {
        {"mr.source", "blockchain"}, {"mr.stream", "ticker"}, {"mr.received_us", received}};
    out.append({.value = value,
                .time_us = now_us,
                .partition = kTickerPartition,
                .position = ++at_.ticker_seq,
                .headers = headers});
  }

  void restore(std::string_view state) {
    if (!at_.read(state)) {
      throw fatal("the stored position is not one of this plugin: start with --fresh");
    }
    has_start_ = at_.start >= 0;
    chain_.start_at(at_.start);
    chain_.restore(std::exchange(at_.blocks, {}), at_.newest_s);
  }

  struct Publishing {
    Blockchain& self;
    ~Publishing() { self.publish(); }
  };
  void publish() {
    const websocket::WsCounts& ws = feed_->counts();
    Counts now = counts_;
    now.requests = ws.requests + explorer_->requests();
    now.retries = ws.retries + explorer_->retries();
    now.reconnects = ws.reconnects;
    now.stalls = ws.stalls;
    now.overflow = ws.overflow;
    metrics_.publish(now);
    if (has_start_ && !chain_.is_empty()) {
      metrics_.blocks_behind(explorer_->tip().height - chain_.known().back().height);
    }
  }

  context ctx_;
  Settings settings_;
  Metrics metrics_;
  Counts counts_;  ///< Those that are counted here.
  Chain chain_;
  Saved at_;  ///< Without the blocks, which chain_ has.
  bool has_start_ = false;
  Micros asks_tip_at_{0}, asks_height_at_{0}, asks_ticker_at_{0};
  std::unique_ptr<Explorer> explorer_;
  std::unique_ptr<TxFeed> feed_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace
}  // namespace millrace::blockchain

MILLRACE_PLUGIN(millrace::blockchain::Blockchain)
