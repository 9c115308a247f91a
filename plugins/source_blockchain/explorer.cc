#include "source_blockchain/explorer.h"

#include "common/http/host_gate.h"
#include "common/http/url.h"
#include "common/json/pointer.h"

namespace millrace::blockchain {
namespace {

using http::Micros;

/// The names of REST and those of the WebSocket.
constexpr std::pair<std::string_view, std::string_view> kNames[] = {{"n_tx", "nTx"},
                                                                    {"size", "size"},
                                                                    {"weight", "weight"},
                                                                    {"block_index", "blockIndex"},
                                                                    {"height", "height"},
                                                                    {"hash", "hash"},
                                                                    {"mrkl_root", "mrklRoot"},
                                                                    {"ver", "version"},
                                                                    {"time", "time"},
                                                                    {"bits", "bits"},
                                                                    {"nonce", "nonce"},
                                                                    {"prev_block", "prevBlock"},
                                                                    {"fee", "fee"}};

std::string text_of(std::string_view raw) {
  std::string text;
  json::JsonReader().text(raw, text);
  return text;
}

std::string remedy(const http::Ending& ending) {
  return http::usual_remedy(ending, "\"api_code\" and \"headers\"");
}

/// Old deployments say 500 where they mean 404 (BC6).
bool is_unknown_block(const http::Ending& ending) {
  if (ending.why != http::Ending::Why::kStatus) return false;
  return ending.status == 404 || ending.body.find("Block Not Found") != std::string::npos;
}

}  // namespace

std::optional<Block> read_block(std::string_view raw, bool with_transactions) {
  Block block;
  std::string members, transactions;
  std::optional<int64_t> height, time;
  const bool whole =
      json::JsonReader().members(raw, [&](std::string_view key, std::string_view value) {
        if (key == "hash") block.hash = text_of(value);
        if (key == "prev_block") block.previous = text_of(value);
        if (key == "height") height = json::integer_of(value);
        if (key == "time") time = json::integer_of(value);
        if (key == "main_chain") block.is_main = value == "true";
        if (with_transactions && key == "tx") transactions = value;
        for (const auto& [theirs, ours] : kNames) {
          if (key != theirs) continue;
          members +=
              (members.empty() ? "\"" : ",\"") + std::string(ours) + "\":" + std::string(value);
        }
      });
  if (!whole || !height || !time || block.hash.empty()) return std::nullopt;
  if (with_transactions && transactions.empty()) return std::nullopt;
  block.height = *height;
  block.time_s = *time;
  if (with_transactions) (members += ",\"tx\":").append(transactions);
  block.value = "{\"op\":\"block\",\"x\":{" + members + "}}";
  return block;
}

Explorer::Explorer(const context& ctx, const Settings& settings, http::Random random)
    : ctx_(ctx),
      settings_(settings),
      exchange_(settings.http),
      patience_(ctx, settings.http, std::move(random), remedy) {}

void Explorer::ask(Ask what, int64_t height) {
  asking_ = what;
  height_ = height;
}

void Explorer::close() {
  exchange_.close();
  asking_.reset();
}

std::string Explorer::url() const {
  std::string url = settings_.rest_url;
  if (*asking_ == Ask::kTip) url += "/latestblock";
  if (*asking_ == Ask::kTicker) url += "/ticker";
  if (*asking_ == Ask::kHeight) url += "/block-height/" + std::to_string(height_) + "?format=json";
  return settings_.api_code.empty() ? url : http::with_query(url, "api_code", settings_.api_code);
}

std::optional<Explorer::Ask> Explorer::step(Micros at_most) {
  if (!asking_) {
    if (at_most.count() > 0) exchange_.pause(at_most);
    return std::nullopt;
  }
  if (!exchange_.is_running() && !send(at_most)) return std::nullopt;
  switch (exchange_.step(at_most)) {
    case http::Exchange::Step::kAnswer: return take();
    case http::Exchange::Step::kFailed: return failed();
    default: return std::nullopt;
  }
}

bool Explorer::send(Micros at_most) {
  patience_.aim(url());
  const Micros now = http::steady_now();
  Micros due = patience_.due();
  if (due <= now) {
    due = http::HostGate::shared().take(patience_.origin() + " blockchain", settings_.rate, 1, now);
  }
  if (due > now) {
    if (at_most.count() > 0) exchange_.pause(std::min(due - now, at_most));
    return false;
  }
  ++requests_;
  exchange_.start({url(), {{"Accept", "application/json"}}});
  return true;
}

std::optional<Explorer::Ask> Explorer::take() {
  const std::string& body = exchange_.answer().body;
  bool is_good = json::JsonReader().members(body, [](std::string_view, std::string_view) {});
  if (*asking_ == Ask::kTip) is_good = is_good && read_tip(body);
  if (*asking_ == Ask::kHeight) is_good = is_good && read_blocks(body);
  if (*asking_ == Ask::kTicker) ticker_ = body;
  if (!is_good) {
    ++retries_;
    patience_.bad_response(
        "an answer that is not what was asked for (a page of the network's edge?)",
        http::steady_now());
    return std::nullopt;
  }
  patience_.accepted(http::steady_now());
  return std::exchange(asking_, std::nullopt);
}

std::optional<Explorer::Ask> Explorer::failed() {
  const http::Ending& ending = exchange_.ending();
  if (*asking_ == Ask::kHeight && is_unknown_block(ending)) {
    blocks_.clear();
    return std::exchange(asking_, std::nullopt);
  }
  ++retries_;
  const bool our_fault = ending.why == http::Ending::Why::kStatus &&
                         http::class_of_status(ending.status) == http::StatusClass::kOurFault;
  if (our_fault) {
    patience_.refused(ending, http::steady_now());
  } else {
    patience_.attempt_failed(ending, http::steady_now());
  }
  return std::nullopt;
}

bool Explorer::read_tip(std::string_view body) {
  const auto height = json::at_pointer(body, "/height"), hash = json::at_pointer(body, "/hash");
  const auto number = height ? json::integer_of(*height) : std::nullopt;
  if (!number || *number < 0 || !hash) return false;
  tip_ = {*number, text_of(*hash)};
  return !tip_.hash.empty();
}

bool Explorer::read_blocks(std::string_view body) {
  blocks_.clear();
  bool all_good = true;
  const auto list = json::at_pointer(body, "/blocks");
  const bool whole = list && json::JsonReader().elements(*list, [&](std::string_view raw) {
    auto block = read_block(raw, settings_.transactions);
    all_good = all_good && block && block->height == height_;
    if (block) blocks_.push_back(std::move(*block));
  });
  return whole && all_good;
}

}  // namespace millrace::blockchain
