#include "window/last_seen.h"

namespace millrace {

LastSeen::Round* LastSeen::find_round(const Rounds& rounds, EventTime t) const {
  for (Round* round : rounds) {
    if (t <= saturating_add(round->first, keep_us_)) return round;
  }
  return nullptr;
}

LastSeen::Round& LastSeen::open_round(const std::string& key, Rounds& rounds, EventTime t) {
  Round fresh;
  fresh.first = fresh.last = t;
  fresh.sequence = sequence_++;
  fresh.key = &key;
  Round& round = slices_.add(t, std::move(fresh));
  row_bytes_ += key.size();
  rounds.push_back(&round);
  due_.emplace(std::pair{round.first, round.sequence}, &round);
  return round;
}

void LastSeen::keep_row(Round& round, EventTime t, std::string row) {
  row_bytes_ += row.size() - round.row.size();
  round.last = t;
  round.row = std::move(row);
  slices_.touch(round);
}

bool LastSeen::next_due(EventTime& w) const {
  w = due_.empty() ? kTimeMax
                   : saturating_add(saturating_add(due_.begin()->first.first, keep_us_), 1);
  return !due_.empty();
}

const LastSeen::Round* LastSeen::take_due(EventTime w) {
  EventTime due = 0;
  if (!next_due(due) || due > w) return nullptr;
  Round* round = due_.begin()->second;
  due_.erase(due_.begin());
  if (w == kTimeMax) {  // Only the end hands out what time has not; W itself tells the rest.
    round->handed_out = true;
    slices_.touch(*round);
  }
  return round;
}

void LastSeen::forget(EventTime w) {
  for (const auto& slice : slices_.drop_before(saturating_sub(w, keep_us_))) {
    for (const Round& round : slice.mapped().rows) drop_round(round);
  }
}

void LastSeen::drop_round(const Round& round) {
  row_bytes_ -= round.row.size() + round.key->size();
  const auto id = ids_.find(*round.key);
  auto& rounds = id->second;
  rounds.erase(std::find(rounds.begin(), rounds.end(), &round));
  if (rounds.empty()) ids_.erase(id);
}

LastSeen::Round& LastSeen::restore(EventTime slice, std::string_view key, Round round,
                                   EventTime w) {
  const auto id = find_or_make(ids_, key).first;
  round.key = &id->first;
  sequence_ = std::max(sequence_, round.sequence + 1);
  const bool over = round.handed_out || w > saturating_add(round.first, keep_us_);
  row_bytes_ += round.row.size() + id->first.size();
  Round& kept = slices_.restore(slice, std::move(round));
  auto& rounds = id->second;
  const auto behind = [](const Round* a, const Round* b) { return a->first < b->first; };
  rounds.insert(std::upper_bound(rounds.begin(), rounds.end(), &kept, behind), &kept);
  if (!over) due_.emplace(std::pair{kept.first, kept.sequence}, &kept);
  return kept;
}

}  // namespace millrace
