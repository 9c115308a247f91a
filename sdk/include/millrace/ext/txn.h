/// millrace.txn/1, offered by the host under the kafka commit log: a sink with MR_CAP_IN_COMMIT
/// puts its rows into the transaction of the commit itself.
#ifndef MILLRACE_EXT_TXN_H
#define MILLRACE_EXT_TXN_H

#include <millrace/abi.h>

#define MR_EXT_TXN "millrace.txn/1"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mr_txn_v1 {
  uint32_t struct_size, reserved;
  /// `partition` -1: by key. Everything is copied. [data]
  MR_F(mr_rc, produce, mr_ctx* ctx, mr_str topic, int32_t partition, mr_str key, mr_str value,
       const mr_pair* headers, uint32_t n, int64_t time_us, mr_err* err);
} mr_txn_v1;

#define MR_TXN_V1_MIN_SIZE 16u

#ifdef __cplusplus
}
#endif
#endif  // MILLRACE_EXT_TXN_H
