#include "pipeline/sink_node.h"

#include <algorithm>
#include <cstring>

#include "json/value.h"
#include "pipeline/error_rows.h"
#include "pipeline/hex.h"
#include "pipeline/late_rows.h"

namespace millrace {

struct SinkNode::Work final : NodeWork {
  ByteBuffer bytes;
  Buffer<uint64_t> ends;    ///< Of each encoded row.
  Buffer<uint32_t> rows;    ///< The encoded rows of the input.
  mutable Buffer<uint32_t> indices;
};

/// One row on its way into a merged batch.
struct SinkNode::Piece {
  uint32_t record;
  uint32_t input;
  uint32_t row;
};

SinkNode::SinkNode(std::string name, std::string pipeline, std::vector<Input> inputs, SinkPlan plan)
    : Node(std::move(name), std::move(inputs)), plan_(std::move(plan)), pipeline_(std::move(pipeline)) {
  for (const Input& input : this->inputs()) {
    inputs_parallel_ = inputs_parallel_ && input.node->parallel();
    const Shape& shape = input.node->shape(input.port);
    encoders_.emplace_back(shape.visible_names(), shape.omitted_when_null);
  }
}

std::unique_ptr<NodeWork> SinkNode::make_work() const { return std::make_unique<Work>(); }

void SinkNode::demand(size_t input, std::vector<bool>& wanted) const {
  const Shape& shape = inputs()[input].node->shape(inputs()[input].port);
  if (shape.has_bytes) return;
  for (uint32_t i = 0; i < shape.visible; ++i) wanted[i] = true;
}

void SinkNode::encode(const Rows& rows, const Shape& shape, uint32_t row, ByteBuffer& out,
                      size_t input) const {
  if (plan_.context) return encode_with_context(rows, shape, row, out);
  if (shape.frame && rows.columns[*shape.frame]->valid(row)) {
    return out.append(rows.columns[*shape.frame]->texts[row]);
  }
  if (rows.batch && shape.has_bytes) {
    const std::string_view value = rows.batch.value(rows.origin_of(row));
    return shape.bytes_are_json ? write_raw_json(value, out) : write_json_string(value, out);
  }
  if (plan_.csv) return CsvRowEncoder::write(rows.columns.data(), shape.visible, row, out);
  encoders_[input].write(rows.columns.data(), row, out);
}

/// A late record with what was known when it was judged (R13).
void SinkNode::encode_with_context(const Rows& rows, const Shape& shape, uint32_t row,
                                   ByteBuffer& out) const {
  const auto context = [&](size_t i) -> const Column& {
    return *rows.columns[rows.columns.size() - std::size(kLateContext) + i];
  };
  out.append("{\"operator\":");
  write_json_string(inputs()[0].node->name(), out);
  for (size_t i = 0; i < std::size(kLateContext); ++i) {
    out.append(",\"");
    out.append(kLateContext[i].substr(1));
    out.append("\":");
    write_json_cell(context(i), row, out);
  }
  out.append(",\"record\":");
  if (rows.batch && shape.has_bytes) {
    const std::string_view value = rows.batch.value(rows.origin_of(row));
    shape.bytes_are_json ? write_raw_json(value, out) : write_json_string(value, out);
  } else {
    write_row_json(rows, shape, row, out);
  }
  out.append('}');
}

void SinkNode::prepare(Chunk& chunk) const {
  if (inputs().size() != 1) return;
  auto& work = static_cast<Work&>(work_of(chunk));
  const Input& input = inputs()[0];
  const Shape& shape = input.node->shape(input.port);
  if (passes(shape)) return;
  const Rows& rows = input_rows(chunk);
  const Selection live = prepares_ahead() ? rows.selection() : input_view(chunk).live;
  work.bytes.clear();
  work.ends.resize(live.count);
  work.rows.resize(live.count);
  for (uint32_t i = 0; i < live.count; ++i) {
    encode(rows, shape, live[i], work.bytes, 0);
    work.ends[i] = work.bytes.size();
    work.rows[i] = live[i];
    work.bytes.append('\n');  // A sink that writes lines can write many at once.
  }
}

Result<void> SinkNode::apply(Chunk& chunk, Range range) {
  auto& work = static_cast<Work&>(work_of(chunk));
  if (inputs().size() != 1) return write_merged(work, chunk);
  const RowsView& view = input_view(chunk);
  if (view.live.count == 0) return {};
  const Input& input = inputs()[0];
  if (passes(input.node->shape(input.port))) return write_passed(work, view);
  if (!prepares_ahead()) return write_encoded(work, 0, static_cast<uint32_t>(work.rows.size()));
  const Rows& rows = input_rows(chunk);
  const Selection all{work.rows.data(), static_cast<uint32_t>(work.rows.size())};
  const uint32_t end = range.last ? UINT32_MAX : range.end;
  return write_encoded(work, count_before(rows, all, range.begin), count_before(rows, all, end));
}

Result<void> SinkNode::write_encoded(Work& work, uint32_t first, uint32_t behind) {
  if (first == behind) return {};
  const uint64_t begin = first == 0 ? 0 : work.ends[first - 1] + 1;
  const uint64_t size = work.ends[behind - 1] + 1 - begin;
  mr_need need{};
  need.struct_size = sizeof need;
  need.records = behind - first;
  need.value_bytes = size;
  mr_room room{};
  room.struct_size = sizeof room;
  if (builder_.reserve(need, room) != MR_OK) {
    return Error{Code::kFailed, name() + ": out of memory for a batch of rows"};
  }
  std::memcpy(room.value, work.bytes.data() + begin, size);
  uint64_t from = begin;
  for (uint32_t i = first; i < behind; ++i) {
    room.value_spans[i - first] = {static_cast<uint32_t>(from - begin),
                                   static_cast<uint32_t>(work.ends[i] - from)};
    from = work.ends[i] + 1;
  }
  builder_.commit(behind - first);
  return hand_over(builder_);
}

Result<void> SinkNode::write_passed(const Work& work, const RowsView& view) {
  const Rows& rows = *view.rows;
  bool clean = true;
  work.indices.resize(view.live.count);
  for (uint32_t i = 0; i < view.live.count; ++i) {
    work.indices[i] = rows.origin_of(view.live[i]);
    const std::string_view value = rows.batch.value(work.indices[i]);
    clean = clean && std::memchr(value.data(), '\n', value.size()) == nullptr &&
            std::memchr(value.data(), '\r', value.size()) == nullptr;
    // Exploded late rows may name a record twice, which a selection cannot.
    clean = clean && (i == 0 || work.indices[i] > work.indices[i - 1]);
  }
  if (clean) {
    builder_.select(rows.batch.abi(), {work.indices.data(), work.indices.size()});
    return hand_over(builder_);
  }
  auto& copied = const_cast<Work&>(work);
  copied.bytes.clear();
  copied.ends.resize(view.live.count);
  for (uint32_t i = 0; i < view.live.count; ++i) {
    write_raw_json(rows.batch.value(work.indices[i]), copied.bytes);
    copied.ends[i] = copied.bytes.size();
    copied.bytes.append('\n');
  }
  return write_encoded(copied, 0, view.live.count);
}

/// Rows of several inputs, by the record that released them, then by the order in `from` (R50).
Result<void> SinkNode::write_merged(Work& work, const Chunk& chunk) {
  std::vector<Piece> pieces;
  for (uint32_t k = 0; k < inputs().size(); ++k) {
    if (!inputs()[k].node->reached_from(chunk.source)) continue;
    const RowsView& view = input_view(chunk, k);
    for (uint32_t i = 0; i < view.live.count; ++i) {
      pieces.push_back({view.rows->record_of(view.live[i]), k, view.live[i]});
    }
  }
  if (pieces.empty()) return {};
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const Piece& a, const Piece& b) { return a.record < b.record; });
  work.bytes.clear();
  work.ends.resize(pieces.size());
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Input& input = inputs()[pieces[i].input];
    encode(*input_view(chunk, pieces[i].input).rows, input.node->shape(input.port), pieces[i].row,
           work.bytes, pieces[i].input);
    work.ends[i] = work.bytes.size();
    work.bytes.append('\n');
  }
  return write_encoded(work, 0, static_cast<uint32_t>(pieces.size()));
}

