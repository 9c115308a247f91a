// Making the node, prepare, and state for the commit.
#include "operators/join_node.h"

#include "base/bytes.h"
#include "json/value.h"
#include "operators/join_work.h"
#include "operators/meta_number.h"

namespace millrace {

using JoinType = JoinConfig::Type;

bool JoinNode::pads(size_t side) const {
  switch (pair_.type) {
    case JoinType::kLeft:
    case JoinType::kAnti: return side == 0;
    case JoinType::kRight: return side == 1;
    case JoinType::kFull: return true;
    default: return false;
  }
}

int64_t JoinNode::life_us(size_t side) const {
  return saturating_add(saturating_add(side == 0 ? after_us_ : before_us_, 1),
                        allowed_lateness_us_);
}

/// Whether a row's partner has come is asked at the end of its life; a semi join asks before.
bool JoinNode::tracks_matches(size_t side) const {
  return pads(side) || (side == 0 && pair_.semi());
}

JoinNode::JoinNode(std::string name, std::vector<Input> inputs, JoinedRows joined, JoinPlan plan)
    : PairNode(std::move(name), std::move(inputs), std::move(joined), std::move(plan.pair), 2,
               "join rows v3"),
      before_us_(plan.before_us),
      after_us_(plan.after_us),
      allowed_lateness_us_(plan.allowed_lateness_us),
      buffers_{JoinBuffer(life_us(0), tracks_matches(0)),
               JoinBuffer(life_us(1), tracks_matches(1))} {}

std::unique_ptr<NodeWork> JoinNode::make_work() const {
  auto work = std::make_unique<Work>();
  make_pair(*work);
  return work;
}

/// Only rows that are owed at the end of a life wait for W; the others are just kept.
std::optional<OpenWork> JoinNode::open_work() const {
  OpenWork out{0, "unmatched records"};
  for (const JoinBuffer& side : buffers_) {
    EventTime end = kTimeMax;
    if (side.next_end(end)) out.closes_at = std::min(out.closes_at, end);
    out.open += side.unmatched();
  }
  out.next_end = out.closes_at;
  return out;
}

template <class Number>
void JoinNode::save_by_side(JsonValue& meta, std::string_view key, Number number) {
  JsonValue& numbers = meta.set(key, JsonValue::array());
  for (JoinBuffer& side : buffers_) numbers.push_back(JsonValue::integer(number(side)));
}

template <class Take>
void JoinNode::restore_by_side(const JsonValue& meta, std::string_view key, Take take) {
  const JsonValue* numbers = meta.find(key);
  for (size_t side = 0; side < 2 && numbers && numbers->is_array(); ++side) {
    if (side < numbers->items().size() && numbers->items()[side].is_int())
      take(buffers_[side], numbers->items()[side].as_int());
  }
}

void JoinNode::save(uint64_t epoch, Commit& commit, JsonValue& meta) {
  meta.set("watermark", JsonValue::integer(watermark_ == kTimeMax ? kTimeNone : watermark_));
  meta.set("input_watermark", JsonValue::integer(input_watermark_));
  save_merged(merged_, meta);
  save_fields(meta);
  save_by_side(meta, "slices_us", [](JoinBuffer& side) { return side.slices().widest(); });
  save_by_side(meta, "next_rows",
               [](JoinBuffer& side) { return static_cast<int64_t>(side.next_sequence()); });
  for (uint8_t side = 0; side < 2; ++side) {
    blocks_.save(buffers_[side].slices(), side, epoch, commit,
                 [](const JoinBuffer::Row& row, std::string& value) {
                   append_i64(value, row.time);
                   append_u64(value, row.sequence);
                   append_u8(value,
                             static_cast<uint8_t>((row.matched ? 1 : 0) | (row.key ? 2 : 0)));
                   if (row.key) append_sized(value, row.key->first);
                   value += row.bytes;
                 });
  }
}

Result<void> JoinNode::restore(const JsonValue& meta, CommitLog& log) {
  watermark_ = meta_number(meta, "watermark", kTimeNone);
  input_watermark_ = meta_number(meta, "input_watermark", kTimeNone);
  restore_merged(meta, merged_);
  MILLRACE_TRY(restore_fields(meta));
  // How long rows live follows allowed_lateness, which may have changed since.
  restore_by_side(meta, "slices_us",
                  [](JoinBuffer& side, int64_t widest) { side.slices().restore_widest(widest); });
  restore_by_side(meta, "next_rows", [](JoinBuffer& side, int64_t next) {
    side.restore_sequence(static_cast<uint64_t>(next));
  });
  return blocks_.restore(log, [&](const SliceBlocks::Stored& stored) {
    ByteReader reader(stored.value);
    JoinBuffer::Row row;
    row.time = reader.i64();
    row.sequence = reader.u64();
    const uint8_t flags = reader.u8();
    row.matched = (flags & 1) != 0;
    const std::string_view key = (flags & 2) != 0 ? reader.sized() : std::string_view();
    row.bytes = reader.left();
    if (!reader.ok() || stored.shard > 1 || !conversion_[stored.shard].apply(row.bytes))
      return false;
    JoinBuffer& buffer = buffers_[stored.shard];
    JoinBuffer::Row& kept = buffer.restore(stored.slice, (flags & 2) != 0 ? &key : nullptr,
                                           std::move(row), input_watermark_);
    if (conversion_[stored.shard].changes()) buffer.slices().touch(kept);
    return true;
  });
}

}  // namespace millrace
