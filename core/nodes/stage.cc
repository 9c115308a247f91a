#include "nodes/stage.h"

#include <algorithm>

namespace millrace {
namespace {

/// Copies the cells of `parents` rows of `from`; texts stay views.
void gather(const Column& from, const Buffer<uint32_t>& parents, Column& to) {
  const size_t rows = parents.size();
  to.reset(from.type, rows);
  const auto copy = [&](const auto& source, auto& target) {
    for (size_t i = 0; i < rows; ++i) target[i] = source[from.constant ? 0 : parents[i]];
  };
  switch (storage_of(from.type)) {
    case Storage::kBool: copy(from.bools, to.bools); break;
    case Storage::kFloat: copy(from.floats, to.floats); break;
    case Storage::kBytes: copy(from.texts, to.texts); break;
    case Storage::kInt: copy(from.ints, to.ints); break;
  }
  if (!from.has_invalid) return;
  for (size_t i = 0; i < rows; ++i) {
    const uint8_t cell = from.cell(parents[i]);
    if (cell != kValid) to.set_cell(i, static_cast<Cell>(cell), rows);
  }
}

/// The decoder reads objects, so elements that are wanted themselves are dressed as one.
void wrap_elements(StageWork& work) {
  work.wrapped.clear();
  for (std::string_view& element : work.elements) {
    char* at = work.wrapped.allocate(element.size() + 6);
    char* end = std::copy_n("{\"\":", 4, at);
    end = std::copy(element.begin(), element.end(), end);
    *end++ = '}';
    element = {at, static_cast<size_t>(end - at)};
  }
}

/// The JSON of a cell to explode; empty where it is none.
std::string_view array_text(const Column& arrays, uint32_t row, StageWork& work) {
  if (!arrays.valid(row)) return "";
  const std::string_view cell = arrays.texts[arrays.constant ? 0 : row];
  if (!is_array(arrays.type)) return cell;
  work.written.clear();
  write_json_array(cell, element_of(arrays.type), work.written);
  constexpr size_t kPadding = 64;  // What the splitter may read behind it.
  char* const at = work.arrays.allocate(work.written.size() + kPadding);
  std::copy_n(work.written.data(), work.written.size(), at);
  return {at, work.written.size()};
}

void split_arrays(const ExplodePlan& plan, const Rows& input, Selection live, StageWork& work) {
  work.elements.clear();
  work.parents.clear();
  work.arrays.clear();
  const Column& arrays = *input.columns[plan.array];
  for (uint32_t i = 0; i < live.count; ++i) {
    const uint32_t row = live[i];
    const uint8_t cell = arrays.cell(row);
    if (cell == kNull) continue;
    const std::string_view text = array_text(arrays, row, work);
    const size_t before = work.elements.size();
    if (text == "null") continue;
    if (!work.splitter->split_array(text, work.elements)) {
      work.elements.resize(before);
      work.faults.push_back({row, true, "the value to explode is not an array"});
      continue;
    }
    for (size_t k = before; k < work.elements.size(); ++k) work.parents.push_back(row);
  }
}

void place_exploded(const ExplodePlan& plan, const Rows& input, StageWork& work) {
  Rows& out = work.exploded;
  const size_t rows = work.parents.size();
  out.clear();
  out.count = static_cast<uint32_t>(rows);
  out.own_record.resize(rows);
  out.own_time.resize(rows);
  work.origins.resize(rows);
  for (size_t i = 0; i < rows; ++i) {
    out.own_record[i] = input.record_of(work.parents[i]);
    out.own_time[i] = input.time ? input.time[work.parents[i]] : kTimeNone;
    work.origins[i] = input.origin_of(work.parents[i]);
  }
  out.record = out.own_record.data();
  out.time = out.own_time.data();
  out.batch = input.batch;
  out.origin = work.origins.data();
  out.columns.assign(plan.schema.size(), nullptr);
}

void explode(const ExplodePlan& plan, const Rows& input, Selection live, StageWork& work) {
  if (!work.decoder) {
    work.columns.resize(plan.elements.size());
    work.decoder = make_json_decoder(plan.elements);
    work.splitter = make_json_decoder({});
  }
  split_arrays(plan, input, live, work);
  place_exploded(plan, input, work);
  const auto rows = work.elements.size();
  work.raw_elements.reset(Type::kJsonb, rows);
  for (size_t i = 0; i < rows; ++i) work.raw_elements.texts[i] = work.elements[i];
  if (plan.scalar) wrap_elements(work);
  work.broken.clear();
  work.decoder->decode(work.elements, work.columns, work.broken);
  Rows& out = work.exploded;
  for (size_t field = 0; field < plan.schema.size(); ++field) {
    const int32_t element = plan.from_element[field], from = plan.from_input[field];
    if (element >= 0) {
      out.columns[field] = &work.columns[static_cast<size_t>(element)];
    } else if (from >= 0 && input.columns[static_cast<size_t>(from)]) {
      Column& column = out.own_column(field);
      gather(*input.columns[static_cast<size_t>(from)], work.parents, column);
      out.columns[field] = &column;
    }
  }
  if (!plan.scalar) out.columns[plan.as_field] = &work.raw_elements;
  for (BrokenValue& broken : work.broken) {
    work.faults.push_back({broken.row, false, "element: " + broken.reason});
  }
}

/// Drops rows whose element was broken.
Selection without_broken(StageWork& work) {
  const Rows& rows = work.exploded;
  if (work.broken.empty()) return Selection::all(rows.count);
  work.kept.clear();
  size_t next = 0;
  for (uint32_t row = 0; row < rows.count; ++row) {
    if (next < work.broken.size() && work.broken[next].row == row) {
      ++next;
    } else {
      work.kept.push_back(row);
    }
  }
  return {work.kept.data(), static_cast<uint32_t>(work.kept.size())};
}

}  // namespace

void run_stage(const StagePlan& plan, const Rows& input, Selection live, StageWork& work,
               RowErrors& errors) {
  work.faults.clear();
  work.rows = &input;
  work.before_filter = live;
  if (plan.explode) {
    explode(*plan.explode, input, live, work);
    work.rows = &work.exploded;
    work.before_filter = without_broken(work);
  }
  errors.start(work.rows->count);
  work.live = work.before_filter;
  if (!plan.filter) return;
  const Inputs inputs{work.rows->columns, work.rows->count};
  work.live = filter(*plan.filter, inputs, work.before_filter, work.filter_scratch, errors);
}

std::string_view place_of(const RowError& error, ByteArena& store) {
  if (!error.program) return {};
  const std::string& text = error.program->text();
  const size_t place = std::min<size_t>(error.place, text.size());
  return store.store(text.substr(0, place) + "»" + text.substr(place));
}

std::string_view reason_of(const RowError& error, ByteArena& store) {
  return store.store(error.text + " (" + std::string(error.sqlstate) + ")");
}

Selection keep_selection(Selection from, Buffer<uint32_t>& room) {
  const bool in_place = from.rows == room.data() && from.rows != nullptr;
  room.resize(from.count);
  for (uint32_t i = 0; i < from.count && !in_place; ++i) room[i] = from[i];
  return {room.data(), from.count};
}

void collect_stage_errors(const StageWork& work, const Rows& input, const Shape& input_shape,
                          const Shape& stage_shape, const RowErrors& errors, ByteArena& store,
                          std::vector<FailedRow>& out) {
  out.clear();
  if (work.faults.empty() && errors.empty()) return;
  store.clear();
  for (const StageFault& fault : work.faults) {
    FailedRow failed;
    describe_row(fault.of_input ? input : *work.rows, fault.of_input ? input_shape : stage_shape,
                 fault.row, store, failed);
    failed.reason = store.store(fault.reason);
    out.push_back(failed);
  }
  describe_failures(*work.rows, stage_shape, errors, store, out);
  std::stable_sort(out.begin(), out.end(),
                   [](const FailedRow& a, const FailedRow& b) { return a.record < b.record; });
}

void describe_failures(const Rows& rows, const Shape& shape, const RowErrors& errors,
                       ByteArena& store, std::vector<FailedRow>& failed) {
  for (const RowError& error : errors.list()) {
    FailedRow row;
    describe_row(rows, shape, error.row, store, row);
    row.reason = reason_of(error, store);
    row.place = place_of(error, store);
    failed.push_back(row);
  }
}

}  // namespace millrace
