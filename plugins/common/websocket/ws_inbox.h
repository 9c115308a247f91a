#pragma once

/// Messages that were received and not yet read, bounded (P7). What happens when they are too many
/// is said by `drop_after`: the socket is left alone, so that the sender slows down; and after that
/// long, if it is set, the oldest go instead and reading goes on.
/// Pure. Threads: as any plain class.

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/http/clock.h"

namespace millrace::websocket {

struct WsBuffer {
  uint64_t bytes_max = 4 << 20;
  size_t messages_max = 10'000;
  std::optional<http::Micros> drop_after{};  ///< None: whoever sends has to wait.
};

class WsInbox {
 public:
  explicit WsInbox(const WsBuffer& bounds) : bounds_(bounds) {}

  /// Whether another message may be read. The first time it may not, the clock of `drop_after`
  /// begins.
  bool has_room(http::Micros now) {
    if (!is_full() || dropping_) {
      full_since_.reset();
      return true;
    }
    if (!full_since_) full_since_ = now;
    return false;
  }
  /// has_room() has said no and nothing was read since.
  bool is_held_up() const { return full_since_.has_value(); }
  /// The oldest go from now on, until the reader has made room, if they were held up long enough.
  void look(http::Micros now) {
    dropping_ |= full_since_ && bounds_.drop_after && now - *full_since_ >= *bounds_.drop_after;
  }

  void push(std::string message) {
    bytes_ += message.size();
    waiting_.push_back(std::move(message));
    while (dropping_ && is_full() && waiting_.size() > 1) {
      bytes_ -= waiting_.front().size();
      waiting_.pop_front();
      ++dropped_;
    }
  }
  /// The oldest; data() null: there is none. Lent until pop(): it is not dropped.
  std::string_view front() {
    if (!lent_ && !waiting_.empty()) {
      lent_ = std::move(waiting_.front());
      waiting_.pop_front();
    }
    return lent_ ? std::string_view(*lent_) : std::string_view();
  }
  void pop() {
    bytes_ -= lent_->size();
    lent_.reset();
    if (!is_full()) dropping_ = false;
  }
  size_t size() const { return waiting_.size() + (lent_ ? 1 : 0); }
  /// Dropped behind what was lent, and in front of the next one; since the last call.
  uint64_t take_dropped() { return std::exchange(dropped_, 0); }

 private:
  bool is_full() const { return bytes_ >= bounds_.bytes_max || size() >= bounds_.messages_max; }

  WsBuffer bounds_;
  std::deque<std::string> waiting_;
  std::optional<std::string> lent_;
  uint64_t bytes_ = 0;  ///< The lent one included.
  uint64_t dropped_ = 0;
  std::optional<http::Micros> full_since_;
  bool dropping_ = false;
};

}  // namespace millrace::websocket
