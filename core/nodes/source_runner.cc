#include "nodes/source_runner.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"

namespace millrace {

int64_t monotonic_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

int64_t wall_clock_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

namespace {

/// No snapshot is null at the border; an empty one would be somebody's state.
std::string_view restored(const std::string& snapshot) {
  return snapshot.empty() ? std::string_view() : std::string_view(snapshot);
}

}  // namespace

SourceRunner::SourceRunner(const SourceStart& start, std::string pipeline, Limits limits)
    : start_(start),
      pipeline_(std::move(pipeline)),
      limits_(limits),
      filter_(start.dedupe_horizon_us, start.dedupe_max) {}

Result<void> SourceRunner::create() {
  auto made =
      SourceInstance::create(start_.component, {pipeline_, start_.node->name()}, start_.config);
  if (!made) return made.error();
  instance_ = std::move(*made);
  return {};
}

void SourceRunner::remember(const std::vector<DuplicateFilter::Entry>& entries) {
  for (const DuplicateFilter::Entry& entry : entries) filter_.restore(entry);
}

Result<void> SourceRunner::open_instance() {
  MILLRACE_TRY(instance_->open(restored(snapshot_), last_epoch_, flags_));
  open_ = true;
  for (const auto& [partition, position] : seeks_) {
    if (!instance_->can_seek()) {
      return Error{
          Code::kFailed,
          start_.node->name() +
              " cannot go on elsewhere: its plugin does not seek; drop its state with --forget " +
              start_.node->name()};
    }
    MILLRACE_TRY(instance_->seek(partition, position));
  }
  return {};
}

Result<void> SourceRunner::open(ResumePoint resume, uint64_t last_epoch, uint32_t flags) {
  snapshot_ = std::move(resume.snapshot);
  skip_ = resume.skip;
  seeks_ = std::move(resume.seeks);
  last_epoch_ = last_epoch;
  flags_ = flags;
  auto opened = open_instance();
  if (opened || opened.error().code != Code::kUnavailable) return opened;
  log_warn(start_.node->name() + ": " + opened.error().message + "; trying again");
  return {};
}

Result<SourceRunner::Polled> SourceRunner::poll(int64_t deadline_us,
                                                std::vector<std::unique_ptr<Chunk>>& spare) {
  if (!open_) {
    auto opened = open_instance();
    if (!opened) return back_off(opened.error());
  }
  MILLRACE_TRY(tell_committed());
  heard_.clear();
  auto flow = instance_->poll(limits_.records_max, limits_.bytes_max, deadline_us, nullptr,
                              builder_, heard_);
  Polled out;
  auto taken = builder_.take();
  note_events(taken);
  const bool any = !taken.batches.empty() || !taken.rejects.empty() || !taken.gaps.empty();
  if (any) {
    auto snapshot = instance_->snapshot(last_epoch_ + 1);
    if (!snapshot) return snapshot.error();
    snapshot_ = std::move(*snapshot);
    seeks_.clear();
  }
  if (any || !events_.empty()) cut(std::move(taken), spare, out);
  if (!flow) {
    if (flow.error().code != Code::kUnavailable) return flow.error();
    auto later = back_off(flow.error());
    if (!later) return later;
    out.retry_in_us = later->retry_in_us;
    for (auto& chunk : later->chunks) out.chunks.push_back(std::move(chunk));
    return out;
  }
  if (any) failures_ = 0;
  out.end = *flow == Flow::kEnd;
  out.idle = *flow == Flow::kIdle;
  out.at_proven_end = !ends_.empty() && std::all_of(ends_.begin(), ends_.end(),
                                                    [](const auto& p) { return p.second; });
  return out;
}

/// Takes over what the source said of its partitions, and keeps which of them are at their end.
void SourceRunner::note_events(const BatchBuilder::Taken& taken) {
  using Told = SourceInstance::PartitionEvent::What;
  events_.clear();
  size_t next = 0;
  uint32_t record = 0;
  const auto take_upto = [&](uint32_t place) {
    for (; next < heard_.size() && heard_[next].after_record <= place; ++next) {
      const auto& told = heard_[next];
      PartitionEvent event{PartitionEvent::What::kAssigned, told.partition, told.watermark_us,
                           told.after_record};
      switch (told.what) {
        case Told::kAssigned: ends_.emplace(told.partition, false); break;
        case Told::kAtEnd:
          event.what = PartitionEvent::What::kAtEnd;
          ends_[ends_.contains(told.partition) ? told.partition : 0] = true;
          break;
        case Told::kRevoking:
          event.what = PartitionEvent::What::kRevoked;
          ends_.erase(told.partition);
          break;
        case Told::kWatermark: event.what = PartitionEvent::What::kWatermark; break;
      }
      events_.push_back(event);
    }
  };
  for (const SourceBatch& one : taken.batches) {
    if (ends_.empty() && heard_.empty()) break;
    for (uint32_t i = 0; i < one.batch.size(); ++i) {
      take_upto(record++);
      // As PartitionWatermarks does: what was never announced is one log.
      const auto place =
          ends_.find(ends_.contains(one.batch.partition(i)) ? one.batch.partition(i) : 0);
      if (place != ends_.end()) place->second = false;
    }
  }
  take_upto(UINT32_MAX);
}

/// Nobody can say any more that an end is still the end (R16).
void SourceRunner::lose_proof(Polled& out) {
  if (ends_.empty()) return;
  for (auto& [partition, at_end] : ends_) at_end = false;
  std::vector<std::unique_ptr<Chunk>> none;
  next_chunk(none, out).events.push_back({PartitionEvent::What::kProofLost});
}

Result<void> SourceRunner::tell_committed() {
  const uint64_t epoch = committed_.load(std::memory_order_acquire);
  if (epoch == told_ || !open_) return {};
  told_ = epoch;
  return instance_->ack(epoch, {}, {});
}

/// Doubling waits, from 1 s to 1 min, unless the plugin knows better.
Result<SourceRunner::Polled> SourceRunner::back_off(const Error& error) {
  if (error.code != Code::kUnavailable) return error;
  constexpr int64_t kFirstUs = kSecondUs, kLongestUs = 60 * kSecondUs;
  const uint32_t told_ms = instance_->retry_after_ms();
  const int64_t wait =
      told_ms ? told_ms * int64_t{1000} : std::min(kFirstUs << std::min(failures_, 6u), kLongestUs);
  ++failures_;
  log_warn(start_.node->name() + ": " + error.message + "; trying again in " +
           std::to_string(wait / 1000) + " ms");
  if (open_) (void)instance_->close();
  open_ = false;
  Polled out;
  lose_proof(out);
  out.retry_in_us = wait;
  return out;
}

/// Records that the last commit had already applied come again, since the snapshot lies before
/// their chunk; they are dropped here (several inputs merged by time end commits inside chunks).
void SourceRunner::skip_applied(BatchBuilder::Taken& taken) {
  uint64_t seen = 0;
  std::vector<SourceBatch> kept;
  for (SourceBatch& one : taken.batches) {
    const uint32_t size = one.batch.size();
    const uint64_t drop = std::min<uint64_t>(size, skip_ > seen ? skip_ - seen : 0);
    seen += size;
    if (drop == size) continue;
    if (drop > 0) {
      std::vector<uint32_t> rest;
      for (auto i = static_cast<uint32_t>(drop); i < size; ++i) rest.push_back(i);
      BatchBuilder cutter;
      cutter.select(one.batch.abi(), rest);
      one.batch = cutter.take().batches[0].batch;
      one.dedupe.reset();
    }
    kept.push_back(std::move(one));
  }
  const uint64_t dropped = std::min(skip_, seen);
  std::erase_if(taken.rejects,
                [&](const Reject& r) { return static_cast<uint64_t>(r.after_record) < skip_; });
  for (Reject& reject : taken.rejects) reject.after_record -= static_cast<int64_t>(dropped);
  // What was said of partitions may be heard twice: it leads to where it led the first time.
  for (PartitionEvent& event : events_) {
    event.before_record -= static_cast<uint32_t>(std::min<uint64_t>(dropped, event.before_record));
  }
  taken.batches = std::move(kept);
  skip_ -= dropped;
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
  chunk->arrival_us = wall_clock_us();
  out.chunks.push_back(std::move(chunk));
  return *out.chunks.back();
}

void SourceRunner::cut(BatchBuilder::Taken taken, std::vector<std::unique_ptr<Chunk>>& spare,
                       Polled& out) {
  const bool has_snapshot = !taken.batches.empty() || !taken.rejects.empty() || !taken.gaps.empty();
  if (skip_ > 0) skip_applied(taken);
  int64_t base = 0;
  size_t reject = 0, event = 0;
  for (SourceBatch& one : taken.batches) {
    Chunk& chunk = next_chunk(spare, out);
    chunk.batch = std::move(one.batch);
    const int64_t behind = base + chunk.batch.size();
    for (; reject < taken.rejects.size() && taken.rejects[reject].after_record < behind; ++reject) {
      chunk.rejects.push_back(std::move(taken.rejects[reject]));
      chunk.rejects.back().after_record -= base;
    }
    for (; event < events_.size() && events_[event].before_record < behind; ++event) {
      chunk.events.push_back(events_[event]);
      chunk.events.back().before_record -= static_cast<uint32_t>(base);
    }
    base = behind;
    if (one.dedupe) drop_seen(*one.dedupe, chunk);
  }
  if (out.chunks.empty()) next_chunk(spare, out);
  Chunk& last = *out.chunks.back();
  const uint32_t size = last.batch ? last.batch.size() : 0;
  for (; reject < taken.rejects.size(); ++reject) {
    last.rejects.push_back(std::move(taken.rejects[reject]));
    last.rejects.back().after_record = size;
  }
  for (; event < events_.size(); ++event) {
    last.events.push_back(events_[event]);
    last.events.back().before_record = size;
  }
  last.gaps = std::move(taken.gaps);
  if (!has_snapshot) return;
  last.snapshot = snapshot_;
  // A smaller batch than before the restart leaves some to be skipped in later ones.
  last.skip = skip_;
  last.has_snapshot = true;
}

/// The duplicate filter stands here because the poll is where records of a source are in order;
/// what it newly remembers travels with the chunk and is committed when the chunk is applied.
void SourceRunner::drop_seen(const DedupeColumns& asked, Chunk& chunk) {
  std::vector<uint32_t> kept;
  for (uint32_t i = 0; i < chunk.batch.size(); ++i) {
    const DuplicateFilter::Entry entry{asked.hash[i], asked.time_us[i], asked.group[i]};
    if (entry.hash != 0) {
      if (filter_.seen(entry)) continue;
      chunk.remembered.push_back(entry);
    }
    kept.push_back(i);
  }
  chunk.skipped = chunk.batch.size() - static_cast<uint32_t>(kept.size());
  if (chunk.skipped == 0) return;
  for (Reject& reject : chunk.rejects) {
    const auto before =
        std::lower_bound(kept.begin(), kept.end(), static_cast<uint32_t>(reject.after_record));
    reject.after_record = before - kept.begin();
  }
  for (PartitionEvent& event : chunk.events) {
    event.before_record = static_cast<uint32_t>(
        std::lower_bound(kept.begin(), kept.end(), event.before_record) - kept.begin());
  }
  if (kept.empty()) {
    chunk.batch = BatchRef();
    return;
  }
  BatchBuilder cutter;
  cutter.select(chunk.batch.abi(), kept);
  chunk.batch = cutter.take().batches[0].batch;
}

void SourceRunner::cancel() {
  if (instance_) instance_->cancel();
}

Result<void> SourceRunner::close() {
  if (!open_) return {};
  auto told = tell_committed();
  open_ = false;
  auto closed = instance_->close();
  return told ? closed : told;
}

}  // namespace millrace
