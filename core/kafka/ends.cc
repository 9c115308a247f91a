#include "kafka/ends.h"

#include <algorithm>

namespace millrace::kafka {
namespace {

/// One small request to each leader. An end is at most so old when the host goes by it.
constexpr std::chrono::milliseconds kLookEvery{500};
/// Asking in vain takes until a time-out, in which nothing is read: at most a fifth of the time.
constexpr int kRestsPerWait = 4;

}  // namespace

void Ends::look(const Ask& ask, const Tell& tell) {
  if (ends_.empty()) return;
  const Time began = now_();
  if (began < look_at_) return;
  std::vector<Place> places;
  for (const auto& [number, end] : ends_) places.push_back({number, end.offset});
  const auto answer = ask(places);
  const Time ended = now_();
  look_at_ =
      ended +
      (answer ? kLookEvery : std::max<Time::duration>(kLookEvery, kRestsPerWait * (ended - began)));
  for (size_t i = 0; i < places.size(); ++i) {
    const auto place = ends_.find(places[i].number);
    const bool holds = answer && (*answer)[i] == places[i].offset;
    if (holds != place->second.proven) tell(places[i].number, holds);
    place->second.proven = holds;
    // There is more, and the next end is told when it was read.
    if (answer && (*answer)[i] > places[i].offset) ends_.erase(place);
  }
}

}  // namespace millrace::kafka
