#include "kafka/merged_heads.h"

#include <millrace/abi.h>

#include <limits>

#include "base/time.h"

// No usable time is before all times.
static_assert(MR_TIME_NONE == std::numeric_limits<int64_t>::min());

namespace millrace::kafka {

void MergedHeads::put(uint32_t partition, int64_t time_us) {
  heads_[partition] = {State::kMessage, time_us};
}

void MergedHeads::at_end(uint32_t partition, int64_t now_us) {
  Head& head = heads_[partition];
  if (head.state == State::kUnknown) head = {State::kAtEnd, now_us};
}

void MergedHeads::end_unproven(uint32_t partition) {
  Head& head = heads_[partition];
  if (head.state == State::kAtEnd) head = {};
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
