// Making the node, prepare, and state for the commit.
#include "pipeline/join_node.h"

#include "base/bytes.h"
#include "json/value.h"
#include "pipeline/join_work.h"

namespace millrace {
namespace {

using JoinType = JoinConfig::Type;

/// Whether a row's partner has come is asked at the end of its life; a semi join asks before.
bool tracks_matches(const JoinPlan& plan, size_t side) {
  return plan.pads(side) || (side == 0 && plan.semi());
}

}  // namespace

bool JoinPlan::pads(size_t side) const {
  switch (type) {
    case JoinType::kLeft:
    case JoinType::kAnti: return side == 0;
    case JoinType::kRight: return side == 1;
    case JoinType::kFull: return true;
    default: return false;
  }
}

int64_t JoinPlan::life_us(size_t side) const {
  return saturating_add(saturating_add(side == 0 ? after_us : before_us, 1), allowed_lateness_us);
}

JoinNode::JoinNode(std::string name, std::vector<Input> inputs, JoinedRows joined, JoinPlan plan)
    : Node(std::move(name), std::move(inputs)),
      plan_(std::move(plan)),
      input_{GroupedInput({}, plan_.keys[0], this->inputs()[0]), GroupedInput({}, plan_.keys[1], this->inputs()[1])},
      joined_(std::move(joined)),
      results_(std::move(plan_.result), joined_.shape()),
      late_({input_[0].stage_shape(), input_[1].stage_shape()}),
      buffers_{JoinBuffer(plan_.life_us(0), tracks_matches(plan_, 0)),
               JoinBuffer(plan_.life_us(1), tracks_matches(plan_, 1))} {
  for (const Input& input : this->inputs()) inputs_parallel_ = inputs_parallel_ && input.node->parallel();
  shape_of(Port::kMain) = results_.shape();
  shape_of(Port::kErrors) = ErrorRows::shape();
  shape_of(Port::kLate) = late_.shape();
}

std::unique_ptr<NodeWork> JoinNode::make_work() const {
  auto work = std::make_unique<Work>();
  for (size_t side = 0; side < 2; ++side) input_[side].start(work->in[side]);
  results_.make(work->result);
  return work;
}

void JoinNode::set_wanted(std::vector<bool> wanted) {
  Node::set_wanted(std::move(wanted));
  std::vector<bool> needed(joined_.shape().schema.size());
  results_.demand(wanted_, needed);
  if (plan_.residual) mark_fields(*plan_.residual, needed);
  joined_.set_needed(needed);
  blocks_ = std::make_unique<SliceBlocks>(
      name(), "join rows v1; " + joined_.layout_text(0) + "; " + joined_.layout_text(1));
}

void JoinNode::demand(size_t side, std::vector<bool>& wanted) const {
  input_[side].demand(false, wanted);
  joined_.demand(side, wanted);
  late_.demand(side, wanted);
}

void JoinNode::prepare(Chunk& chunk) const {
  auto& work = static_cast<Work&>(work_of(chunk));
  for (size_t side = 0; side < 2; ++side) {
    if (!inputs()[side].node->reached_from(chunk.source)) continue;
    const Rows& rows = input_rows(chunk, side);
    input_[side].prepare(work.in[side], rows,
                         inputs_parallel_ ? rows.selection() : input_view(chunk, side).live);
  }
}

const EventTime* JoinNode::watermarks(const Chunk& chunk) const {
  return static_cast<const Work&>(*chunk.work[index()]).watermarks.data();
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

void JoinNode::save(uint64_t epoch, Commit& commit, JsonValue& meta) {
  meta.set("watermark", JsonValue::integer(watermark_ == kTimeMax ? kTimeNone : watermark_));
  meta.set("input_watermark", JsonValue::integer(input_watermark_));
  save_merged(merged_, meta);
  for (uint8_t side = 0; side < 2; ++side) {
    blocks_->save(buffers_[side].slices(), side, epoch, commit, [](const JoinBuffer::Row& row, std::string& value) {
      append_i64(value, row.time);
      append_u64(value, row.sequence);
      append_u8(value, static_cast<uint8_t>((row.matched ? 1 : 0) | (row.key ? 2 : 0)));
      if (row.key) append_sized(value, row.key->first);
      value += row.bytes;
    });
  }
}

Result<void> JoinNode::restore(const JsonValue& meta, CommitLog& log) {
  const auto time = [&](std::string_view key) {
    const JsonValue* value = meta.find(key);
    return value && value->is_int() ? value->as_int() : kTimeNone;
  };
  watermark_ = time("watermark");
  input_watermark_ = time("input_watermark");
  restore_merged(meta, merged_);
  return blocks_->restore(log, [&](const SliceBlocks::Stored& stored) {
    ByteReader reader(stored.value);
    JoinBuffer::Row row;
    row.time = reader.i64();
    row.sequence = reader.u64();
    const uint8_t flags = reader.u8();
    row.matched = (flags & 1) != 0;
    const std::string_view key = (flags & 2) != 0 ? reader.sized() : std::string_view();
    row.bytes = reader.left();
    if (!reader.ok() || stored.shard > 1) return false;
    buffers_[stored.shard].restore(stored.slice, (flags & 2) != 0 ? &key : nullptr, std::move(row), input_watermark_);
    return true;
  });
}

}  // namespace millrace