Result<void> SinkNode::hand_over(BatchBuilder& builder) {
  MILLRACE_TRY(ensure_open());
  auto taken = builder.take();
  for (const SourceBatch& one : taken.batches) {
    rejects_.clear();
    MILLRACE_TRY(instance_->write(one.batch, rejects_));
    if (!rejects_.empty()) {
      return Error{Code::kFailed, "sink " + name() + " refused a row: " + rejects_[0].reason};
    }
    sink_counters.records += one.batch.size();
    for (uint32_t i = 0; i < one.batch.size(); ++i) sink_counters.bytes += one.batch.value(i).size() + 1;
  }
  return {};
}

Result<void> SinkNode::open(uint64_t last_epoch, uint32_t flags) {
  auto made = SinkInstance::create(plan_.component, {pipeline_, name()}, plan_.config);
  if (!made) return made.error();
  instance_ = std::move(*made);
  last_epoch_ = last_epoch;
  open_flags_ = flags;
  if (plan_.lazy && !has_state_) return {};
  return ensure_open();
}

Result<void> SinkNode::ensure_open() {
  if (opened_) return {};
  MILLRACE_TRY(instance_->open(has_state_ ? std::string_view(state_) : std::string_view(), last_epoch_,
                               open_flags_));
  opened_ = true;
  return {};
}

Result<void> SinkNode::prepare_commit(uint64_t epoch) {
  if (!opened_) return {};
  auto state = instance_->prepare(epoch);
  if (!state) return state.error();
  state_ = std::move(*state);
  has_state_ = true;
  return {};
}

Result<void> SinkNode::commit(uint64_t epoch) {
  last_epoch_ = epoch;
  return opened_ ? instance_->commit(epoch) : Result<void>{};
}

Result<void> SinkNode::close() {
  if (!opened_) return {};
  opened_ = false;
  return instance_->close();
}

void SinkNode::cancel() {
  if (instance_) instance_->cancel();
}

void SinkNode::save(uint64_t, Commit&, JsonValue& meta) {
  if (has_state_) meta.set("state", JsonValue::string(to_hex(state_)));
}

Result<void> SinkNode::restore(const JsonValue& meta, CommitLog&) {
  const JsonValue* state = meta.find("state");
  if (!state) return {};
  has_state_ = state->is_string() && from_hex(state->as_string(), state_);
  if (has_state_) return {};
  return Error{Code::kCorrupt, "the stored state of sink " + name() + " is damaged"};
}

}  // namespace millrace
