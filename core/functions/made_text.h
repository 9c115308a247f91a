#pragma once

/// Texts that a kernel makes in its result column's arena. Private to this room.

#include <cstring>
#include <string_view>

#include "functions/kernel.h"

namespace millrace {

/// `format(value, out)` writes at most `kMax` bytes and returns how many.
template <size_t kMax, class Format>
std::string_view made_text(Column& column, Format format) {
  char* made = column.bytes.allocate(kMax);
  const size_t length = format(made);
  column.bytes.give_back(kMax - length);
  return {made, length};
}

/// Grows at the end of an arena; done() gives back what was not used. One at a time per arena.
class TextMaker {
 public:
  explicit TextMaker(ByteArena& arena, size_t expected = 64) : arena_(arena), room_(expected) {
    begin_ = arena.allocate(room_);
  }
  void append(std::string_view text) {
    if (text.empty()) return;
    reserve(text.size());
    std::memcpy(begin_ + size_, text.data(), text.size());
    size_ += text.size();
  }
  void append(char c) {
    reserve(1);
    begin_[size_++] = c;
  }
  std::string_view done() {
    arena_.give_back(room_ - size_);
    return {begin_, size_};
  }

 private:
  void reserve(size_t more) {
    if (size_ + more <= room_) return;
    const size_t room = (size_ + more) * 2;
    char* bigger = arena_.allocate(room);  // The old bytes stay until the batch is done.
    std::memcpy(bigger, begin_, size_);
    begin_ = bigger;
    room_ = room;
  }
  ByteArena& arena_;
  char* begin_;
  size_t room_, size_ = 0;
};

/// `before "text" after`. Appending, since gcc 12 warns of its own `"…" + string`.
inline std::string quoted_message(std::string_view before, std::string_view text,
                                  std::string_view after = "") {
  std::string out(before);
  out += '"';
  out += text;
  out += '"';
  out += after;
  return out;
}

}  // namespace millrace
