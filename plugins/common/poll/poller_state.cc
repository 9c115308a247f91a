// The poller's snapshot: written by hand so that people can read it in `millrace state`.

#include <charconv>

#include "common/json/json_reader.h"
#include "common/poll/poller.h"

namespace millrace::poll {
namespace {

std::string text_of(std::string_view raw) {
  std::string text;
  json::JsonReader().text(raw, text);
  return text;
}

/// As text: it needs all its 64 bits.
std::optional<uint64_t> hash_of(std::string_view raw) {
  const std::string text = text_of(raw);
  uint64_t hash = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), hash);
  const bool is_hash = error == std::errc() && end == text.data() + text.size() && !text.empty();
  return is_hash ? std::optional(hash) : std::nullopt;
}

TargetState target_of(std::string_view raw) {
  TargetState state;
  json::JsonReader().members(raw, [&](std::string_view key, std::string_view value) {
    const auto number = json::integer_of(value);
    if (key == "partition" && number) state.partition = static_cast<uint32_t>(*number);
    if (key == "done_us" && number) state.done_us = *number;
    if (key == "position" && number) state.position = static_cast<uint64_t>(*number);
    if (key == "etag") state.etag = text_of(value);
    if (key == "modified") state.modified = text_of(value);
  });
  return state;
}

}  // namespace

void Poller::open(const std::vector<std::string>& targets, std::string_view state) {
  cancelled_ = false;
  slot_.reset();
  within_.reset();
  items_.clear();
  tried_.clear();
  pending_.clear();
  is_putting_out_ = false;
  put_out_ = base_ = 0;
  more_.clear();
  slots_ = Slots(options_.slots);
  if (state.data()) read_state(state);
  slots_.set_targets(targets, http::wall_now());
}

void Poller::read_state(std::string_view state) {
  std::optional<int64_t> version;
  const bool whole =
      json::JsonReader().members(state, [&](std::string_view key, std::string_view raw) {
        if (key == "v") version = json::integer_of(raw);
        if (key == "more") more_ = raw;
        if (key == "targets") {
          json::JsonReader().members(raw, [&](std::string_view name, std::string_view target) {
            slots_.restore(std::string(name), target_of(target));
          });
        }
        if (key != "within") return;
        within_ = Within{};
        json::JsonReader().members(raw, [&](std::string_view name, std::string_view value) {
          if (name == "target") within_->target = text_of(value);
          if (name == "slot") within_->slot = json::integer_of(value).value_or(0);
          if (name == "records")
            within_->records = static_cast<size_t>(json::integer_of(value).value_or(0));
          if (name == "base")
            within_->base = static_cast<size_t>(json::integer_of(value).value_or(0));
          if (name == "hash") within_->hash = hash_of(value);
        });
      });
  if (whole && version == 1) return;
  throw fatal("the stored position is not one of this plugin: start with --fresh");
}

/// What of the unfinished slot can still be asked for is; of the rest a gap is told.
void Poller::resume_within(emitter& out) {
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (slots_.name(i) != within_->target) continue;
    if (!slots_.is_over({i, within_->slot}, http::wall_now())) return;
    lost(i, within_->slot, within_->slot + 1, "not_replayable", out);
    slots_.done({i, within_->slot});
  }
  within_.reset();
}

/// The slot of which some records are out: the present one, or still that of an earlier run.
std::optional<Poller::Within> Poller::unfinished() const {
  if (!slot_ || put_out_ == 0) return within_;
  return Within{slots_.name(slot_->target), slot_->number, put_out_, base_,
                hashes_[put_out_ - base_]};
}

std::string Poller::snapshot(std::string_view more) const {
  std::string text = "{\"v\":1,\"targets\":{";
  bool first = true;
  for (const auto& [name, state] : slots_.states()) {
    if (!std::exchange(first, false)) text += ",";
    text += json::quoted(name) + ":{\"partition\":" + std::to_string(state.partition) +
            ",\"done_us\":" + std::to_string(state.done_us) +
            ",\"position\":" + std::to_string(state.position);
    if (!state.etag.empty()) text += ",\"etag\":" + json::quoted(state.etag);
    if (!state.modified.empty()) text += ",\"modified\":" + json::quoted(state.modified);
    text += "}";
  }
  text += "}";
  if (const auto within = unfinished()) {
    text += ",\"within\":{\"target\":" + json::quoted(within->target) +
            ",\"slot\":" + std::to_string(within->slot) +
            ",\"records\":" + std::to_string(within->records) +
            ",\"base\":" + std::to_string(within->base);
    if (within->hash) text += ",\"hash\":\"" + std::to_string(*within->hash) + "\"";
    text += "}";
  }
  if (!more.empty()) text += ",\"more\":" + std::string(more);
  return text + "}";
}

}  // namespace millrace::poll
