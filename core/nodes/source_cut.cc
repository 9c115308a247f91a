// What one poll gave becomes chunks: without what was seen before, and without what was applied
// before a restart.
#include <algorithm>
#include <utility>

#include "nodes/source_runner.h"

namespace millrace {

/// What the duplicate filter made of one batch.
struct SourceRunner::Seen {
  std::vector<DuplicateFilter::Entry> remembered;
  uint32_t skipped = 0;

  void add(Seen later) {
    remembered.insert(remembered.end(), later.remembered.begin(), later.remembered.end());
    skipped += later.skipped;
  }
};

namespace {

uint32_t size_of(const BatchRef& batch) { return batch ? batch.size() : 0; }

BatchRef picked(const BatchRef& batch, const std::vector<uint32_t>& records) {
  if (records.empty()) return {};
  BatchBuilder cutter;
  cutter.select(batch.abi(), records);
  return cutter.take().batches[0].batch;
}

}  // namespace

/// Records that the last commit had already applied come again, since the snapshot lies before
/// their chunk; they are dropped here (several inputs merged by time end commits inside chunks).
/// What was applied had passed the duplicate filter, so that comes first. A chunk's share of the
/// filter is committed with its end: returned is that of records of which nothing is left.
SourceRunner::Seen SourceRunner::skip_applied(BatchBuilder::Taken& taken, std::vector<Seen>& seen) {
  uint64_t before = 0;
  std::vector<SourceBatch> kept;
  std::vector<Seen> kept_seen;
  Seen carried;
  for (size_t b = 0; b < taken.batches.size(); ++b) {
    SourceBatch& one = taken.batches[b];
    const uint32_t size = size_of(one.batch);
    const uint64_t drop = std::min<uint64_t>(size, skip_ > before ? skip_ - before : 0);
    before += size;
    carried.add(std::move(seen[b]));
    if (drop == size) continue;
    if (drop > 0)
      one.batch = one.batch.slice(static_cast<uint32_t>(drop), size - static_cast<uint32_t>(drop));
    kept.push_back(std::move(one));
    kept_seen.push_back(std::exchange(carried, {}));
  }
  const uint64_t dropped = std::min(skip_, before);
  std::erase_if(taken.rejects,
                [&](const Reject& r) { return static_cast<uint64_t>(r.after_record) < skip_; });
  for (Reject& reject : taken.rejects) reject.after_record -= static_cast<int64_t>(dropped);
  // What was said of partitions may be heard twice: it leads to where it led the first time.
  for (PartitionEvent& event : events_) {
    event.before_record -= static_cast<uint32_t>(std::min<uint64_t>(dropped, event.before_record));
  }
  taken.batches = std::move(kept);
  seen = std::move(kept_seen);
  skip_ -= dropped;
  return carried;
}

Chunk& SourceRunner::next_chunk(std::vector<std::unique_ptr<Chunk>>& spare, Polled& out) const {
  std::unique_ptr<Chunk> chunk;
  if (!spare.empty()) {
    chunk = std::move(spare.back());
    spare.pop_back();
  } else {
    chunk = std::make_unique<Chunk>();
  }
  chunk->source = start_.node->index();
  chunk->batch = BatchRef();
  chunk->rejects.clear();
  chunk->gaps.clear();
  chunk->events.clear();
  chunk->remembered.clear();
  chunk->skipped = 0;
  chunk->has_snapshot = chunk->end = chunk->tick = false;
  chunk->records = chunk->applied = 0;
  chunk->arrival_us = arrival_us_;
  out.chunks.push_back(std::move(chunk));
  return *out.chunks.back();
}

void SourceRunner::cut(BatchBuilder::Taken taken, std::vector<std::unique_ptr<Chunk>>& spare,
                       Polled& out) {
  const bool has_snapshot = !taken.batches.empty() || !taken.rejects.empty() || !taken.gaps.empty();
  std::vector<Seen> seen = drop_seen(taken);
  Seen carried;
  if (skip_ > 0) carried = skip_applied(taken, seen);
  size_t reject = 0, event = 0;
  // What stands in front of record `behind` goes with the chunk whose first record is `first`.
  const auto deal_out = [&](Chunk& chunk, int64_t first, int64_t behind) {
    const int64_t size = size_of(chunk.batch);
    for (; reject < taken.rejects.size() && taken.rejects[reject].after_record < behind; ++reject) {
      Reject& one = chunk.rejects.emplace_back(std::move(taken.rejects[reject]));
      one.after_record = std::min(one.after_record - first, size);
    }
    for (; event < events_.size() && events_[event].before_record < behind; ++event) {
      auto& one = chunk.events.emplace_back(events_[event]);
      one.before_record = static_cast<uint32_t>(std::min(one.before_record - first, size));
    }
  };
  int64_t first = 0, behind = 0;
  for (size_t b = 0; b < taken.batches.size(); ++b) {
    Chunk& chunk = next_chunk(spare, out);
    chunk.batch = std::move(taken.batches[b].batch);
    chunk.remembered = std::move(seen[b].remembered);
    chunk.skipped = seen[b].skipped;
    first = std::exchange(behind, behind + size_of(chunk.batch));
    deal_out(chunk, first, behind);
  }
  if (out.chunks.empty()) next_chunk(spare, out);
  Chunk& last = *out.chunks.back();
  deal_out(last, first, INT64_MAX);
  last.remembered.insert(last.remembered.end(), carried.remembered.begin(),
                         carried.remembered.end());
  last.skipped += carried.skipped;
  last.gaps = std::move(taken.gaps);
  if (!has_snapshot) return;
  last.snapshot = snapshot_;
  // A smaller batch than before the restart leaves some to be skipped in later ones.
  last.skip = skip_;
  last.has_snapshot = true;
}

/// The duplicate filter stands here because the poll is where records of a source are in order;
/// what it newly remembers travels with the chunk and is committed when the chunk is applied.
std::vector<SourceRunner::Seen> SourceRunner::drop_seen(BatchBuilder::Taken& taken) {
  std::vector<Seen> out(taken.batches.size());
  std::vector<int64_t> dropped;  // By place in the poll.
  int64_t base = 0;
  for (size_t b = 0; b < taken.batches.size(); ++b) {
    const uint32_t size = taken.batches[b].batch.size();
    drop_seen(taken.batches[b], base, out[b], dropped);
    base += size;
  }
  if (dropped.empty()) return out;
  const auto moved = [&](int64_t place) {
    return place - (std::lower_bound(dropped.begin(), dropped.end(), place) - dropped.begin());
  };
  for (Reject& reject : taken.rejects) reject.after_record = moved(reject.after_record);
  for (PartitionEvent& event : events_) {
    event.before_record = static_cast<uint32_t>(moved(event.before_record));
  }
  return out;
}

void SourceRunner::drop_seen(SourceBatch& one, int64_t base, Seen& seen,
                             std::vector<int64_t>& dropped) {
  const DedupeColumns* asked = dedupe_ ? &dedupe_->read(one.batch, arrival_us_) : one.dedupe.get();
  if (!asked) return;
  std::vector<uint32_t> kept;
  for (uint32_t i = 0; i < one.batch.size(); ++i) {
    const DuplicateFilter::Entry entry{asked->hash[i], asked->time_us[i], asked->group[i]};
    if (entry.hash != 0) {
      if (filter_.seen(entry)) {
        dropped.push_back(base + i);
        continue;
      }
      seen.remembered.push_back(entry);
    }
    kept.push_back(i);
  }
  seen.skipped = one.batch.size() - static_cast<uint32_t>(kept.size());
  if (seen.skipped > 0) one.batch = picked(one.batch, kept);
}

}  // namespace millrace
