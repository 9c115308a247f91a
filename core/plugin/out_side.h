#pragma once

/// The mr_out that a plugin writes to. Thin: the BatchBuilder behind it judges what is written;
/// this class keeps roles apart (a sink only rejects) and remembers the first broken promise, since
/// the plugin may ignore the code that it got for it. Threads: the one that makes the call.

#include <millrace/ext/partitions.h>

#include "plugin/component.h"

namespace millrace {

class OutSide {
 public:
  /// `events` null unless the role is source.
  OutSide(Kind role, BatchBuilder& builder, std::vector<SourceInstance::PartitionEvent>* events);

  mr_out* abi() { return &abi_; }
  static const mr_partitions_v1* partitions();

  /// The batch that this call was given: rejects of it carry their index.
  void input(const mr_batch* batch) { input_ = batch; }
  /// The first broken promise; "" = none.
  const std::string& fault() const { return fault_; }

 private:
  static OutSide& of(mr_out* out) { return *static_cast<OutSide*>(out->self); }
  mr_rc refuse(const char* why);
  /// Keeps the builder's word about a refusal.
  mr_rc judged(mr_rc rc);
  mr_rc event(SourceInstance::PartitionEvent::What what, uint32_t partition, int64_t w_us);

  static mr_rc pass(mr_out* out, const mr_batch* in) noexcept;
  static mr_rc select(mr_out* out, const mr_batch* in, const uint32_t* idx, uint32_t n) noexcept;
  static mr_rc reserve(mr_out* out, const mr_need* need, mr_room* room) noexcept;
  static mr_rc reserve_value(mr_out* out, const mr_batch* in, uint64_t value_bytes,
                             mr_room* room) noexcept;
  static mr_rc commit(mr_out* out, uint32_t n) noexcept;
  static mr_rc donate(mr_out* out, mr_batch* batch) noexcept;
  static mr_rc reject(mr_out* out, const mr_batch* in, uint32_t index, mr_rc rc,
                      mr_str why) noexcept;
  static mr_rc reject_bytes(mr_out* out, uint32_t partition, uint64_t position, int64_t time_us,
                            mr_str bytes, mr_rc rc, mr_str why) noexcept;
  static mr_rc gap(mr_out* out, const mr_gap* gap) noexcept;
  static mr_rc assigned(mr_out* out, uint32_t partition) noexcept;
  static mr_rc at_end(mr_out* out, uint32_t partition) noexcept;
  static mr_rc revoking(mr_out* out, uint32_t partition) noexcept;
  static mr_rc watermark(mr_out* out, uint32_t partition, int64_t w_us) noexcept;

  mr_out abi_;
  const Kind role_;
  BatchBuilder& builder_;
  std::vector<SourceInstance::PartitionEvent>* events_;
  const uint32_t records_before_;
  const mr_batch* input_ = nullptr;
  std::string fault_;
};

}  // namespace millrace
