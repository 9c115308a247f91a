#include "nodes/union_node.h"

#include <algorithm>

#include "window/stored_row.h"

namespace millrace {

struct UnionNode::Work final : NodeWork {
  struct Piece {
    uint32_t record, input, row;
  };
  std::vector<Piece> pieces;
  Buffer<uint32_t> origins;
  Buffer<EventTime> watermarks;
};

namespace {

/// The record's key, where all inputs make it of the same fields.
std::vector<uint32_t> key_of_all(const std::vector<Input>& inputs, const Schema& schema) {
  std::vector<std::string> names;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Shape& shape = inputs[i].node->shape(inputs[i].port);
    std::vector<std::string> mine;
    for (uint32_t field : shape.record_key) mine.push_back(shape.schema[field].name);
    if (i > 0 && mine != names) return {};
    names = std::move(mine);
  }
  std::vector<uint32_t> out;
  for (const std::string& name : names) {
    const auto field = schema.find(name);
    if (!field) return {};
    out.push_back(*field);
  }
  return out;
}

}  // namespace

std::optional<UnionPlan> plan_union(const std::vector<Input>& inputs, std::string& difference) {
  UnionPlan plan;
  const Shape& first = inputs[0].node->shape(inputs[0].port);
  plan.shape = first;
  plan.shape.schema = Schema();
  plan.fields.resize(inputs.size());
  for (uint32_t field = 0; field < first.schema.size(); ++field) {
    const auto& [name, type] = first.schema[field];
    std::vector<uint32_t> found;
    for (const Input& input : inputs) {
      const Schema& schema = input.node->shape(input.port).schema;
      const auto at = schema.find(name);
      if (at && schema[*at].type == type) found.push_back(*at);
    }
    if (found.size() != inputs.size()) {
      if (field >= first.visible) continue;
      difference =
          "not all inputs have the field \"" + name + "\" as " + std::string(type_name(type));
      return std::nullopt;
    }
    plan.shape.schema.add(name, type);
    for (size_t i = 0; i < inputs.size(); ++i) plan.fields[i].push_back(found[i]);
  }
  for (const Input& input : inputs) {
    const Shape& shape = input.node->shape(input.port);
    // Rows of one chunk are told apart by their place in one batch.
    plan.shape.has_bytes = plan.shape.has_bytes && shape.has_bytes && !shape.own_bytes;
    if (shape.visible == first.visible && shape.bytes_are_json == first.bytes_are_json) continue;
    difference = "the inputs have different fields";
    return std::nullopt;
  }
  plan.shape.record_key = key_of_all(inputs, plan.shape.schema);
  return plan;
}

UnionNode::UnionNode(std::string name, std::vector<Input> inputs, UnionPlan plan)
    : Node(std::move(name), std::move(inputs)),
      plan_(std::move(plan)),
      merged_(this->inputs().size()) {
  inputs_parallel_ = false;
  shape_of(Port::kMain) = plan_.shape;
}

std::unique_ptr<NodeWork> UnionNode::make_work() const { return std::make_unique<Work>(); }

void UnionNode::demand(size_t input, std::vector<bool>& wanted) const {
  for (size_t field = 0; field < wanted_.size(); ++field) {
    if (wanted_[field]) wanted[plan_.fields[input][field]] = true;
  }
}

Result<void> UnionNode::apply(Chunk& chunk, Range range) {
  auto& work = static_cast<Work&>(work_of(chunk));
  merge_rows(work, chunk);
  merge_watermarks(work, chunk, {range.begin, range.last ? chunk.places() : range.end, range.last});
  return {};
}

/// Which rows come, by the record that released them, then by the order in `from` (R50).
void UnionNode::order_rows(Work& work, const Chunk& chunk) const {
  work.pieces.clear();
  for (uint32_t k = 0; k < inputs().size(); ++k) {
    if (!inputs()[k].node->reached_from(chunk.source)) continue;
    const RowsView& view = input_view(chunk, k);
    for (uint32_t i = 0; i < view.live.count; ++i) {
      work.pieces.push_back({view.rows->record_of(view.live[i]), k, view.live[i]});
    }
  }
  std::stable_sort(work.pieces.begin(), work.pieces.end(),
                   [](const Work::Piece& a, const Work::Piece& b) { return a.record < b.record; });
}

void UnionNode::merge_rows(Work& work, const Chunk& chunk) const {
  order_rows(work, chunk);
  Rows& out = work.ports[Port::kMain];
  out.clear();
  out.count = static_cast<uint32_t>(work.pieces.size());
  out.own_record.resize(out.count);
  out.own_time.resize(out.count);
  work.origins.resize(out.count);
  out.columns.assign(plan_.shape.schema.size(), nullptr);
  for (uint32_t field = 0; field < plan_.shape.schema.size(); ++field) {
    if (!wanted_[field]) continue;
    Column& column = out.own_column(field);
    column.reset(plan_.shape.schema[field].type, 0);
    for (const Work::Piece& piece : work.pieces) {
      const Rows& rows = *input_view(chunk, piece.input).rows;
      push_cell(*rows.columns[plan_.fields[piece.input][field]], piece.row, column);
    }
    out.columns[field] = &column;
  }
  for (uint32_t i = 0; i < out.count; ++i) {
    const Work::Piece& piece = work.pieces[i];
    const Rows& rows = *input_view(chunk, piece.input).rows;
    out.own_record[i] = piece.record;
    out.own_time[i] = rows.time ? rows.time[piece.row] : kTimeNone;
    work.origins[i] = rows.origin_of(piece.row);
    // All records of a chunk lie in one batch, whichever way they came here.
    if (plan_.shape.has_bytes) out.batch = rows.batch;
  }
  out.record = out.own_record.data();
  out.time = out.own_time.data();
  out.origin = work.origins.data();
  work.now[Port::kMain] = {&out, out.selection()};
}

void UnionNode::merge_watermarks(Work& work, const Chunk& chunk, Range range) {
  work.watermarks.resize(chunk.places() + 1);
  for (uint32_t i = range.begin; i <= range.end; ++i) {
    work.watermarks[i] = watermark_ = merge_inputs(*this, chunk, i, merged_);
  }
}

const EventTime* UnionNode::watermarks(const Chunk& chunk) const {
  return static_cast<const Work&>(*chunk.work[index()]).watermarks.data();
}

void UnionNode::save(uint64_t, Commit&, JsonValue& meta) { save_merged(merged_, meta); }

Result<void> UnionNode::restore(const JsonValue& meta, CommitLog&) {
  restore_merged(meta, merged_);
  watermark_ = merged_.held();
  return {};
}

}  // namespace millrace
