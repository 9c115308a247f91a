/// millrace.epoch_sink/1, offered by a sink with MR_CAP_EPOCH_MARKED (mr_lifecycle.extension): it
/// stores the epoch beside the rows, in one transaction of its own, and so can tell what it has.
#ifndef MILLRACE_EXT_EPOCH_SINK_H
#define MILLRACE_EXT_EPOCH_SINK_H

#include <millrace/abi.h>

#define MR_EXT_EPOCH_SINK "millrace.epoch_sink/1"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mr_epoch_sink_v1 {
  uint32_t struct_size, reserved;
  /// `pipeline` names a pipeline, a sink in it and its state, so that a fresh start never meets old
  /// epochs: take it as it is. Asked after open. 0 = `pipeline` never wrote here. A smaller answer
  /// than the host's last commit: the missing epochs are delivered again. [data]
  MR_F(mr_rc, last_epoch, mr_self* self, mr_str pipeline, uint64_t* epoch, mr_err* err);
  /// All rows of `epoch` and the number itself, in one transaction. [data]
  MR_F(mr_rc, write_epoch, mr_self* self, mr_str pipeline, uint64_t epoch,
       const mr_batch* const* rows, uint32_t n, mr_out* rejects, mr_err* err);
} mr_epoch_sink_v1;

#define MR_EPOCH_SINK_V1_MIN_SIZE 24u

#ifdef __cplusplus
}
#endif
#endif  // MILLRACE_EXT_EPOCH_SINK_H
