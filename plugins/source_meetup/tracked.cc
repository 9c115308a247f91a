#include "source_meetup/tracked.h"

#include <charconv>

#include "common/json/json_reader.h"

namespace millrace::meetup {

bool Tracked::differs(const std::string& event, const std::string& id, uint64_t state) const {
  const auto found = events_.find(event);
  if (found == events_.end()) return true;
  const auto answer = found->second.answers.find(id);
  return answer == found->second.answers.end() || answer->second != state;
}

std::vector<std::string> Tracked::absent(const std::string& event,
                                         const std::map<std::string, uint64_t>& seen) const {
  std::vector<std::string> ids;
  const auto found = events_.find(event);
  if (found == events_.end()) return ids;
  for (const auto& [id, state] : found->second.answers) {
    if (!seen.contains(id)) ids.push_back(id);
  }
  return ids;
}

void Tracked::keep(const std::string& event, const std::map<std::string, uint64_t>& seen,
                   bool forgets_absent) {
  Event& known = events_[event];
  size_ -= known.answers.size();
  if (forgets_absent) known.answers.clear();
  for (const auto& [id, state] : seen) known.answers[id] = state;
  size_ += known.answers.size();
  known.pass = ++passes_;
  shrink();
}

void Tracked::shrink() {
  while (size_ > max_ && events_.size() > 1) {
    auto oldest = events_.begin();
    for (auto at = events_.begin(); at != events_.end(); ++at) {
      if (at->second.pass < oldest->second.pass) oldest = at;
    }
    size_ -= oldest->second.answers.size();
    events_.erase(oldest);
  }
}

std::string Tracked::snapshot() const {
  std::string text = "{";
  const char* comma = "";
  for (const auto& [name, event] : events_) {
    text += comma + json::quoted(name) + ":{";
    comma = "";
    for (const auto& [id, state] : event.answers) {
      // As text: a hash needs all its 64 bits.
      text += comma + json::quoted(id) + ":\"" + std::to_string(state) + "\"";
      comma = ",";
    }
    text += "}";
    comma = ",";
  }
  return text + "}";
}

void Tracked::restore(std::string_view json) {
  events_.clear();
  size_ = 0;
  json::JsonReader().members(json, [&](std::string_view name, std::string_view answers) {
    std::map<std::string, uint64_t> seen;
    json::JsonReader().members(answers, [&](std::string_view id, std::string_view raw) {
      std::string text;
      uint64_t state = 0;
      json::JsonReader().text(raw, text);
      std::from_chars(text.data(), text.data() + text.size(), state);
      seen.emplace(id, state);
    });
    keep(std::string(name), seen, false);
  });
}

}  // namespace millrace::meetup
