#include "kafka/merged_heads.h"

#include "base/time.h"

namespace millrace::kafka {

void MergedHeads::put(uint32_t partition, int64_t time_ms) {
  heads_[partition] = {State::kMessage, time_ms};
}

void MergedHeads::at_end(uint32_t partition, int64_t now_us) {
  Head& head = heads_[partition];
  if (head.state == State::kUnknown) head = {State::kAtEnd, now_us};
}

bool MergedHeads::is_waited_for(const Head& head, int64_t now_us) const {
  return head.state == State::kUnknown ||
         (head.state == State::kAtEnd && now_us < saturating_add(head.at, max_idle_us_));
}

MergedHeads::Next MergedHeads::next(int64_t now_us) const {
  Next out;
  for (uint32_t i = 0; i < heads_.size(); ++i) {
    if (is_waited_for(heads_[i], now_us)) return {std::nullopt, i};
    if (!has_message(i)) continue;
    if (!out.message || heads_[i].at < heads_[*out.message].at) out.message = i;
  }
  return out;
}

}  // namespace millrace::kafka
