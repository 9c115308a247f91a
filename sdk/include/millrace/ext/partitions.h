/// millrace.partitions/1, offered by the host to sources whose partitions come and go, end, or know
/// their own progress. Called inside poll, in order with the records.
#ifndef MILLRACE_EXT_PARTITIONS_H
#define MILLRACE_EXT_PARTITIONS_H

#include <millrace/abi.h>

#define MR_EXT_PARTITIONS "millrace.partitions/1"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mr_partitions_v1 {
  uint32_t struct_size, reserved;
  /// Records of `partition` may follow: no end of it is proven now. Each has a watermark of its own
  /// from now on; those never announced have one together. To be told again after open. [data]
  MR_F(mr_rc, assigned, mr_out* out, uint32_t partition);
  /// Proven: everything that exists of `partition` now has been returned. [data]
  MR_F(mr_rc, at_end, mr_out* out, uint32_t partition);
  /// The host finishes or aborts the commit before the next poll. [data]
  MR_F(mr_rc, revoking, mr_out* out, uint32_t partition);
  /// No record before `w_us` will follow in `partition`. [data]
  MR_F(mr_rc, watermark, mr_out* out, uint32_t partition, int64_t w_us);
} mr_partitions_v1;

#define MR_PARTITIONS_V1_MIN_SIZE 40u

#ifdef __cplusplus
}
#endif
#endif  // MILLRACE_EXT_PARTITIONS_H
