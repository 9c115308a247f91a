#include "pipeline/table_node.h"

#include <algorithm>

#include "base/bytes.h"
#include "json/value.h"
#include "pipeline/own_batch.h"
#include "window/stored_row.h"

namespace millrace {
namespace {

constexpr auto kMain = static_cast<size_t>(Port::kMain), kErrors = static_cast<size_t>(Port::kErrors);

/// `op` stands in front of what select gives.
Shape with_op(Shape shape, const std::vector<uint32_t>& key_fields, bool selected) {
  std::vector<Field> fields = shape.schema.fields();
  fields.insert(fields.begin(), {"op", Type::kText});
  shape.schema = Schema(std::move(fields));
  ++shape.visible;
  shape.omitted_when_null.push_back("op");
  shape.is_table = true;
  shape.op = 0;
  shape.key.clear();
  for (uint32_t field : key_fields) {
    if (!selected) shape.key.push_back(field + 1);
  }
  return shape;
}

}  // namespace

struct TableNode::Work final : NodeWork {
  GroupedInput::Work in;
  ResultRows::Work result;
  Rows made;
  std::vector<Column> columns;  ///< By field of the made shape.
  Column op;
  std::vector<uint32_t> made_from;  ///< Row of the stage.
  bool deletes = false;
  std::vector<std::string_view> records;
  ByteArena texts;
  BatchBuilder builder;
  ErrorRows error_rows;
  ByteArena error_bytes;
  std::vector<FailedRow> failed;
  uint64_t nulls = 0;
};

/// Bytes lie in batches of the node's own: deletes have bytes that no source wrote.
Shape TablePlan::made(const Shape& stage) {
  Shape made = stage;
  std::vector<Field> fields(stage.schema.fields().begin(), stage.schema.fields().begin() + stage.visible);
  fields.push_back({"event_time()", Type::kTimestamptz});
  made.schema = Schema(std::move(fields));
  made.own_bytes = made.has_bytes;
  return made;
}

TableNode::TableNode(std::string name, std::vector<Input> inputs, StagePlan stage, TablePlan plan)
    : Node(std::move(name), std::move(inputs)),
      plan_(std::move(plan)),
      explode_(stage.explode),
      input_(std::move(stage), plan_.key, this->inputs()[0]),
      results_(std::move(plan_.result), TablePlan::made(input_.stage_shape())),
      blocks_(this->name(), "table keys v1"),
      slices_(kTimeMax) {
  inputs_parallel_ = this->inputs()[0].node->parallel();
  shape_of(Port::kMain) = with_op(results_.shape(), plan_.key_fields, results_.selects());
  shape_of(Port::kErrors) = ErrorRows::shape();
  shape_of(Port::kLate) = Shape();
}

std::unique_ptr<NodeWork> TableNode::make_work() const {
  auto work = std::make_unique<Work>();
  input_.start(work->in);
  results_.make(work->result);
  work->columns.resize(results_.made().schema.size());
  return work;
}

void TableNode::set_wanted(std::vector<bool> wanted) {
  Node::set_wanted(wanted);
  wanted.erase(wanted.begin());  // op
  made_wanted_.assign(results_.made().schema.size(), false);
  results_.demand(wanted, made_wanted_);
  for (uint32_t field : plan_.key_fields) made_wanted_[field] = true;
}

void TableNode::demand(size_t, std::vector<bool>& wanted) const {
  input_.demand(false, wanted);
  std::vector<bool> stage_wanted(input_.stage_shape().schema.size());
  for (uint32_t i = 0; i < results_.made().visible; ++i) stage_wanted[i] = made_wanted_[i];
  demand_through_explode(explode_, stage_wanted, wanted);
}

void TableNode::prepare(Chunk& chunk) const {
  const Rows& rows = input_rows(chunk);
  input_.prepare(static_cast<Work&>(work_of(chunk)).in, rows,
                 inputs_parallel_ ? rows.selection() : input_view(chunk).live);
}

Result<void> TableNode::apply(Chunk& chunk, Range range) {
  auto& work = static_cast<Work&>(work_of(chunk));
  const uint32_t begin = inputs_parallel_ ? range.begin : 0;
  const uint32_t end = inputs_parallel_ && !range.last ? range.end : UINT32_MAX;
  const GroupedInput::Cut cut = input_.cut(work.in, begin, end);
  work.made.clear();
  work.made.own_record.clear();
  work.made.own_time.clear();
  work.made_from.clear();
  work.failed.clear();
  work.error_bytes.clear();
  work.op.reset(Type::kText, 0);
  work.deletes = false;
  work.nulls = 0;
  for (uint32_t i = 0; i < work.columns.size(); ++i) work.columns[i].reset(results_.made().schema[i].type, 0);
  for (uint32_t i = cut.first; i < cut.behind; ++i) {
    const uint32_t row = work.in.live[i];
    const auto& key = work.in.groups;
    if (!std::all_of(key.begin(), key.end(), [&](const Column* c) { return c->valid(row); })) {
      refuse_null(work, row);
      continue;
    }
    const bool deletes = !work.in.passes.empty() && work.in.passes[0][row];
    // A tombstone for an unknown key sends nothing (R30).
    if (change(work.in.key(i), deletes) || plan_.passes_all_deletes) push(work, row, deletes);
  }
  finish(work, chunk, cut);
  return {};
}

/// False: a delete of a key that is not there.
bool TableNode::change(std::string_view key, bool deletes) {
  const auto found = keys_.find(std::string(key));
  if (found == keys_.end()) {
    if (deletes) return false;
    const auto place = keys_.try_emplace(std::string(key), nullptr).first;
    Key made;
    made.key = &place->first;
    made.there = true;
    place->second = &slices_.add(0, std::move(made));
    key_bytes_ += key.size();
    return true;
  }
  Key& known = *found->second;
  if (deletes && !known.there) return false;
  if (known.there == deletes) {
    known.there = !deletes;
    slices_.touch(known);
  }
  return true;
}

void TableNode::refuse_null(Work& work, uint32_t row) const {
  FailedRow failed;
  describe_row(*work.in.stage.rows, input_.stage_shape(), row, work.error_bytes, failed);
  failed.reason = "the key of a table must not be NULL";
  work.failed.push_back(failed);
  ++work.nulls;
}

void TableNode::push(Work& work, uint32_t row, bool deletes) {
  const Rows& stage = *work.in.stage.rows;
  const Shape& made = results_.made();
  const auto& keys = plan_.key_fields;
  for (uint32_t i = 0; i < made.visible; ++i) {
    if (!made_wanted_[i]) continue;
    const bool is_key = std::find(keys.begin(), keys.end(), i) != keys.end();
    deletes && !is_key ? work.columns[i].push_null() : push_cell(*stage.columns[i], row, work.columns[i]);
  }
  work.columns[made.visible].ints.push_back(work.in.time(row));
  if (deletes) {
    work.op.texts.push_back("delete");
    work.op.pushed_valid();
  } else {
    work.op.push_null();
  }
  work.deletes = work.deletes || deletes;
  work.made_from.push_back(row);
  work.made.own_record.push_back(stage.record_of(row));
  work.made.own_time.push_back(work.in.time(row));
}

/// The bytes of each row: the record as it came, or a delete's own.
void TableNode::write_records(Work& work) const {
  const Rows& stage = *work.in.stage.rows;
  const Shape& made = results_.made();
  work.records.clear();
  work.texts.clear();
  ByteBuffer text;
  for (size_t i = 0; i < work.made_from.size(); ++i) {
    if (!work.op.valid(i)) {
      work.records.push_back(stage.batch.value(stage.origin_of(work.made_from[i])));
      continue;
    }
    text.clear();
    text.append("{\"op\":\"delete\"");
    const auto write = [&](uint32_t field) {
      text.append(',');
      write_json_string(made.schema[field].name, text);
      text.append(':');
      made_wanted_[field] ? write_json_cell(work.columns[field], i, text) : text.append("null");
    };
    for (uint32_t field : plan_.key_fields) write(field);
    for (uint32_t field = 0; field < made.visible; ++field) {
      const auto& keys = plan_.key_fields;
      if (std::find(keys.begin(), keys.end(), field) == keys.end()) write(field);
    }
    text.append('}');
    work.records.push_back(work.texts.store(text.view()));
  }
  work.made.batch = batch_of(work.builder, work.records);
}

void TableNode::finish(Work& work, const Chunk& chunk, const GroupedInput::Cut& cut) {
  Rows& made = work.made;
  made.count = static_cast<uint32_t>(work.made_from.size());
  made.record = made.own_record.data();
  made.time = made.own_time.data();
  made.columns.assign(work.columns.size(), nullptr);
  for (uint32_t i = 0; i < work.columns.size(); ++i) {
    if (made_wanted_[i] || i == results_.made().visible) made.columns[i] = &work.columns[i];
  }
  if (results_.made().own_bytes && made.count > 0) write_records(work);
  Rows& out = work.ports[kMain];
  const size_t refused = work.failed.size();
  results_.finish(work.result, made, Selection::all(made.count), out, work.failed);
  const uint64_t failed_results = work.failed.size() - refused;
  out.columns.insert(out.columns.begin(), &work.op);
  work.now[kMain] = {&out, out.selection()};
  input_.add_failed(work.in, cut, work.failed);
  const uint64_t failed = work.failed.size() - failed_results;
  const uint64_t rows = input_.rows_in(work.in, cut, input_rows(chunk));
  counters.in += input_view(chunk).live.count;
  counters.rows += rows;
  counters.errors += failed;
  counters.used += cut.size() - work.nulls;
  counters.filtered += rows - (cut.size() - work.nulls) - failed;
  counters.out += out.selection().count;
  work.ports[static_cast<size_t>(Port::kLate)].clear();
  work.now[static_cast<size_t>(Port::kLate)] = {&work.ports[static_cast<size_t>(Port::kLate)], Selection::all(0)};
  work.error_rows.write(work.failed, work.ports[kErrors], name());
  work.now[kErrors] = {&work.ports[kErrors], work.ports[kErrors].selection()};
}

void TableNode::save(uint64_t epoch, Commit& commit, JsonValue& meta) {
  meta.set("keys", JsonValue::integer(static_cast<int64_t>(keys_.size())));
  blocks_.save(slices_, 0, epoch, commit, [](const Key& key, std::string& value) {
    append_u8(value, key.there);
    value += *key.key;
  });
}

Result<void> TableNode::restore(const JsonValue&, CommitLog& log) {
  return blocks_.restore(log, [&](const SliceBlocks::Stored& stored) {
    ByteReader reader(stored.value);
    Key key;
    key.there = reader.u8() != 0;
    if (!reader.ok()) return false;
    const auto place = keys_.try_emplace(std::string(reader.left()), nullptr).first;
    key.key = &place->first;
    place->second = &slices_.restore(stored.slice, std::move(key));
    key_bytes_ += place->first.size();
    return true;
  });
}

}  // namespace millrace
