// Making the node, prepare, and state for the commit.
#include "operators/lookup_node.h"

#include "base/bytes.h"
#include "json/value.h"
#include "operators/lookup_work.h"
#include "operators/meta_number.h"

namespace millrace {
namespace {

/// Of the stored rows that wait.
constexpr uint8_t kShard = 0;

void encode_key(const TableVersions::Key& key, std::string& value) {
  append_varint(value, key.versions.size());
  for (const auto& version : key.versions) {
    append_i64(value, version.time);
    append_u8(value, version.deleted);
    append_sized(value, *version.row);
  }
}

}  // namespace

LookupNode::LookupNode(std::string name, std::vector<Input> inputs, JoinedRows joined,
                       LookupPlan plan)
    : PairNode(std::move(name), std::move(inputs), std::move(joined), std::move(plan.pair), 1,
               "lookup v3"),
      latest_(plan.latest),
      keep_us_(plan.keep_us),
      op_(this->inputs()[1].node->shape().op),
      versions_(!latest_),
      version_blocks_(this->name() + "/versions", "versions v1: time, deleted, row"),
      waiting_(keep_us_) {}

std::unique_ptr<NodeWork> LookupNode::make_work() const {
  auto work = std::make_unique<Work>();
  make_pair(*work);
  return work;
}

void LookupNode::demand(size_t side, std::vector<bool>& wanted) const {
  PairNode::demand(side, wanted);
  if (side == 1 && op_) wanted[*op_] = true;
}

void LookupNode::save(uint64_t epoch, Commit& commit, JsonValue& meta) {
  meta.set("watermark", JsonValue::integer(watermark_ == kTimeMax ? kTimeNone : watermark_));
  meta.set("stream_watermark", JsonValue::integer(stream_watermark_));
  meta.set("table_watermark", JsonValue::integer(table_watermark_));
  save_fields(meta);
  version_blocks_.save(versions_.keys(), epoch, commit, encode_key);
  blocks_.save(waiting_.slices(), kShard, epoch, commit,
               [](const WaitingRows::Row& row, std::string& value) {
                 append_i64(value, row.time);
                 append_u64(value, row.sequence);
                 append_u8(value, row.has_key);
                 append_sized(value, row.key);
                 value += row.bytes;
               });
}

Result<void> LookupNode::restore(const JsonValue& meta, CommitLog& log) {
  watermark_ = meta_number(meta, "watermark", kTimeNone);
  stream_watermark_ = meta_number(meta, "stream_watermark", kTimeNone);
  table_watermark_ = meta_number(meta, "table_watermark", kTimeNone);
  MILLRACE_TRY(restore_fields(meta));
  MILLRACE_TRY(version_blocks_.restore(
      versions_.keys(), log,
      [&](const KeyedBlocks::Stored& stored) { return restore_versions(stored); }));
  return blocks_.restore(
      log, [&](const SliceBlocks::Stored& stored) { return restore_waiting(stored); });
}

bool LookupNode::restore_versions(const KeyedBlocks::Stored& stored) {
  ByteReader reader(stored.value);
  const uint64_t count = reader.varint();
  std::vector<TableVersions::Version> versions;
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    TableVersions::Version version;
    version.time = reader.i64();
    version.deleted = reader.u8() != 0;
    std::string row(reader.sized());
    if (!version.deleted && !conversion_[1].apply(row)) return false;
    version.row = std::make_shared<const std::string>(std::move(row));
    versions.push_back(std::move(version));
  }
  if (!reader.at_end() || versions.empty()) return false;
  TableVersions::Key& kept = versions_.restore(stored.key, stored.ordinal, std::move(versions));
  if (conversion_[1].changes()) versions_.keys().touch(kept);
  return true;
}

bool LookupNode::restore_waiting(const SliceBlocks::Stored& stored) {
  ByteReader reader(stored.value);
  WaitingRows::Row row;
  row.time = reader.i64();
  row.sequence = reader.u64();
  row.has_key = reader.u8() != 0;
  row.key = reader.sized();
  row.bytes = reader.left();
  if (!reader.ok() || !conversion_[0].apply(row.bytes)) return false;
  WaitingRows::Row& kept = waiting_.restore(stored.slice, std::move(row), table_watermark_);
  if (conversion_[0].changes()) waiting_.slices().touch(kept);
  return true;
}

}  // namespace millrace
