#include "cache/redis_request.h"

#include <fmt/format.h>

#include <iterator>

namespace millrace {
namespace {

constexpr size_t kCopiedMax = 512;  // Below that a piece of its own costs more than a copy.
constexpr size_t kFrameMax = 32;    // `$`, a length and two line ends.

}  // namespace

RedisRequest::RedisRequest(const std::vector<std::string_view>& words) {
  size_t size = kFrameMax;
  for (const std::string_view word : words)
    size += kFrameMax + (word.size() <= kCopiedMax ? word.size() : 0);
  text_.reserve(size);  // Pieces point into it.
  size_t from = 0;
  fmt::format_to(std::back_inserter(text_), "*{}\r\n", words.size());
  for (const std::string_view word : words) {
    fmt::format_to(std::back_inserter(text_), "${}\r\n", word.size());
    if (word.size() <= kCopiedMax) {
      text_ += word;
    } else {
      end_text(from);
      from = text_.size();
      pieces_.push_back({const_cast<char*>(word.data()), word.size()});
    }
    text_ += "\r\n";
  }
  end_text(from);
}

void RedisRequest::end_text(size_t from) { pieces_.push_back({&text_[from], text_.size() - from}); }

void RedisRequest::sent(size_t bytes) {
  while (bytes > 0 && bytes >= pieces_[first_].iov_len) bytes -= pieces_[first_++].iov_len;
  if (bytes == 0) return;
  iovec& piece = pieces_[first_];
  piece = {static_cast<char*>(piece.iov_base) + bytes, piece.iov_len - bytes};
}

}  // namespace millrace
