// Prepare: decode and judge event times. What leaves by the side outputs: source_side_outputs.cc.
#include <algorithm>

#include "base/assert.h"
#include "nodes/key_text.h"
#include "nodes/late_rows.h"
#include "nodes/source_work.h"
#include "nodes/stage.h"
#include "record/keyed_batch.h"

namespace millrace {
namespace {

enum Hidden : uint32_t {
  kEventTime,
  kRecordKey,
  kSourcePosition,
  kProcessingTime,
  kIsNull,
  kHiddenCount
};

bool is_null_value(std::string_view value) {
  if (value.data() == nullptr) return true;
  const size_t begin = value.find_first_not_of(" \t\r\n"), end = value.find_last_not_of(" \t\r\n");
  return begin != std::string_view::npos && value.substr(begin, end - begin + 1) == "null";
}

}  // namespace

SourceNode::SourceNode(std::string name, SourcePlan plan)
    : Node(std::move(name), {}),
      plan_(std::move(plan)),
      watermark_(plan_.watermark),
      duplicates_(this->name(), plan_.dedupe_horizon_us, plan_.dedupe_max) {
  Shape& main = shape_of(Port::kMain);
  main.schema = plan_.fields;
  main.visible = plan_.fields.size();
  main.has_bytes = true;
  main.bytes_are_json = !plan_.is_text;
  constexpr Type kHiddenTypes[] = {Type::kTimestamptz, Type::kText, Type::kInt8, Type::kTimestamptz,
                                   Type::kBool};
  for (uint32_t i = 0; i < kHiddenCount; ++i) {
    main.schema.add(std::string(kHiddenFields[i]), kHiddenTypes[i]);
  }
  shape_of(Port::kErrors) = ErrorRows::shape();
  Shape& gaps = shape_of(Port::kGaps);
  gaps.schema = Schema({{"source", Type::kText},
                        {"partition", Type::kInt8},
                        {"from_us", Type::kInt8},
                        {"to_us", Type::kInt8},
                        {"from_position", Type::kInt8},
                        {"to_position", Type::kInt8},
                        {"reason", Type::kText},
                        {"estimated", Type::kBool}});
  gaps.visible = gaps.schema.size();
  gaps.schema.add(std::string(kWhose), Type::kText);
  gaps.schema.add(std::string(kWhy), Type::kText);
}

std::unique_ptr<NodeWork> SourceNode::make_work() const {
  auto work = std::make_unique<Work>(plan_.time);
  std::vector<WantedField> wanted;
  for (uint32_t i = 0; i < plan_.fields.size() && !plan_.is_text; ++i) {
    if (plan_.key_field == i) {
      work->key_column = wanted.size();
    } else if (!wanted_[i] && plan_.asserted_key != i) {
      continue;
    }
    const Field& field = plan_.fields[i];
    std::string_view path = field.name;
    if (path.ends_with(kRawArray)) path.remove_suffix(kRawArray.size());
    wanted.push_back(
        {split_path(path), field.type, plan_.text_cells ? CellFormat::kText : CellFormat::kTyped});
    work->decoded_fields.push_back(i);
  }
  if (plan_.time.decodes()) wanted.push_back(wanted_time(plan_.time));
  work->columns.resize(plan_.is_text ? 1 : wanted.size());
  work->decoder = make_json_decoder(std::move(wanted));
  return work;
}

std::unique_ptr<RecordTimes> SourceNode::record_times() const {
  return std::make_unique<RecordTimes>(plan_.time);
}

void SourceNode::prepare(Chunk& chunk) const {
  auto& work = static_cast<Work&>(work_of(chunk));
  chunk.records = chunk.batch ? chunk.batch.size() : 0;
  work.faults.clear();
  work.dead.resize(chunk.records);
  std::fill(work.dead.begin(), work.dead.end(), 0);
  if (plan_.is_text) {
    take_text(work, chunk);
  } else {
    decode(work, chunk);
    if (plan_.key_field && chunk.batch && !chunk.batch.abi().key.spans) put_keys(work, chunk);
  }
  judge_times(work, chunk);
  judge_keys(work, chunk);
  fill_rows(work, chunk);
  list_errors(work, chunk);
  list_gaps(work, chunk);
}

void SourceNode::decode(Work& work, const Chunk& chunk) const {
  work.values.resize(chunk.records);
  for (uint32_t i = 0; i < chunk.records; ++i) work.values[i] = chunk.batch.value(i);
  work.broken.clear();
  work.decoder->decode(work.values, work.columns, work.broken);
  for (BrokenValue& broken : work.broken) {
    work.dead[broken.row] = 1;
    work.faults.push_back({broken.row, nullptr, std::move(broken.reason)});
  }
  if (!plan_.validate_full) return;
  for (uint32_t i = 0; i < chunk.records; ++i) {
    if (work.dead[i]) continue;
    std::string reason = work.decoder->validate(work.values[i]);
    if (reason.empty()) continue;
    work.dead[i] = 1;
    work.faults.push_back({i, nullptr, std::move(reason)});
  }
}

void SourceNode::put_keys(Work& work, Chunk& chunk) const {
  const std::vector<const Column*> field = {&work.columns[work.key_column]};
  work.key_bytes.clear();
  work.key_spans.assign(chunk.records, {0, MR_NULL_LEN});
  for (uint32_t i = 0; i < chunk.records; ++i) {
    if (work.dead[i] || !field[0]->valid(i)) continue;
    const auto begin = static_cast<uint32_t>(work.key_bytes.size());
    write_key_text(field, i, work.key_bytes);
    work.key_spans[i] = {begin, static_cast<uint32_t>(work.key_bytes.size()) - begin};
  }
  chunk.batch = with_keys(chunk.batch, work.key_bytes.view(), work.key_spans);
  MILLRACE_ASSERT(chunk.batch);
}

void SourceNode::take_text(Work& work, const Chunk& chunk) const {
  Column& column = work.columns[0];
  column.reset(Type::kText, chunk.records);
  for (uint32_t i = 0; i < chunk.records; ++i) {
    column.texts[i] = chunk.batch.value(i);
    if (is_utf8(column.texts[i])) continue;
    work.dead[i] = 1;
    work.faults.push_back({i, "the record is not UTF-8", {}});
  }
}

void SourceNode::judge_times(Work& work, const Chunk& chunk) const {
  work.time.resize(chunk.records);
  const Column* const field = plan_.time.decodes() ? &work.columns.back() : nullptr;
  for (uint32_t i = 0; i < chunk.records; ++i) {
    if (work.dead[i]) continue;
    EventTime& time = work.time[i];
    const char* fault =
        work.event_times.of_record(field, i, chunk.batch.time_us(i), chunk.arrival_us, time);
    if (fault) {
      work.dead[i] = 1;
      work.faults.push_back({i, fault, {}});
    } else if (time == kTimeNone) {
      time = chunk.arrival_us;
    }
  }
}

/// A record whose key is another than its field would be counted where nobody looks for it.
void SourceNode::judge_keys(Work& work, const Chunk& chunk) const {
  if (!plan_.asserted_key) return;
  size_t place = 0;
  while (work.decoded_fields[place] != *plan_.asserted_key) ++place;
  const Column& column = work.columns[place];
  const bool is_text = column.type == Type::kText;
  std::string number;
  for (uint32_t i = 0; i < chunk.records; ++i) {
    const std::string_view key = chunk.batch.key(i);
    // A tombstone has no fields: its key is all there is.
    if (work.dead[i] || chunk.batch.value(i).data() == nullptr) continue;
    const bool null = column.has_invalid && column.cells[i] != kValid;
    std::string_view field;
    if (!null && is_text) field = column.texts[i];
    if (!null && !is_text) field = number = std::to_string(column.ints[i]);
    if (null ? key.data() == nullptr : key.data() != nullptr && key == field) continue;
    work.dead[i] = 1;
    work.faults.push_back(
        {i, "the message key is not the text of the field that \"key\" names", {}});
  }
}

void SourceNode::fill_rows(Work& work, const Chunk& chunk) const {
  Rows& rows = work.ports[Port::kMain];
  rows.clear();
  rows.count = chunk.records;
  rows.batch = chunk.batch;
  rows.time = work.time.data();
  rows.columns.assign(shape().schema.size(), nullptr);
  if (plan_.is_text) rows.columns[0] = &work.columns[0];
  for (size_t k = 0; k < work.decoded_fields.size(); ++k) {
    Column& column = work.columns[k];
    if (plan_.null_on_mismatch && column.has_invalid) {
      for (uint8_t& cell : column.cells)
        if (cell == kMismatch) cell = kNull;
    }
    rows.columns[work.decoded_fields[k]] = &column;
  }
  fill_hidden(work, chunk);
  for (uint32_t i = 0; i < chunk.records; ++i) {
    // A dead row has no place in the order of times (R14).
    if (work.dead[i]) work.time[i] = kTimeNone;
  }
  rows.all_live = work.faults.empty();
  if (rows.all_live) return;
  for (uint32_t i = 0; i < chunk.records; ++i) {
    if (!work.dead[i]) rows.live.push_back(i);
  }
}

void SourceNode::fill_hidden(Work& work, const Chunk& chunk) const {
  Rows& rows = work.ports[Port::kMain];
  for (uint32_t hidden = 0; hidden < kHiddenCount; ++hidden) {
    const uint32_t field = plan_.fields.size() + hidden;
    if (!wanted_[field]) continue;
    Column& column = rows.own_column(hidden);
    column.reset(shape().schema[field].type, chunk.records);
    rows.columns[field] = &column;
    for (uint32_t i = 0; i < chunk.records; ++i) {
      switch (static_cast<Hidden>(hidden)) {
        case kEventTime: column.ints[i] = work.time[i]; break;
        case kSourcePosition: column.ints[i] = static_cast<int64_t>(chunk.batch.position(i)); break;
        case kProcessingTime: column.ints[i] = chunk.arrival_us; break;
        case kRecordKey:
          column.texts[i] = chunk.batch.key(i);
          if (column.texts[i].data() == nullptr) column.set_cell(i, kNull, chunk.records);
          break;
        case kIsNull: column.bools[i] = is_null_value(chunk.batch.value(i)); break;
        case kHiddenCount: break;
      }
    }
  }
}

}  // namespace millrace
