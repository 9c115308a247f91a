#include "window/join_buffer.h"

namespace millrace {
namespace {

using Row = JoinBuffer::Row;

std::pair<EventTime, uint64_t> place_of(const Row* row) { return {row->time, row->sequence}; }
bool before(const Row* a, const Row* b) { return place_of(a) < place_of(b); }

}  // namespace

Row& JoinBuffer::add(const std::string_view* key, EventTime t, std::string bytes, bool matched) {
  Row fresh;
  fresh.time = t;
  fresh.sequence = sequence_++;
  fresh.matched = matched && asks_ends_;
  fresh.bytes = std::move(bytes);
  Row& row = slices_.add(t, std::move(fresh));
  index(row, key);
  if (asks_ends_ && !matched) ends_.emplace(place_of(&row), &row);
  return row;
}

void JoinBuffer::index(Row& row, const std::string_view* key) {
  row_bytes_ += row.bytes.size();
  if (!key) return;
  row.key = &*find_or_make(keys_, *key).first;
  auto& rows = row.key->second.rows;
  const auto living = rows.begin() + static_cast<std::ptrdiff_t>(row.key->second.first);
  rows.insert(std::upper_bound(living, rows.end(), &row, before), &row);
}

void JoinBuffer::find(std::string_view key, EventTime from, EventTime to, EventTime w,
                      std::vector<Row*>& out) const {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return;
  const auto& rows = found->second.rows;
  // The oldest that lives: W < t + life.
  from = std::max(from, saturating_add(saturating_sub(w, life_us_), 1));
  auto row =
      std::lower_bound(rows.begin() + static_cast<std::ptrdiff_t>(found->second.first), rows.end(),
                       from, [](const Row* r, EventTime t) { return r->time < t; });
  for (; row != rows.end() && (*row)->time <= to; ++row) {
    if (alive((*row)->time, w)) out.push_back(*row);
  }
}

void JoinBuffer::mark_matched(Row& row) {
  if (!asks_ends_ || row.matched) return;
  row.matched = true;
  ends_.erase(place_of(&row));
  slices_.touch(row);
}

bool JoinBuffer::next_end(EventTime& w) const {
  w = ends_.empty() ? kTimeMax : end_of(ends_.begin()->first.first);
  return !ends_.empty();
}

Row* JoinBuffer::take_ended(EventTime w) {
  EventTime end = 0;
  if (!next_end(end) || end > w) return nullptr;
  Row* row = ends_.begin()->second;
  ends_.erase(ends_.begin());
  return row;
}

TimeSlices<Row>::Gone JoinBuffer::drop_ended(EventTime w) {
  // The last time of a slice is end - 1: it has ended once w >= end - 1 + life.
  auto gone = slices_.drop_before(w == kTimeMax ? kTimeMax
                                                : saturating_add(saturating_sub(w, life_us_), 1));
  for (const auto& slice : gone) {
    for (const Row& row : slice.mapped().rows) unindex(row);
  }
  return gone;
}

/// Slices go oldest first, so each row that goes is among the first of its key: counting is enough.
void JoinBuffer::unindex(const Row& row) {
  row_bytes_ -= row.bytes.size();
  if (!row.key) return;
  Partners& partners = row.key->second;
  ++partners.first;
  if (partners.first == partners.rows.size()) {
    keys_.erase(row.key->first);
  } else if (partners.first * 2 > partners.rows.size()) {
    partners.rows.erase(partners.rows.begin(),
                        partners.rows.begin() + static_cast<std::ptrdiff_t>(partners.first));
    partners.first = 0;
  }
}

JoinBuffer::Row& JoinBuffer::restore(EventTime slice, const std::string_view* key, Row row,
                                     EventTime w) {
  sequence_ = std::max(sequence_, row.sequence + 1);
  Row& kept = slices_.restore(slice, std::move(row));
  index(kept, key);
  if (asks_ends_ && !kept.matched && alive(kept.time, w)) ends_.emplace(place_of(&kept), &kept);
  return kept;
}

}  // namespace millrace
