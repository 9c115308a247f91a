/// millrace.event_times/1, offered by the host to sources that put their partitions into one order
/// by event time: what the host will read from a record, told before the record is put out. One
/// reader for both, so that the order is that of the times which windows see.
#ifndef MILLRACE_EXT_EVENT_TIMES_H
#define MILLRACE_EXT_EVENT_TIMES_H

#include <millrace/abi.h>

#define MR_EXT_EVENT_TIMES "millrace.event_times/1"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mr_event_times_v1 {
  uint32_t struct_size, reserved;
  /// The event time of a record with this value, for which the source itself would say `time_us`
  /// (mr_room.time_us). MR_TIME_NONE: it has no time that can be used, so nobody waits for it and
  /// it releases nothing. Costs a look for one field. Inside poll, from the thread that polls.
  /// [data]
  MR_F(int64_t, read, mr_ctx* ctx, mr_str value, int64_t time_us);
} mr_event_times_v1;

#define MR_EVENT_TIMES_V1_MIN_SIZE 16u

#ifdef __cplusplus
}
#endif
#endif  // MILLRACE_EXT_EVENT_TIMES_H
