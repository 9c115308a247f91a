#include "common/feed/board.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace millrace::feed {
namespace {

constexpr uint64_t kKeptEvents = 10'000;
constexpr uint64_t kKeptBytes = 64 << 20;

}  // namespace

std::string new_tag() {
  return std::to_string(std::chrono::system_clock::now().time_since_epoch().count()) + "-";
}

void Board::add(std::string_view text, std::string_view name) {
  std::string event = "id: " + id_text(next_id()) + "\n";
  if (!name.empty()) event += "event: " + std::string(name) + "\n";
  // A row has no line ends between its tokens, but a text that is no JSON might.
  while (true) {
    const size_t end = text.find_first_of("\r\n");
    event.append("data: ").append(text.substr(0, end)) += '\n';
    if (end == text.npos) break;
    text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  events_.push_back(event + "\n");
  bytes_ += events_.back().size();
  // Those who are a little behind are not to lose rows because history is short.
  const uint64_t kept = std::max<uint64_t>(history_, kKeptEvents);
  while (events_.size() > kept || (bytes_ > kKeptBytes && events_.size() > history_ + 1)) {
    bytes_ -= events_.front().size();
    events_.pop_front();
    ++first_;
  }
}

uint64_t Board::start() const { return next_id() - std::min<uint64_t>(history_, events_.size()); }

std::optional<uint64_t> Board::start_behind(std::string_view last) const {
  if (!last.starts_with(tag_)) return std::nullopt;
  last.remove_prefix(tag_.size());
  uint64_t id = 0;
  const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), id);
  const bool is_ours = error == std::errc() && end == last.data() + last.size() &&
                       id + 1 >= first_ && id < next_id();
  if (!is_ours) return std::nullopt;
  return id + 1;
}

std::string Board::text_from(uint64_t& id, size_t bytes) const {
  id = std::max(id, first_);
  std::string text;
  while (id < next_id() && text.size() < bytes) text += events_[id++ - first_];
  return text;
}

}  // namespace millrace::feed
