#include "plugin/out_side.h"

#include "plugin/host_side.h"

namespace millrace {
namespace {

using What = SourceInstance::PartitionEvent::What;

std::string copy(mr_str text) {
  return text.ptr ? std::string(text.ptr, static_cast<size_t>(text.len)) : std::string();
}

/// Rejects are errors, whatever the plugin says.
mr_rc reject_code(mr_rc rc) { return rc < 0 ? rc : MR_E_RECORD; }

}  // namespace

OutSide::OutSide(Kind role, BatchBuilder& builder,
                 std::vector<SourceInstance::PartitionEvent>* events)
    : abi_{sizeof(mr_out), 0,      this,   pass,   select,       reserve,
           reserve_value,  commit, donate, reject, reject_bytes, gap},
      role_(role),
      builder_(builder),
      events_(events),
      records_before_(builder.records()) {}

const mr_partitions_v1* OutSide::partitions() {
  static constexpr mr_partitions_v1 table{sizeof table, 0, assigned, at_end, revoking, watermark};
  return &table;
}

mr_rc OutSide::refuse(const char* why) {
  if (fault_.empty()) fault_ = why;
  return MR_E_CONTRACT;
}

mr_rc OutSide::judged(mr_rc rc) { return rc == MR_E_CONTRACT ? refuse(builder_.fault()) : rc; }

mr_rc OutSide::pass(mr_out* out, const mr_batch* in) noexcept {
  OutSide& o = of(out);
  if (o.role_ == Kind::kSink) return o.refuse("a sink puts out rejects only");
  if (!in) return o.refuse("pass: no batch");
  return o.judged(o.builder_.pass(*in));
}

mr_rc OutSide::select(mr_out* out, const mr_batch* in, const uint32_t* idx, uint32_t n) noexcept {
  OutSide& o = of(out);
  if (o.role_ == Kind::kSink) return o.refuse("a sink puts out rejects only");
  if (!in || (!idx && n > 0)) return o.refuse("select: no batch or no indices");
  return o.judged(o.builder_.select(*in, {idx, n}));
}

mr_rc OutSide::reserve(mr_out* out, const mr_need* need, mr_room* room) noexcept {
  OutSide& o = of(out);
  if (o.role_ == Kind::kSink) return o.refuse("a sink puts out rejects only");
  if (!need || !room || need->struct_size < sizeof *need || room->struct_size < sizeof *room) {
    return o.refuse("reserve: struct_size is too small");
  }
  return o.judged(o.builder_.reserve(*need, *room));
}

mr_rc OutSide::reserve_value(mr_out* out, const mr_batch* in, uint64_t value_bytes,
                             mr_room* room) noexcept {
  OutSide& o = of(out);
  if (o.role_ == Kind::kSink) return o.refuse("a sink puts out rejects only");
  if (!in || !room || room->struct_size < sizeof *room) {
    return o.refuse("reserve_value: no batch, or struct_size is too small");
  }
  return o.judged(o.builder_.reserve_value(*in, value_bytes, *room));
}

mr_rc OutSide::commit(mr_out* out, uint32_t n) noexcept {
  OutSide& o = of(out);
  return o.judged(o.builder_.commit(n));
}

mr_rc OutSide::donate(mr_out* out, mr_batch* batch) noexcept {
  OutSide& o = of(out);
  if (o.role_ == Kind::kSink) return o.refuse("a sink puts out rejects only");
  return o.judged(o.builder_.donate(batch));
}

mr_rc OutSide::reject(mr_out* out, const mr_batch* in, uint32_t index, mr_rc rc,
                      mr_str why) noexcept {
  OutSide& o = of(out);
  const mr_batch* batch = in ? in : o.input_;  // arrow/1 has no batch, only rows.
  if (!batch || index >= batch->count) return o.refuse("reject: index beyond the batch");
  const BatchRef ref = BatchRef::share(batch);
  Reject reject;
  reject.partition = ref.partition(index);
  reject.position = ref.position(index);
  reject.time_us = ref.time_us(index);
  reject.bytes = ref.value(index);
  if (batch == o.input_) reject.index = index;  // Else of a batch that was kept from earlier.
  reject.rc = reject_code(rc);
  reject.reason = clean_text(why);
  o.builder_.reject(std::move(reject));
  return MR_OK;
}

mr_rc OutSide::reject_bytes(mr_out* out, uint32_t partition, uint64_t position, int64_t time_us,
                            mr_str bytes, mr_rc rc, mr_str why) noexcept {
  OutSide& o = of(out);
  if (o.role_ != Kind::kSource) return o.refuse("reject_bytes is for sources");
  Reject reject;
  reject.partition = partition;
  reject.position = position;
  reject.time_us = time_us;
  reject.bytes = copy(bytes);
  reject.rc = reject_code(rc);
  reject.reason = clean_text(why);
  o.builder_.reject(std::move(reject));
  return MR_OK;
}

mr_rc OutSide::gap(mr_out* out, const mr_gap* g) noexcept {
  OutSide& o = of(out);
  if (o.role_ != Kind::kSource) return o.refuse("gap is for sources");
  if (!g || g->struct_size < sizeof *g) return o.refuse("gap: struct_size is too small");
  o.builder_.gap({g->partition, g->from_us, g->to_us, g->from_position, g->to_position,
                  g->estimated != 0, clean_text(g->reason)});
  return MR_OK;
}

mr_rc OutSide::event(What what, uint32_t partition, int64_t w_us) {
  if (!events_) return refuse("partition events belong into poll");
  events_->push_back({what, partition, w_us, builder_.records() - records_before_});
  return MR_OK;
}

mr_rc OutSide::assigned(mr_out* out, uint32_t partition) noexcept {
  return of(out).event(What::kAssigned, partition, MR_TIME_NONE);
}
mr_rc OutSide::at_end(mr_out* out, uint32_t partition) noexcept {
  return of(out).event(What::kAtEnd, partition, MR_TIME_NONE);
}
mr_rc OutSide::revoking(mr_out* out, uint32_t partition) noexcept {
  return of(out).event(What::kRevoking, partition, MR_TIME_NONE);
}
mr_rc OutSide::watermark(mr_out* out, uint32_t partition, int64_t w_us) noexcept {
  return of(out).event(What::kWatermark, partition, w_us);
}

}  // namespace millrace
