#include "nodes/sink_node.h"

#include <algorithm>
#include <cstring>

#include "base/hex.h"
#include "delivery/row_bytes.h"
#include "json/value.h"
#include "nodes/encoded_rows.h"
#include "nodes/error_rows.h"
#include "nodes/key_text.h"
#include "nodes/late_records.h"
#include "nodes/late_rows.h"
#include "nodes/stateless_node.h"

namespace millrace {

namespace {

Schema visible_schema(const Shape& shape) {
  const std::vector<Field>& fields = shape.schema.fields();
  return Schema({fields.begin(), fields.begin() + shape.visible});
}

}  // namespace

struct SinkNode::Work final : NodeWork {
  EncodedRows encoded;
  Buffer<uint32_t> rows;  ///< Which rows of the input are encoded.
  mutable Buffer<uint32_t> indices;
  std::vector<std::vector<Scratch>> scratch;  ///< By input.
  std::vector<const Column*> key_columns;
  RowErrors key_errors;
};

/// One row on its way into a merged batch.
struct SinkNode::Piece {
  uint32_t record;
  uint32_t input;
  uint32_t row;
};

SinkNode::SinkNode(std::string name, std::string pipeline, std::vector<Input> inputs, SinkPlan plan)
    : Node(std::move(name), std::move(inputs)), plan_(std::move(plan)) {
  SinkPort::Options port{this->name(), std::move(pipeline), plan_.component,
                         plan_.config, plan_.lazy,          {}};
  if (plan_.columns)
    port.columns = visible_schema(this->inputs()[0].node->shape(this->inputs()[0].port));
  outlet_ = Outlet::make(plan_.way, std::move(port));
  for (const Input& input : this->inputs()) {
    inputs_parallel_ = inputs_parallel_ && input.node->parallel();
    const Shape& shape = input.node->shape(input.port);
    encoders_.emplace_back(shape.visible_names(), shape.omitted_when_null);
    if (plan_.headers) reasons_.emplace_back(shape);
  }
}

std::unique_ptr<NodeWork> SinkNode::make_work() const {
  auto work = std::make_unique<Work>();
  for (const std::vector<Program>& keys : plan_.keys) work->scratch.emplace_back(keys.size());
  return work;
}

void SinkNode::demand(size_t input, std::vector<bool>& wanted) const {
  const Shape& shape = inputs()[input].node->shape(inputs()[input].port);
  if (!plan_.keys.empty()) {
    for (const Program& key : plan_.keys[input]) mark_fields(key, wanted);
  }
  if (plan_.headers) reasons_[input].demand(wanted);
  if (shape.has_bytes && !plan_.columns) return;
  for (uint32_t i = 0; i < shape.visible; ++i) wanted[i] = true;
}

void SinkNode::encode(const Rows& rows, const Shape& shape, uint32_t row, ByteBuffer& out,
                      size_t input) const {
  if (plan_.columns) return write_row_bytes(rows.columns.data(), shape.visible, row, out);
  if (plan_.context) return encode_with_context(rows, shape, row, out);
  if (shape.frame && rows.columns[*shape.frame]->valid(row)) {
    return out.append(rows.columns[*shape.frame]->texts[row]);
  }
  if (rows.batch && shape.has_bytes) {
    const std::string_view value = rows.batch.value(rows.origin_of(row));
    // A tombstone on its way to another task is still a record without a value (R29).
    if (plan_.repartition && value.data() == nullptr) return out.append("null");
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
  for (size_t i = 0; i < std::size(kLateContext); ++i) {
    out.append(i == 0 ? "{\"" : ",\"");
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

/// Whether source records of the one input go on as they are.
bool SinkNode::passes() const {
  const Shape& shape = inputs()[0].node->shape(inputs()[0].port);
  const bool explained = plan_.headers && !reasons_[0].empty();
  return shape.has_bytes && shape.bytes_are_json && !plan_.context && !plan_.columns &&
         plan_.keys.empty() && !plan_.repartition && !explained;
}

void SinkNode::prepare(Chunk& chunk) const {
  if (mute_ || inputs().size() != 1) return;
  auto& work = static_cast<Work&>(work_of(chunk));
  const Input& input = inputs()[0];
  const Shape& shape = input.node->shape(input.port);
  if (passes()) return;
  const Rows& rows = input_rows(chunk);
  const Selection live = prepares_ahead() ? rows.selection() : input_view(chunk).live;
  begin_rows(work, live.count);
  make_keys(work, rows, live, 0);
  for (uint32_t i = 0; i < live.count; ++i) {
    encode(rows, shape, live[i], work.encoded.bytes(), 0);
    end_row(work, 0, rows, i, live[i]);
  }
}

void SinkNode::begin_rows(Work& work, uint32_t count) const {
  work.encoded.start(count, plan_.times, plan_.headers);
  work.rows.resize(count);
  work.key_errors.start(0);
}

void SinkNode::end_row(Work& work, size_t input, const Rows& rows, uint32_t i, uint32_t row) const {
  work.rows[i] = row;
  const Shape& shape = inputs()[input].node->shape(inputs()[input].port);
  if (plan_.headers) work.encoded.headers().add(i, shape, reasons_[input], rows, row);
  const bool has_key = write_key(work, rows, shape, row);
  work.encoded.end_row(i, has_key, rows.time ? rows.time[row] : kTimeNone);
}

/// Evaluates the key's expressions for the living rows of one input.
void SinkNode::make_keys(Work& work, const Rows& rows, Selection live, size_t input) const {
  work.key_columns.clear();
  if (plan_.keys.empty()) return;
  work.key_errors.start(rows.count);
  const Inputs columns{rows.columns, rows.count};
  for (size_t k = 0; k < plan_.keys[input].size(); ++k) {
    work.key_columns.push_back(
        &evaluate(plan_.keys[input][k], columns, live, work.scratch[input][k], work.key_errors));
  }
}

/// The key as configured, else the record's own. False: there is none.
bool SinkNode::write_key(Work& work, const Rows& rows, const Shape& shape, uint32_t row) const {
  if (!work.key_columns.empty()) {
    const bool alone = work.key_columns.size() == 1;
    if (alone && !work.key_columns[0]->valid(row)) return false;
    write_key_text(work.key_columns, row, work.encoded.key_bytes());
    return true;
  }
  if (!rows.batch || !shape.has_bytes) return false;
  const std::string_view key = rows.batch.key(rows.origin_of(row));
  work.encoded.key_bytes().append(key);
  return key.data() != nullptr;
}

Result<void> SinkNode::apply(Chunk& chunk, Range range) {
  if (mute_) return {};
  auto& work = static_cast<Work&>(work_of(chunk));
  if (inputs().size() != 1) return write_merged(work, chunk);
  const RowsView& view = input_view(chunk);
  if (view.live.count == 0) return {};
  if (passes()) return write_passed(work, view);
  if (!prepares_ahead()) return write_encoded(work, 0, static_cast<uint32_t>(work.rows.size()));
  const Rows& rows = input_rows(chunk);
  const Selection all{work.rows.data(), static_cast<uint32_t>(work.rows.size())};
  const uint32_t end = range.last ? UINT32_MAX : range.end;
  return write_encoded(work, count_before(rows, all, range.begin), count_before(rows, all, end));
}

Result<void> SinkNode::write_encoded(Work& work, uint32_t first, uint32_t behind) {
  if (first == behind) return {};
  if (!work.key_errors.empty()) {
    return Error{Code::kFailed, name() + ": the key of a row cannot be computed: " +
                                    work.key_errors.list()[0].text};
  }
  if (!work.encoded.copy(first, behind, builder_)) {
    return Error{Code::kFailed, name() + ": out of memory for a batch of rows"};
  }
  return hand_over(builder_);
}

Result<void> SinkNode::write_passed(Work& work, const RowsView& view) {
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
  begin_rows(work, view.live.count);
  work.key_columns.clear();
  for (uint32_t i = 0; i < view.live.count; ++i) {
    write_raw_json(rows.batch.value(work.indices[i]), work.encoded.bytes());
    end_row(work, 0, rows, i, view.live[i]);
  }
  return write_encoded(work, 0, view.live.count);
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
  const auto count = static_cast<uint32_t>(pieces.size());
  begin_rows(work, count);
  // Keys of all inputs, each evaluated once for its rows.
  std::vector<std::vector<const Column*>> keys(inputs().size());
  for (uint32_t k = 0; k < inputs().size() && !plan_.keys.empty(); ++k) {
    if (!inputs()[k].node->reached_from(chunk.source)) continue;
    const RowsView& view = input_view(chunk, k);
    if (view.live.count == 0) continue;
    make_keys(work, *view.rows, view.live, k);
    keys[k] = work.key_columns;
    if (!work.key_errors.empty()) break;
  }
  for (uint32_t i = 0; i < count; ++i) {
    const Piece& piece = pieces[i];
    const Input& input = inputs()[piece.input];
    const Shape& shape = input.node->shape(input.port);
    const Rows& rows = *input_view(chunk, piece.input).rows;
    work.key_columns = keys[piece.input];
    encode(rows, shape, piece.row, work.encoded.bytes(), piece.input);
    end_row(work, piece.input, rows, i, piece.row);
  }
  return write_encoded(work, 0, count);
}

Result<void> SinkNode::hand_over(BatchBuilder& builder) {
  auto taken = builder.take();
  for (SourceBatch& one : taken.batches) {
    sink_counters.records += one.batch.size();
    for (uint32_t i = 0; i < one.batch.size(); ++i)
      sink_counters.bytes += one.batch.value(i).size() + 1;
    MILLRACE_TRY(outlet_->write(std::move(one.batch)));
  }
  return {};
}

void SinkNode::write_state(JsonValue& meta) const {
  const OutletState state = outlet_->state();
  if (state.prepared) meta.set("state", JsonValue::string(to_hex(*state.prepared)));
  if (state.delivered)
    meta.set("delivered", JsonValue::integer(static_cast<int64_t>(state.delivered)));
}

Result<void> SinkNode::restore(const JsonValue& meta, CommitLog& log) {
  OutletState restored;
  const JsonValue* state = meta.find("state");
  if (state &&
      (!state->is_string() || !from_hex(state->as_string(), restored.prepared.emplace()))) {
    return Error{Code::kCorrupt, "the stored state of sink " + name() + " is damaged"};
  }
  const JsonValue* delivered = meta.find("delivered");
  if (delivered && delivered->is_int())
    restored.delivered = static_cast<uint64_t>(delivered->as_int());
  return outlet_->restore(std::move(restored), log);
}

}  // namespace millrace
