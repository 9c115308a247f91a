#include "source_blockchain/saved.h"

#include "common/json/json_reader.h"

namespace millrace::blockchain {
namespace {

Chain::Known read_pair(std::string_view pair) {
  Chain::Known one{-1, ""};
  json::JsonReader texts;
  json::JsonReader().elements(pair, [&](std::string_view part) {
    if (const auto height = json::integer_of(part)) one.height = *height;
    texts.text(part, one.hash);
  });
  return one;
}

}  // namespace

std::string Saved::text() const {
  std::string text = "{\"v\":1,\"tx_seq\":" + std::to_string(tx_seq) +
                     ",\"block_seq\":" + std::to_string(block_seq) +
                     ",\"ticker_seq\":" + std::to_string(ticker_seq) +
                     ",\"seen_us\":" + std::to_string(seen_us) +
                     ",\"start\":" + std::to_string(start);
  if (!blocks.empty()) text += ",\"newest_s\":" + std::to_string(newest_s);
  text += ",\"blocks\":[";
  const char* comma = "";
  for (const auto& [height, hash] : blocks) {
    text += comma + ("[" + std::to_string(height) + "," + json::quoted(hash) + "]");
    comma = ",";
  }
  return text + "]}";
}

bool Saved::read(std::string_view state) {
  std::optional<int64_t> version;
  const bool whole =
      json::JsonReader().members(state, [&](std::string_view key, std::string_view raw) {
        const auto number = json::integer_of(raw);
        if (key == "v") version = number;
        if (key == "tx_seq" && number) tx_seq = static_cast<uint64_t>(*number);
        if (key == "block_seq" && number) block_seq = static_cast<uint64_t>(*number);
        if (key == "ticker_seq" && number) ticker_seq = static_cast<uint64_t>(*number);
        if (key == "seen_us" && number) seen_us = *number;
        if (key == "start" && number) start = *number;
        if (key == "newest_s" && number) newest_s = *number;
        if (key != "blocks") return;
        json::JsonReader().elements(
            raw, [&](std::string_view pair) { blocks.push_back(read_pair(pair)); });
      });
  return whole && version == 1;
}

}  // namespace millrace::blockchain
