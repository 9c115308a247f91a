#include "window/join_buffer.h"

#include <algorithm>

namespace millrace {
namespace {

using Row = JoinBuffer::Row;

std::pair<EventTime, uint64_t> place_of(const Row* row) { return {row->time, row->sequence}; }
bool before(const JoinBuffer::Partners::Entry& a, const JoinBuffer::Partners::Entry& b) {
  return a.time == b.time ? a.row->sequence < b.row->sequence : a.time < b.time;
}

}  // namespace

void JoinBuffer::Partners::add(Row& row) {
  const Entry entry{row.time, &row};
  if (!one_.row) {
    one_ = entry;
    return;
  }
  if (more_.empty()) more_.push_back(one_);
  const auto living = more_.begin() + static_cast<std::ptrdiff_t>(first_);
  const bool is_last = before(more_.back(), entry);  // As most are.
  more_.insert(is_last ? more_.end() : std::upper_bound(living, more_.end(), entry, before), entry);
}

bool JoinBuffer::Partners::drop_first() {
  if (more_.empty()) return false;
  if (++first_ == more_.size()) return false;
  if (first_ * 2 > more_.size()) {
    more_.erase(more_.begin(), more_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  return true;
}

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
  row.key->second.add(row);
}

void JoinBuffer::find(std::string_view key, EventTime from, EventTime to, EventTime w,
                      std::vector<Row*>& out) const {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return;
  // The oldest that lives: W < t + life.
  from = std::max(from, saturating_add(saturating_sub(w, life_us_), 1));
  const auto rows = found->second.living();
  auto entry = std::ranges::lower_bound(rows, from, {}, &Partners::Entry::time);
  for (; entry != rows.end() && entry->time <= to; ++entry) {
    if (alive(entry->time, w)) out.push_back(entry->row);
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
  if (!row.key->second.drop_first()) keys_.erase(row.key->first);
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
