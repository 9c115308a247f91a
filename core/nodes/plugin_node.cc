#include "nodes/plugin_node.h"

#include <algorithm>
#include <cstring>

#include "base/hex.h"
#include "json/value.h"

namespace millrace {
namespace {

/// One batch of all records, so that rows have one arena to point into.
BatchRef merged(std::vector<SourceBatch> batches) {
  if (batches.empty()) return {};
  if (batches.size() == 1) return std::move(batches[0].batch);
  uint64_t bytes = 0;
  uint32_t records = 0;
  for (const SourceBatch& one : batches) {
    records += one.batch.size();
    for (uint32_t i = 0; i < one.batch.size(); ++i) bytes += one.batch.value(i).size();
  }
  mr_need need{};
  need.struct_size = sizeof need;
  need.records = records;
  need.value_bytes = bytes;
  need.columns = MR_COL_TIME | MR_COL_ORIGIN;
  mr_room room{};
  room.struct_size = sizeof room;
  BatchBuilder builder;
  if (builder.reserve(need, room) != MR_OK) return {};
  uint32_t at = 0, to = 0;
  for (const SourceBatch& one : batches) {
    for (uint32_t i = 0; i < one.batch.size(); ++i, ++to) {
      const std::string_view value = one.batch.value(i);
      std::memcpy(room.value + at, value.data(), value.size());
      room.value_spans[to] = {at, static_cast<uint32_t>(value.size())};
      room.time_us[to] = one.batch.time_us(i);
      room.origin[to] = one.batch.abi().origin ? one.batch.abi().origin[i] : UINT32_MAX;
      at += static_cast<uint32_t>(value.size());
    }
  }
  builder.commit(records);
  return std::move(builder.take().batches[0].batch);
}

}  // namespace

struct PluginNode::Work final : NodeWork {
  Buffer<uint32_t> indices;
  ByteBuffer bytes;
  std::unique_ptr<JsonDecoder> decoder;
  std::vector<uint32_t> decoded_fields;
  std::vector<std::string_view> values;
  std::vector<Column> columns;
  std::vector<BrokenValue> broken;
  std::vector<FailedRow> failed;
  ErrorRows error_rows;
  ByteArena texts;
};

PluginNode::PluginNode(std::string name, std::string pipeline, std::vector<Input> inputs,
                       ProcessorPlan plan)
    : Node(std::move(name), std::move(inputs)),
      plan_(std::move(plan)),
      pipeline_(std::move(pipeline)) {
  inputs_parallel_ = false;
  Shape& main = shape_of(Port::kMain);
  main.schema = plan_.fields;
  main.visible = plan_.fields.size();
  main.has_bytes = true;
  main.schema.add("event_time()", Type::kTimestamptz);
  shape_of(Port::kErrors) = ErrorRows::shape();
}

std::unique_ptr<NodeWork> PluginNode::make_work() const {
  auto work = std::make_unique<Work>();
  std::vector<WantedField> wanted;
  for (uint32_t i = 0; i < plan_.fields.size(); ++i) {
    if (!wanted_[i]) continue;
    wanted.push_back({split_path(plan_.fields[i].name), plan_.fields[i].type, CellFormat::kTyped});
    work->decoded_fields.push_back(i);
  }
  work->columns.resize(wanted.size());
  work->decoder = make_json_decoder(std::move(wanted));
  return work;
}

void PluginNode::demand(size_t, std::vector<bool>& wanted) const {
  const Shape& input = inputs()[0].node->shape(inputs()[0].port);
  if (input.has_bytes) return;
  for (uint32_t i = 0; i < input.visible; ++i) wanted[i] = true;
}

/// The living rows as a batch: shared where they are records, else written as JSON.
BatchRef PluginNode::input_batch(Work& work, const RowsView& view) {
  const Rows& rows = *view.rows;
  BatchBuilder builder;
  work.indices.resize(view.live.count);
  bool rising = true;
  for (uint32_t i = 0; i < view.live.count; ++i) {
    work.indices[i] = rows.origin_of(view.live[i]);
    rising = rising && (i == 0 || work.indices[i] > work.indices[i - 1]);
  }
  if (rows.batch && rising) {
    builder.select(rows.batch.abi(), {work.indices.data(), work.indices.size()});
    return std::move(builder.take().batches[0].batch);
  }
  const Shape& shape = inputs()[0].node->shape(inputs()[0].port);
  work.bytes.clear();
  std::vector<mr_span> spans;
  for (uint32_t i = 0; i < view.live.count; ++i) {
    const auto begin = static_cast<uint32_t>(work.bytes.size());
    write_row_json(rows, shape, view.live[i], work.bytes);
    spans.push_back({begin, static_cast<uint32_t>(work.bytes.size()) - begin});
  }
  mr_need need{};
  need.struct_size = sizeof need;
  need.records = view.live.count;
  need.value_bytes = work.bytes.size();
  need.columns = MR_COL_TIME;
  mr_room room{};
  room.struct_size = sizeof room;
  if (builder.reserve(need, room) != MR_OK) return {};
  std::memcpy(room.value, work.bytes.data(), work.bytes.size());
  std::copy(spans.begin(), spans.end(), room.value_spans);
  for (uint32_t i = 0; i < view.live.count; ++i)
    room.time_us[i] = rows.time ? rows.time[view.live[i]] : kTimeNone;
  builder.commit(view.live.count);
  return std::move(builder.take().batches[0].batch);
}

Result<void> PluginNode::apply(Chunk& chunk, Range range) {
  auto& work = static_cast<Work&>(work_of(chunk));
  const RowsView& view = input_view(chunk);
  const uint32_t last = range.last ? chunk.places() : range.end;
  if (view.live.count > 0) {
    const BatchRef in = input_batch(work, view);
    if (!in) return Error{Code::kFailed, name() + ": out of memory for a batch"};
    MILLRACE_TRY(instance_->process(in, builder_));
  }
  const EventTime* w = watermarks(chunk);
  if (w && w[last] != kTimeNone) MILLRACE_TRY(instance_->watermark(w[last], builder_));
  auto taken = builder_.take();
  work.ports[Port::kMain].batch = merged(std::move(taken.batches));
  take_rows(work, view, last > range.begin ? last - 1 : range.begin);
  take_errors(work, view, std::move(taken.rejects));
  counters.in += view.live.count;
  counters.rows += view.live.count;
  counters.errors += work.now[Port::kErrors].live.count;
  counters.used +=
      view.live.count - std::min<uint64_t>(view.live.count, work.now[Port::kErrors].live.count);
  counters.out += work.now[Port::kMain].live.count;
  return {};
}

void PluginNode::take_rows(Work& work, const RowsView& view, uint32_t fallback_record) {
  Rows& out = work.ports[Port::kMain];
  BatchRef batch = std::move(out.batch);
  out.clear();
  out.batch = batch;
  out.count = batch ? batch.size() : 0;
  place_rows(work, view, fallback_record);
  work.values.resize(out.count);
  for (uint32_t i = 0; i < out.count; ++i) work.values[i] = batch.value(i);
  work.broken.clear();
  work.decoder->decode(work.values, work.columns, work.broken);
  out.columns.assign(shape().schema.size(), nullptr);
  for (size_t k = 0; k < work.decoded_fields.size(); ++k)
    out.columns[work.decoded_fields[k]] = &work.columns[k];
  Column& time = out.own_column(0);
  time.reset(Type::kTimestamptz, out.count);
  for (uint32_t i = 0; i < out.count; ++i) {
    time.ints[i] = out.own_time[i];
    if (out.own_time[i] == kTimeNone) time.set_cell(i, kNull, out.count);
  }
  out.columns[plan_.fields.size()] = &time;
  drop_broken(work);
  work.now[Port::kMain] = {&out, out.selection()};
}

/// Which record made each row, and when: as the plugin says, else as the record itself.
void PluginNode::place_rows(Work& work, const RowsView& view, uint32_t fallback_record) {
  Rows& out = work.ports[Port::kMain];
  out.own_record.resize(out.count);
  out.own_time.resize(out.count);
  uint32_t record = 0;
  for (uint32_t i = 0; i < out.count; ++i) {
    const mr_batch& abi = out.batch.abi();
    const uint32_t origin = abi.origin ? abi.origin[i] : UINT32_MAX;
    const bool known = origin < view.live.count;
    // Records ascend, whatever order the plugin put them out in.
    record = std::max(record, known ? view.rows->record_of(view.live[origin]) : fallback_record);
    out.own_record[i] = record;
    out.own_time[i] = out.batch.time_us(i);
    if (out.own_time[i] == kTimeNone && known && view.rows->time) {
      out.own_time[i] = view.rows->time[view.live[origin]];
    }
  }
  out.record = out.own_record.data();
  out.time = out.own_time.data();
}

/// Rows that are no JSON live no longer.
void PluginNode::drop_broken(Work& work) {
  if (work.broken.empty()) return;
  Rows& out = work.ports[Port::kMain];
  out.all_live = false;
  size_t next = 0;
  for (uint32_t i = 0; i < out.count; ++i) {
    if (next < work.broken.size() && work.broken[next].row == i) {
      ++next;
    } else {
      out.live.push_back(i);
    }
  }
}

void PluginNode::take_errors(Work& work, const RowsView& view, std::vector<Reject> rejects) {
  work.failed.clear();
  work.texts.clear();
  const Shape& input = inputs()[0].node->shape(inputs()[0].port);
  for (const Reject& reject : rejects) {
    if (reject.index >= view.live.count) continue;
    FailedRow failed;
    describe_row(*view.rows, input, view.live[reject.index], work.texts, failed);
    failed.reason = work.texts.store(reject.reason);
    work.failed.push_back(failed);
  }
  for (const BrokenValue& broken : work.broken) {
    FailedRow failed;
    failed.record = work.ports[Port::kMain].own_record[broken.row];
    failed.reason = work.texts.store("the plugin's output: " + broken.reason);
    failed.bytes = work.values[broken.row];
    work.failed.push_back(failed);
  }
  Rows& rows = work.ports[Port::kErrors];
  work.error_rows.write(work.failed, rows, name());
  work.now[Port::kErrors] = {&rows, rows.selection()};
}

Result<void> PluginNode::open(uint64_t last_epoch) {
  auto made = ProcessorInstance::create(plan_.component, {pipeline_, name()}, plan_.config);
  if (!made) return made.error();
  instance_ = std::move(*made);
  return instance_->open(state_.empty() ? std::string_view() : std::string_view(state_), last_epoch,
                         0);
}

Result<void> PluginNode::close() { return instance_ ? instance_->close() : Result<void>{}; }

void PluginNode::cancel() {
  if (instance_) instance_->cancel();
}

Result<void> PluginNode::prepare_commit(uint64_t epoch) {
  auto state = instance_->snapshot(epoch);
  if (!state) return state.error();
  state_ = std::move(*state);
  return {};
}

void PluginNode::save(uint64_t, Commit&, JsonValue& meta) {
  meta.set("state", JsonValue::string(to_hex(state_)));
}

Result<void> PluginNode::restore(const JsonValue& meta, CommitLog&) {
  const JsonValue* state = meta.find("state");
  if (!state || (state->is_string() && from_hex(state->as_string(), state_))) return {};
  return Error{Code::kCorrupt, "the stored state of " + name() + " is damaged"};
}

}  // namespace millrace
