#include "head_gate.h"

namespace millrace::file_source {

bool HeadGate::may_go(std::string_view record) {
  if (!head_) head_ = times_.of(record);
  const bool first = *head_ == MR_TIME_NONE || *head_ < until_ || (*head_ == until_ && inclusive_);
  waits_for_clock_ = first && clock_ && !clock_->may_go(record);
  if (!first || waits_for_clock_) return false;
  head_.reset();
  return true;
}

}  // namespace millrace::file_source
