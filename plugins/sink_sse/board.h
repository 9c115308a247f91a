#pragma once

/// The rows that readers may still get, as server-sent events with rising ids. A reader that comes
/// back with the id of its last event goes on behind it, if it is still here. Pure. Threads: one.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace millrace::sse_sink {

class Board {
 public:
  explicit Board(uint64_t history) : history_(history) {}

  void add(std::string_view row);
  /// Of the next event.
  uint64_t next_id() const { return first_ + events_.size(); }
  /// The first id that a reader gets: behind `last`, or what history holds.
  uint64_t start_behind(std::string_view last) const;
  /// Text of the events from `id` on, at most about `bytes`; `id` moves behind them.
  std::string text_from(uint64_t& id, size_t bytes) const;

 private:
  uint64_t history_;
  uint64_t first_ = 1;
  std::deque<std::string> events_;
};

}  // namespace millrace::sse_sink
