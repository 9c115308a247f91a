#include "operators/table_join_node.h"

#include <algorithm>

#include "base/bytes.h"
#include "json/value.h"
#include "nodes/stage.h"
#include "operators/meta_number.h"

namespace millrace {

using JoinType = JoinConfig::Type;

struct TableJoinNode::Work final : PairWork {
  std::vector<Event> events;
  std::vector<Row> kept;  ///< Rows that work.joined points into.
  std::vector<Scratch> select_scratch;
  Scratch filter_scratch;
  RowErrors errors;
  ByteArena bytes;
  Buffer<uint8_t> passes;  ///< By joined row.
  std::vector<const Column*> cells;
  ChangeRows::Work changes;
};

TableJoinNode::TableJoinNode(std::string name, std::vector<Input> inputs, JoinedRows joined,
                             TableJoinPlan plan)
    : PairNode(std::move(name), std::move(inputs), std::move(joined), std::move(plan.pair), 0,
               "table join v1"),
      result_(std::move(plan.result)),
      changes_(std::move(plan.fields), std::move(plan.key), nullptr),
      pair_blocks_(this->name() + "/pairs", "pairs v1: told, left, right") {
  for (size_t side = 0; side < 2; ++side)
    op_[side] = this->inputs()[side].node->shape(this->inputs()[side].port).op;
  shape_of(Port::kMain) = changes_.shape();
  shape_of(Port::kLate) = {};  // Rows of tables count in the order they come.
}

std::unique_ptr<NodeWork> TableJoinNode::make_work() const {
  auto work = std::make_unique<Work>();
  make_pair(*work);
  changes_.make(work->changes);
  work->select_scratch.resize(result_.select ? result_.select->programs.size() : 0);
  return work;
}

void TableJoinNode::set_wanted(std::vector<bool> wanted) {
  changes_.set_wanted(wanted);
  Node::set_wanted(std::move(wanted));
  std::vector<bool> needed(joined_.shape().schema.size());
  if (result_.filter) mark_fields(*result_.filter, needed);
  for (uint32_t i = 0; i < changes_.fields(); ++i) {
    if (!changes_.made(i)) continue;
    if (result_.select) {
      mark_fields(result_.select->programs[i], needed);
    } else {
      needed[i] = true;
    }
  }
  joined_.set_needed(needed);
  for (size_t side = 0; side < 2; ++side)
    stored_[side] = StoredFields(false, joined_.stored_fields(side));
}

void TableJoinNode::demand(size_t side, std::vector<bool>& wanted) const {
  PairNode::demand(side, wanted);
  if (op_[side]) wanted[*op_[side]] = true;
}

Result<void> TableJoinNode::apply(Chunk& chunk, Range range) {
  auto& work = static_cast<Work&>(work_of(chunk));
  work.events.clear();
  work.kept.clear();
  const Range places = begin(work, chunk, range);
  work.watermarks.resize(places.end + 1);
  for (uint32_t place = places.begin; place <= places.end; ++place)
    work.watermarks[place] = merge_inputs(*this, chunk, place, merged_);
  for (uint32_t place = places.begin; place < places.end; ++place) {
    work.record = place;
    for (size_t side = 0; side < 2; ++side) {
      for (; at(work, side, place); ++work.next[side]) take(work, side, work.next[side]);
    }
  }
  watermark_ = work.watermarks[places.end];
  compute(work);
  tell(work);
  drop_empty(work);
  count_inputs(work, chunk);
  finish_errors(work);
  return {};
}

bool TableJoinNode::shows(const Pair& pair) const {
  const bool left = pair.side[0] != nullptr, right = pair.side[1] != nullptr;
  switch (pair_.type) {
    case JoinType::kInner:
    case JoinType::kSemi: return left && right;
    case JoinType::kLeft: return left;
    case JoinType::kRight: return right;
    case JoinType::kFull: return left || right;
    case JoinType::kAnti: return left && !right;
  }
  return false;
}

/// One change of one side.
void TableJoinNode::take(Work& work, size_t side, uint32_t i) {
  const auto& in = work.in[side];
  const uint32_t row = in.live[i];
  const Rows& rows = *in.stage.rows;
  const bool deletes = op_[side] && rows.columns[*op_[side]]->valid(row);
  Pair* pair = pairs_.find(in.key(i));
  if (deletes && (!pair || !pair->side[side])) return;  // R30: of an unknown key.
  const bool before = pair && shows(*pair);
  bool made = false;
  if (!pair) pair = &pairs_.find_or_add(in.key(i), made);
  pairs_.touch(*pair);
  Row& mine = pair->side[side];
  if (mine) row_bytes_ -= mine->size();
  mine = deletes ? nullptr : std::make_shared<const std::string>(joined_.store(side, rows, row));
  if (mine) row_bytes_ += mine->size();
  const bool after = shows(*pair), left_only = pair_.semi() || pair_.anti();
  if (!before && !after) return work.events.push_back({pair, kGone, work.record, in.time(row)});
  if (before && after && left_only && side == 1) return;  // It has nothing of that side.
  Event event{pair, kGone, work.record, in.time(row)};
  if (after) {
    event.joined = static_cast<uint32_t>(work.joined.rows.own_record.size());
    SideRow sides[2];
    for (size_t k = 0; k < (left_only ? 1 : 2); ++k) {
      if (!pair->side[k]) continue;
      work.kept.push_back(pair->side[k]);
      sides[k].stored = work.kept.back().get();
    }
    joined_.push(work.joined, sides[0], sides[1], event.time, event.record);
  }
  work.events.push_back(event);
}

/// `filter` and `select` over the joined rows of the range.
void TableJoinNode::compute(Work& work) {
  joined_.finish(work.joined);
  const Rows& rows = work.joined.rows;
  const Inputs inputs{rows.columns, rows.count};
  work.errors.start(rows.count);
  work.bytes.clear();
  Selection live = Selection::all(rows.count);
  Buffer<uint32_t> room;
  if (result_.filter && rows.count > 0)
    live = keep_selection(filter(*result_.filter, inputs, live, work.filter_scratch, work.errors),
                          room);
  work.cells.assign(changes_.fields(), nullptr);
  for (uint32_t i = 0; i < changes_.fields(); ++i) {
    if (!changes_.made(i)) continue;
    work.cells[i] = result_.select ? &evaluate(result_.select->programs[i], inputs, live,
                                               work.select_scratch[i], work.errors)
                                   : rows.columns[i];
  }
  work.passes.resize(rows.count);
  std::fill(work.passes.begin(), work.passes.end(), uint8_t{0});
  for (uint32_t k = 0; k < live.count; ++k) work.passes[live[k]] = 1;
  describe_failures(rows, joined_.shape(), work.errors, work.bytes, work.failed);
}

/// The rows of the range, in the order of the changes.
void TableJoinNode::tell(Work& work) {
  Rows& out = work.ports[Port::kMain];
  changes_.start(work.changes, out);
  for (const Event& event : work.events) {
    Pair& pair = *event.pair;
    const bool there = event.joined != kGone;
    if (there && work.errors.failed(event.joined)) continue;
    const bool passes = there && work.passes[event.joined] != 0;
    if (passes) {
      changes_.upsert(work.changes, work.cells, event.joined, event.time, event.record, {}, out);
    } else if (pair.told) {
      changes_.remove(work.changes, *pair.key, event.time, event.record, out);
    }
    pair.told = passes;
  }
  changes_.finish(work.changes, out);
  out.all_live = true;
  work.now[Port::kMain] = {&out, out.selection()};
  counters.out += out.count;
}

/// Keys that no side has any more, each once.
void TableJoinNode::drop_empty(Work& work) {
  std::vector<Pair*> empty;
  for (const Event& event : work.events) {
    if (!event.pair->side[0] && !event.pair->side[1]) empty.push_back(event.pair);
  }
  std::sort(empty.begin(), empty.end());
  empty.erase(std::unique(empty.begin(), empty.end()), empty.end());
  for (Pair* pair : empty) pairs_.erase(*pair);
}

void TableJoinNode::save(uint64_t epoch, Commit& commit, JsonValue& meta) {
  meta.set("watermark", JsonValue::integer(watermark_ == kTimeMax ? kTimeNone : watermark_));
  save_merged(merged_, meta);
  save_fields(meta);
  pair_blocks_.save(pairs_, epoch, commit, [](const Pair& pair, std::string& value) {
    append_u8(value, static_cast<uint8_t>((pair.told ? 1 : 0) | (pair.side[0] ? 2 : 0) |
                                          (pair.side[1] ? 4 : 0)));
    for (const Row& row : pair.side) {
      if (row) append_sized(value, *row);
    }
  });
}

Result<void> TableJoinNode::restore(const JsonValue& meta, CommitLog& log) {
  watermark_ = meta_number(meta, "watermark", kTimeNone);
  restore_merged(meta, merged_);
  MILLRACE_TRY(restore_fields(meta));
  return pair_blocks_.restore(pairs_, log, [&](const KeyedBlocks::Stored& stored) {
    ByteReader reader(stored.value);
    const uint8_t flags = reader.u8();
    Pair& pair = pairs_.restore(stored.key, stored.ordinal);
    pair.told = (flags & 1) != 0;
    for (size_t side = 0; side < 2; ++side) {
      if ((flags & (2 << side)) == 0) continue;
      std::string row(reader.sized());
      if (!reader.ok() || !conversion_[side].apply(row)) return false;
      row_bytes_ += row.size();
      pair.side[side] = std::make_shared<const std::string>(std::move(row));
      if (conversion_[side].changes()) pairs_.touch(pair);
    }
    return reader.at_end();
  });
}

}  // namespace millrace
