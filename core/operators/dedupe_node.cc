// Making the node, prepare, and state for the commit.
#include "operators/dedupe_node.h"

#include "json/value.h"
#include "nodes/record_key.h"
#include "operators/dedupe_work.h"
#include "operators/meta_number.h"
#include "window/stored_row.h"

namespace millrace {
namespace {

/// A row handed out later lies in no chunk: its bytes are written into a batch of the node's own.
Shape made_shape(const Shape& stage, bool later) {
  Shape made = stage;
  if (!later) return made;
  std::vector<Field> fields(stage.schema.fields().begin(),
                            stage.schema.fields().begin() + stage.visible);
  fields.push_back({"event_time()", Type::kTimestamptz});
  made.schema = Schema(std::move(fields));
  made.own_bytes = made.has_bytes;
  drop_hidden_key(made);
  return made;
}

}  // namespace

Shape DedupePlan::made(const Shape& input, const StagePlan& stage, DedupeConfig::Which which) {
  return made_shape(make_stage_shape(input, stage.explode), which == DedupeConfig::Which::kLast);
}

DedupeNode::DedupeNode(std::string name, std::vector<Input> inputs, StagePlan stage,
                       DedupePlan plan)
    : Node(std::move(name), std::move(inputs)),
      plan_(std::move(plan)),
      explode_(stage.explode),
      input_(std::move(stage), plan_.id, this->inputs()[0]),
      results_(std::move(plan_.result), made_shape(input_.stage_shape(), keeps_last())),
      late_({[&] {
        Shape shape = input_.stage_shape();
        const Input& input = this->inputs()[0];
        // Exploded late records are shown as the records they came from.
        shape.has_bytes = input.node->shape(input.port).has_bytes;
        return shape;
      }()}),
      first_(plan_.keep_us),
      last_(plan_.keep_us),
      blocks_(this->name(), keeps_last() ? "last seen v2" : "first seen v1: time, id") {
  inputs_parallel_ = this->inputs()[0].node->parallel();
  shape_of(Port::kMain) = results_.shape();
  shape_of(Port::kErrors) = ErrorRows::shape();
  shape_of(Port::kLate) = late_.shape();
}

std::unique_ptr<NodeWork> DedupeNode::make_work() const {
  auto work = std::make_unique<Work>();
  input_.start(work->in);
  results_.make(work->result);
  work->made_columns.resize(results_.made().schema.size());
  return work;
}

void DedupeNode::set_wanted(std::vector<bool> wanted) {
  Node::set_wanted(std::move(wanted));
  kept_.assign(results_.made().schema.size(), false);
  results_.demand(wanted_, kept_);
  const Shape& made = results_.made();
  std::vector<Field> fields;
  for (uint32_t i = 0; i < made.visible; ++i) {
    if (kept_[i]) fields.push_back(made.schema[i]);
  }
  stored_ = StoredFields(made.own_bytes, std::move(fields));
}

void DedupeNode::demand(size_t, std::vector<bool>& wanted) const {
  input_.demand(false, {}, wanted);
  std::vector<bool> stage_wanted(input_.stage_shape().schema.size());
  for (uint32_t i = 0; i < kept_.size(); ++i) {
    const bool later_time = keeps_last() && i == results_.made().visible;
    if (kept_[i] && !later_time) stage_wanted[i] = true;
  }
  late_.demand(0, late_wanted_, stage_wanted);
  demand_through_explode(explode_, stage_wanted, wanted);
}

void DedupeNode::prepare(Chunk& chunk) const {
  const Rows& rows = input_rows(chunk);
  input_.prepare(static_cast<Work&>(work_of(chunk)).in, rows,
                 inputs_parallel_ ? rows.selection() : input_view(chunk).live);
}

const EventTime* DedupeNode::watermarks(const Chunk& chunk) const {
  return static_cast<const Work&>(*chunk.work[index()]).watermarks.data();
}

void DedupeNode::save(uint64_t epoch, Commit& commit, JsonValue& meta) {
  meta.set("watermark", JsonValue::integer(watermark_ == kTimeMax ? kTimeNone : watermark_));
  meta.set("input_watermark", JsonValue::integer(input_watermark_));
  if (!keeps_last()) {
    blocks_.save(first_.slices(), 0, epoch, commit,
                 [](const FirstSeen::Id& id, std::string& value) {
                   append_i64(value, id.first);
                   value += *id.key;
                 });
    return;
  }
  meta.set("fields", stored_.json());
  meta.set("next_round", JsonValue::integer(static_cast<int64_t>(last_.next_sequence())));
  blocks_.save(last_.slices(), 0, epoch, commit,
               [](const LastSeen::Round& round, std::string& value) {
                 append_i64(value, round.first);
                 append_i64(value, round.last);
                 append_u64(value, round.sequence);
                 append_u8(value, round.handed_out);
                 append_sized(value, *round.key);
                 value += round.row;
               });
}

Result<void> DedupeNode::restore(const JsonValue& meta, CommitLog& log) {
  watermark_ = meta_number(meta, "watermark", kTimeNone);
  input_watermark_ = meta_number(meta, "input_watermark", kTimeNone);
  if (!keeps_last()) {
    return blocks_.restore(log, [&](const SliceBlocks::Stored& stored) {
      ByteReader reader(stored.value);
      const EventTime first = reader.i64();
      first_.restore(stored.slice, reader.left(), first);
      return reader.ok();
    });
  }
  auto conversion = stored_.from(meta.find("fields"), name());
  if (!conversion) return conversion.error();
  last_.restore_sequence(static_cast<uint64_t>(meta_number(meta, "next_round", 0)));
  return blocks_.restore(
      log, [&](const SliceBlocks::Stored& stored) { return restore_round(stored, *conversion); });
}

bool DedupeNode::restore_round(const SliceBlocks::Stored& stored,
                               const StoredFields::Conversion& conversion) {
  ByteReader reader(stored.value);
  LastSeen::Round round;
  round.first = reader.i64();
  round.last = reader.i64();
  round.sequence = reader.u64();
  round.handed_out = reader.u8() != 0;
  const std::string_view key = reader.sized();
  round.row = reader.left();
  if (!reader.ok() || !conversion.apply(round.row)) return false;
  LastSeen::Round& kept =
      last_.restore(stored.slice, key, std::move(round), behind(input_watermark_));
  if (conversion.changes()) last_.slices().touch(kept);
  return true;
}

}  // namespace millrace
