#pragma once

/// For sources that put their partitions into one order by event time: the time of a record, read
/// by the host before the record is put out. Copyable. Inside poll only.

#include <millrace/ext/event_times.h>

#include <millrace/cpp/context.hpp>

namespace millrace {
inline namespace sdk_v1 {

class event_times {
 public:
  /// In open or later. Throws `fatal` if the host is too old to offer it: without it the order
  /// would be another one.
  explicit event_times(const context& ctx)
      : ctx_(ctx),
        table_(ctx.extension<mr_event_times_v1>(MR_EXT_EVENT_TIMES, MR_EVENT_TIMES_V1_MIN_SIZE)) {
    if (!table_) throw fatal("this host does not offer " MR_EXT_EVENT_TIMES);
  }

  /// `own_us`: what the source itself says of the time, as in record::time_us. MR_TIME_NONE: there
  /// is none that can be used; such a record goes at once.
  int64_t of(std::string_view value, int64_t own_us = MR_TIME_NONE) const {
    return table_->read(ctx_.abi(), detail::to_abi(value), own_us);
  }

 private:
  context ctx_;
  const mr_event_times_v1* table_;
};

}  // namespace sdk_v1
}  // namespace millrace
