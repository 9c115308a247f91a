// Which computed rows go out: ranked ones, changed ones, or framed snapshots; and writing them.
#include <algorithm>

#include "base/hash.h"
#include "columns/json_encode.h"
#include "nodes/stage.h"
#include "operators/grouped_output.h"

namespace millrace {

/// append: every row that is left.
void GroupedOutput::pick_ranked(Work& work) const {
  uint32_t at = 0;
  for (const Firing& firing : work.firings) {
    for (; at < firing.ranked_end; ++at) {
      const uint32_t row = work.ranked[at];
      if (work.alive[row]) work.picks.push_back({Pick::kRow, row, firing.release, 0});
    }
  }
}

/// Vanished results have no values to compute.
Selection GroupedOutput::without_vanished(Work& work, Selection live, Rows& out) const {
  Buffer<uint32_t> kept;
  auto firing = work.firings.begin();
  for (uint32_t i = 0; i < live.count; ++i) {
    while (live[i] >= firing->end) ++firing;
    if (firing->kind != FiringKind::kVanished) kept.push_back(live[i]);
  }
  return keep_selection({kept.data(), static_cast<uint32_t>(kept.size())}, out.live);
}

/// Rows of the firing that are not in the result any more. Rows that could not be computed change
/// nothing for the reader.
void GroupedOutput::pick_deletes(Work& work, const Firing& firing,
                                 const Buffer<uint8_t>& failed) const {
  for (uint32_t row = firing.begin; row < firing.end && first_field_ == 1; ++row) {
    if (work.alive[row] || failed[row]) continue;
    Emission& emission = *work.emissions[row];
    if (emission.sent) work.picks.push_back({Pick::kDelete, row, firing.release, 0});
    emission.sent = false;
  }
}

/// update: first what vanished from the result, in group order, then what is new in it (R25, R28).
void GroupedOutput::pick_changes(Work& work, const Rows& out, const Shape& out_shape) const {
  Buffer<uint8_t> failed;
  failed.resize(out.count);
  std::fill(failed.begin(), failed.end(), uint8_t{0});
  for (const RowError& error : work.output_errors.list()) failed[error.row] = 1;
  uint32_t at = 0;
  for (const Firing& firing : work.firings) {
    pick_deletes(work, firing, failed);
    const bool final = firing.kind == FiringKind::kFinal;
    for (; at < firing.ranked_end; ++at) {
      const uint32_t row = work.ranked[at];
      if (!work.alive[row]) continue;
      work.text.clear();
      for (uint32_t field = 0; field < out_shape.visible; ++field) {
        if (!out.columns[field]) continue;
        write_json_cell(*out.columns[field], row, work.text);
        work.text.append(',');
      }
      const uint64_t hash = hash_bytes(work.text.view());
      Emission& emission = *work.emissions[row];
      if (!final && emission.sent && emission.row_hash == hash) continue;
      emission.sent = true;
      emission.row_hash = hash;
      work.picks.push_back({final ? Pick::kFinal : Pick::kRow, row, firing.release, 0});
    }
  }
}

/// complete: each firing is one frame, from {"snapshot": n, "begin": true} to its end (R26).
Result<void> GroupedOutput::pick_frames(Work& work, int64_t& snapshots) const {
  uint32_t at = 0;
  for (const Firing& firing : work.firings) {
    const int64_t snapshot = ++snapshots;
    work.picks.push_back({Pick::kBegin, 0, firing.release, snapshot});
    uint32_t rows = 0;
    for (; at < firing.ranked_end; ++at) {
      const uint32_t row = work.ranked[at];
      if (!work.alive[row]) continue;
      work.picks.push_back({Pick::kRow, row, firing.release, 0});
      ++rows;
    }
    work.picks.push_back({Pick::kEnd, rows, firing.release, snapshot});
    if (rows <= plan_.complete_max_rows) continue;
    return Error{Code::kFailed, "a complete result of " + std::to_string(rows) +
                                    " rows is larger than complete_max_rows (" +
                                    std::to_string(plan_.complete_max_rows) +
                                    "): raise it, limit the rows, or emit updates"};
  }
  return {};
}

bool GroupedOutput::in_identity(uint32_t field) const {
  if (field < first_field_) return false;
  const uint32_t windows = plan_.windowed ? 2 : 0;
  const uint32_t place = field - first_field_;
  if (place < windows) return place == 0 || plan_.end_in_identity || bounds_[place];
  return place < windows + shown_groups_.size();
}

namespace {

using Pick = GroupedOutput::Pick;

bool is_frame(const Pick& pick) { return pick.kind == Pick::kBegin || pick.kind == Pick::kEnd; }

/// `value` for rows of `kind`, NULL for the others.
template <class Set>
void fill_mark(const std::vector<Pick>& picks, Type type, Column& to, bool (*marked)(const Pick&),
               Set set) {
  const auto count = static_cast<uint32_t>(picks.size());
  to.reset(type, count);
  for (uint32_t at = 0; at < count; ++at) {
    if (marked(picks[at])) {
      set(at);
    } else {
      to.set_cell(at, kNull, count);
    }
  }
}

std::string frame_text(const Pick& pick) {
  const std::string head = "{\"snapshot\":" + std::to_string(pick.snapshot);
  if (pick.kind == Pick::kBegin) return head + ",\"begin\":true}";
  return head + ",\"end\":true,\"rows\":" + std::to_string(pick.row) + "}";
}

}  // namespace

/// The cells of the picked rows; what a deleted row has beside its identity is NULL.
void GroupedOutput::write_cells(const Work& work, uint32_t field, const Shape& out_shape,
                                const Column& from, Column& to) const {
  const auto count = static_cast<uint32_t>(work.picks.size());
  const bool kept_in_deletes = field >= out_shape.visible || in_identity(field);
  to.reset(out_shape.schema[field].type, count);
  for (uint32_t at = 0; at < count; ++at) {
    const Pick& pick = work.picks[at];
    const bool hidden = is_frame(pick) || (pick.kind == Pick::kDelete && !kept_in_deletes);
    if (!hidden && from.valid(pick.row)) {
      to.set_value(at, from, pick.row);
      continue;
    }
    to.set_cell(at, kNull, count);
    // Views of dead cells are read by nobody, but must not dangle.
    if (storage_of(to.type) == Storage::kBytes) to.texts[at] = {};
  }
}

/// `op`, `final` and frames: what only the picks know.
void GroupedOutput::write_marks(const Work& work, const Shape& out_shape, Rows& out) const {
  const auto made = [&](uint32_t field) -> Column& {
    Column& column = out.own_column(field + 1);
    out.columns[field] = &column;
    return column;
  };
  if (out_shape.op) {
    Column& op = made(*out_shape.op);
    fill_mark(
        work.picks, Type::kText, op, [](const Pick& pick) { return pick.kind == Pick::kDelete; },
        [&](uint32_t at) { op.texts[at] = "delete"; });
  }
  if (plan_.mode == EmitConfig::Mode::kUpdate && plan_.windowed) {
    Column& final = made(out_shape.visible - 1);
    fill_mark(
        work.picks, Type::kBool, final, [](const Pick& pick) { return pick.kind != Pick::kDelete; },
        [&](uint32_t at) { final.bools[at] = work.picks[at].kind == Pick::kFinal; });
  }
  if (out_shape.frame) {
    Column& frame = made(*out_shape.frame);
    fill_mark(work.picks, Type::kText, frame, is_frame, [&](uint32_t at) {
      frame.texts[at] = frame.bytes.store(frame_text(work.picks[at]));
    });
  }
}

/// The columns of `out`, by derived row so far, become those of the picked rows.
void GroupedOutput::write_picks(Work& work, const Shape& out_shape, Rows& out) const {
  const auto count = static_cast<uint32_t>(work.picks.size());
  for (uint32_t field = 0; field < out.columns.size(); ++field) {
    if (!out.columns[field]) continue;
    Column& to = out.own_column(field + 1);  // 0 is the event time of derived rows.
    write_cells(work, field, out_shape, *out.columns[field], to);
    out.columns[field] = &to;
  }
  write_marks(work, out_shape, out);
  work.times.resize(count);
  for (uint32_t at = 0; at < count; ++at) {
    work.times[at] = is_frame(work.picks[at]) ? kTimeNone : out.own_time[work.picks[at].row];
  }
  out.own_record.resize(count);
  for (uint32_t at = 0; at < count; ++at) out.own_record[at] = work.picks[at].release;
  out.own_time.resize(count);
  std::copy(work.times.begin(), work.times.end(), out.own_time.begin());
  out.record = out.own_record.data();
  out.time = out.own_time.data();
  out.count = count;
  out.all_live = true;
}

}  // namespace millrace
