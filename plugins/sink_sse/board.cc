#include "board.h"

#include <algorithm>
#include <charconv>

namespace millrace::sse_sink {

void Board::add(std::string_view row) {
  std::string event = "id: " + std::to_string(next_id()) + "\n";
  // A row has no line ends between its tokens, but a text that is no JSON might.
  while (true) {
    const size_t end = row.find_first_of("\r\n");
    event += "data: " + std::string(row.substr(0, end)) + "\n";
    if (end == row.npos) break;
    row.remove_prefix(end + (row.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  events_.push_back(event + "\n");
  // Those who are a little behind are not to lose rows because history is short.
  const uint64_t kept = std::max<uint64_t>(history_, 10'000);
  while (events_.size() > kept) {
    events_.pop_front();
    ++first_;
  }
}

uint64_t Board::start_behind(std::string_view last) const {
  uint64_t id = 0;
  const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), id);
  const bool is_ours = error == std::errc() && end == last.data() + last.size() &&
                       id + 1 >= first_ && id < next_id();
  if (!last.empty() && is_ours) return id + 1;
  return next_id() - std::min<uint64_t>(history_, events_.size());
}

std::string Board::text_from(uint64_t& id, size_t bytes) const {
  id = std::max(id, first_);
  std::string text;
  while (id < next_id() && text.size() < bytes) text += events_[id++ - first_];
  return text;
}

}  // namespace millrace::sse_sink
