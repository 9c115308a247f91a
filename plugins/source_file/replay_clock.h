#pragma once

/// Lets recorded records go at the pace at which they happened, times `speed`: the record of time t
/// is due at start + (t - t0) / speed, where t0 is the first record of this run. Only the pace
/// depends on it, never a result: windows look at event times. Not for the hot path, since each
/// record is parsed once more; at a pace that somebody watches that does not matter.

#include "gate.h"
#include "record_time.h"
#include "settings.h"

namespace millrace::file_source {

class ReplayClock final : public Gate {
 public:
  ReplayClock(const context& ctx, const ReplaySettings& settings);

  /// `record`: a JSON object. One without a usable time may go.
  bool may_go(std::string_view record) override;

 private:
  double speed_;
  RecordTime times_;
  std::optional<double> first_;
  double started_ = 0;
};

}  // namespace millrace::file_source
