// Making the node, prepare, and state for the commit.
#include "pipeline/lookup_node.h"

#include "base/bytes.h"
#include "json/value.h"
#include "pipeline/lookup_work.h"

namespace millrace {
namespace {

enum Shard : uint8_t { kVersions = 0, kWaiting = 1 };

void encode_key(const TableVersions::Key& key, std::string& value) {
  append_sized(value, *key.key);
  append_varint(value, key.versions.size());
  for (const auto& version : key.versions) {
    append_i64(value, version.time);
    append_u8(value, version.deleted);
    append_sized(value, *version.row);
  }
}

bool decode_key(std::string_view value, TableVersions& into) {
  ByteReader reader(value);
  const std::string_view key = reader.sized();
  const uint64_t count = reader.varint();
  std::vector<TableVersions::Version> versions;
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    TableVersions::Version version;
    version.time = reader.i64();
    version.deleted = reader.u8() != 0;
    version.row = std::make_shared<const std::string>(reader.sized());
    versions.push_back(std::move(version));
  }
  if (!reader.at_end()) return false;
  into.restore(key, std::move(versions));
  return true;
}

}  // namespace

LookupNode::LookupNode(std::string name, std::vector<Input> inputs, JoinedRows joined, LookupPlan plan)
    : Node(std::move(name), std::move(inputs)),
      plan_(std::move(plan)),
      input_{GroupedInput({}, plan_.keys[0], this->inputs()[0]), GroupedInput({}, plan_.keys[1], this->inputs()[1])},
      joined_(std::move(joined)),
      results_(std::move(plan_.result), joined_.shape()),
      late_({input_[0].stage_shape()}),
      op_(this->inputs()[1].node->shape().op),
      versions_(!plan_.latest),
      waiting_(plan_.keep_us) {
  for (const Input& input : this->inputs()) inputs_parallel_ = inputs_parallel_ && input.node->parallel();
  shape_of(Port::kMain) = results_.shape();
  shape_of(Port::kErrors) = ErrorRows::shape();
  shape_of(Port::kLate) = late_.shape();
}

std::unique_ptr<NodeWork> LookupNode::make_work() const {
  auto work = std::make_unique<Work>();
  for (size_t side = 0; side < 2; ++side) input_[side].start(work->in[side]);
  results_.make(work->result);
  return work;
}

void LookupNode::set_wanted(std::vector<bool> wanted) {
  Node::set_wanted(std::move(wanted));
  std::vector<bool> needed(joined_.shape().schema.size());
  results_.demand(wanted_, needed);
  if (plan_.residual) mark_fields(*plan_.residual, needed);
  joined_.set_needed(needed);
  blocks_ = std::make_unique<SliceBlocks>(
      name(), "lookup v1; " + joined_.layout_text(0) + "; " + joined_.layout_text(1));
}

void LookupNode::demand(size_t side, std::vector<bool>& wanted) const {
  input_[side].demand(false, wanted);
  joined_.demand(side, wanted);
  if (side == 0) late_.demand(0, wanted);
  if (side == 1 && op_) wanted[*op_] = true;
}

void LookupNode::prepare(Chunk& chunk) const {
  auto& work = static_cast<Work&>(work_of(chunk));
  for (size_t side = 0; side < 2; ++side) {
    if (!inputs()[side].node->reached_from(chunk.source)) continue;
    const Rows& rows = input_rows(chunk, side);
    input_[side].prepare(work.in[side], rows,
                         inputs_parallel_ ? rows.selection() : input_view(chunk, side).live);
  }
}

const EventTime* LookupNode::watermarks(const Chunk& chunk) const {
  return static_cast<const Work&>(*chunk.work[index()]).watermarks.data();
}

void LookupNode::save(uint64_t epoch, Commit& commit, JsonValue& meta) {
  meta.set("watermark", JsonValue::integer(watermark_ == kTimeMax ? kTimeNone : watermark_));
  meta.set("stream_watermark", JsonValue::integer(stream_watermark_));
  meta.set("table_watermark", JsonValue::integer(table_watermark_));
  blocks_->save(versions_.slices(), kVersions, epoch, commit, encode_key);
  blocks_->save(waiting_.slices(), kWaiting, epoch, commit, [](const WaitingRows::Row& row, std::string& value) {
    append_i64(value, row.time);
    append_u64(value, row.sequence);
    append_u8(value, row.has_key);
    append_sized(value, row.key);
    value += row.bytes;
  });
}

Result<void> LookupNode::restore(const JsonValue& meta, CommitLog& log) {
  const auto time = [&](std::string_view key) {
    const JsonValue* value = meta.find(key);
    return value && value->is_int() ? value->as_int() : kTimeNone;
  };
  watermark_ = time("watermark");
  stream_watermark_ = time("stream_watermark");
  table_watermark_ = time("table_watermark");
  return blocks_->restore(log, [&](const SliceBlocks::Stored& stored) {
    if (stored.shard == kVersions) return decode_key(stored.value, versions_);
    ByteReader reader(stored.value);
    WaitingRows::Row row;
    row.time = reader.i64();
    row.sequence = reader.u64();
    row.has_key = reader.u8() != 0;
    row.key = reader.sized();
    row.bytes = reader.left();
    if (reader.ok()) waiting_.restore(stored.slice, std::move(row), table_watermark_);
    return reader.ok();
  });
}

}  // namespace millrace
