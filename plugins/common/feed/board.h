#pragma once

/// What readers may still get, as server-sent events with rising ids. A reader that comes back with
/// the id of its last event goes on behind it, if it is still here. Pure. Threads: one.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::feed {

/// Another one in each process: stands before the ids of events, so that those of an earlier
/// process are not taken for ours.
std::string new_tag();

class Board {
 public:
  /// A new reader gets the last `history` events; more are kept for those who are a little behind.
  /// `tag` stands before the number in each id: ids of an earlier process are then not ours.
  explicit Board(uint64_t history, std::string tag = {})
      : history_(history), tag_(std::move(tag)) {}

  /// Each line of `text` becomes a line of the event; `name` is its type, empty: "message".
  void add(std::string_view text, std::string_view name = {});
  /// Of the next event.
  uint64_t next_id() const { return first_ + events_.size(); }
  std::string id_text(uint64_t id) const { return tag_ + std::to_string(id); }
  /// The first id for a reader without a past.
  uint64_t start() const;
  /// The first id behind the event that a reader had last; nothing: it is not here any more.
  std::optional<uint64_t> start_behind(std::string_view last) const;
  /// Text of the events from `id` on, at most about `bytes`; `id` moves behind them.
  std::string text_from(uint64_t& id, size_t bytes) const;

 private:
  uint64_t history_;
  std::string tag_;
  uint64_t first_ = 1;
  uint64_t bytes_ = 0;
  std::deque<std::string> events_;
};

}  // namespace millrace::feed
