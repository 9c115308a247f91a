#include "nodes/source_runner.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/log.h"

namespace millrace {

namespace {

/// Where a journaled source resumes: `{"journal":OFFSET}`.
constexpr std::string_view kJournalPlace = "{\"journal\":";

std::string journal_place(uint64_t offset) {
  return std::string(kJournalPlace) + std::to_string(offset) + "}";
}

std::optional<uint64_t> journal_offset(std::string_view snapshot) {
  if (!snapshot.starts_with(kJournalPlace)) return std::nullopt;
  snapshot.remove_prefix(kJournalPlace.size());
  uint64_t offset = 0;
  const auto read = std::from_chars(snapshot.data(), snapshot.data() + snapshot.size(), offset);
  if (read.ec != std::errc()) return std::nullopt;
  return offset;
}

/// No snapshot is null at the border; an empty one would be somebody's state.
std::string_view restored(const std::string& snapshot) {
  return snapshot.empty() ? std::string_view() : std::string_view(snapshot);
}

}  // namespace

SourceRunner::SourceRunner(const SourceStart& start, std::string pipeline, Limits limits,
                           Machine& machine)
    : start_(start),
      pipeline_(std::move(pipeline)),
      limits_(limits),
      machine_(machine),
      filter_(start.dedupe_horizon_us, start.dedupe_max),
      dedupe_(start.dedupe ? std::make_unique<RecordDedupe>(*start.dedupe) : nullptr) {}

Result<void> SourceRunner::create() {
  auto read_time = [this](std::string_view value, EventTime own) {
    if (!times_) times_ = start_.node->record_times();
    return times_->read(value, own, machine_.wall_us());
  };
  auto made = SourceInstance::create(start_.component, {pipeline_, start_.node->name()},
                                     start_.config, std::move(read_time));
  if (!made) return made.error();
  instance_ = std::move(*made);
  return {};
}

void SourceRunner::remember(const std::vector<DuplicateFilter::Entry>& entries) {
  for (const DuplicateFilter::Entry& entry : entries) filter_.restore(entry);
}

Result<void> SourceRunner::open_instance() {
  MILLRACE_TRY(instance_->open(restored(plugin_state_), last_epoch_, flags_));
  open_ = true;
  for (const auto& [partition, position] : seeks_) {
    if (!instance_->can_seek()) {
      return Error{
          Code::kFailed,
          start_.node->name() +
              " cannot go on elsewhere: its plugin does not seek; drop its state with --forget " +
              start_.node->name()};
    }
    if (auto sought = instance_->seek(partition, position); !sought) {
      Error error = sought.error();
      error.message += "; `millrace state --set-position` asked for that: ask for another place";
      return error;
    }
  }
  return {};
}

Result<void> SourceRunner::open(ResumePoint resume, uint64_t last_epoch, uint32_t flags) {
  plugin_state_ = resume.snapshot;
  if (start_.journal) MILLRACE_TRY(open_journal(resume));
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

/// What the journal holds behind the last commit is read again before the plugin is asked, which
/// goes on behind all that the journal holds.
Result<void> SourceRunner::open_journal(const ResumePoint& resume) {
  const std::string& folder = start_.journal->path.text;
  auto journal = Journal::open(folder, start_.journal->retain_us);
  if (!journal) return journal.error();
  journal_ = std::move(*journal);
  if (!resume.seeks.empty()) {
    return Error{Code::kInvalidConfig, start_.node->name() +
                                           " has a journal: it goes on where the last commit was, "
                                           "or from the journal's beginning with --forget " +
                                           start_.node->name()};
  }
  const auto committed = journal_offset(resume.snapshot);
  // Without a position all that is kept counts; a position from before there was a journal,
  // nothing.
  unread_ = committed ? *committed : resume.snapshot.empty() ? journal_->begin() : journal_->end();
  if (unread_ < journal_->begin() || unread_ > journal_->end()) {
    return Error{
        Code::kFailed,
        "the journal " + folder +
            " does not hold what follows the last commit; go on with what it holds by --forget " +
            start_.node->name()};
  }
  journal_committed_ = unread_;
  uint64_t last = journal_->last();
  if (last == journal_->end()) {
    if (committed) plugin_state_.clear();
    return {};
  }
  auto bytes = journal_->read(last);
  if (!bytes) return bytes.error();
  auto entry = read_journal_entry(*bytes);
  if (!entry) return Error{Code::kCorrupt, "the journal " + folder + " is damaged"};
  plugin_state_ = std::move(entry->plugin_state);
  return {};
}

Result<void> SourceRunner::keep(BatchBuilder::Taken& taken) {
  JournalEntry entry;
  entry.arrival_us = arrival_us_;
  entry.plugin_state = plugin_state_;
  entry.taken = std::move(taken);
  entry.events = heard_;
  MILLRACE_TRY(journal_->append(write_journal_entry(entry)));
  taken = std::move(entry.taken);
  unread_ = journal_->end();
  snapshot_ = journal_place(unread_);
  return {};
}

Result<SourceRunner::Polled> SourceRunner::replay(std::vector<std::unique_ptr<Chunk>>& spare) {
  auto bytes = journal_->read(unread_);
  if (!bytes) return bytes.error();
  auto entry = read_journal_entry(*bytes);
  if (!entry) return Error{Code::kCorrupt, "the journal of " + start_.node->name() + " is damaged"};
  snapshot_ = journal_place(unread_);
  arrival_us_ = entry->arrival_us;
  heard_ = std::move(entry->events);
  note_events(entry->taken);
  Polled out;
  cut(std::move(entry->taken), spare, out);
  return out;
}

void SourceRunner::acknowledge(uint64_t epoch, const std::string& snapshot) {
  if (const auto offset = journal_offset(snapshot); offset && start_.journal)
    journal_committed_.store(*offset, std::memory_order_release);
  committed_.store(epoch, std::memory_order_release);
}

Result<SourceRunner::Polled> SourceRunner::poll(int64_t deadline_us,
                                                std::vector<std::unique_ptr<Chunk>>& spare) {
  if (journal_ && unread_ < journal_->end()) return replay(spare);
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
  arrival_us_ = machine_.wall_us();
  const bool any = !taken.batches.empty() || !taken.rejects.empty() || !taken.gaps.empty();
  if (any) {
    auto snapshot = instance_->snapshot(last_epoch_ + 1);
    if (!snapshot) return snapshot.error();
    snapshot_ = plugin_state_ = std::move(*snapshot);
    seeks_.clear();
  }
  if (journal_ && (any || !heard_.empty())) MILLRACE_TRY(keep(taken));
  note_events(taken);
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
        case Told::kAssigned: ends_[told.partition] = false; break;
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
  if (journal_)
    journal_->forget(journal_committed_.load(std::memory_order_acquire), machine_.wall_us());
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
  arrival_us_ = machine_.wall_us();
  lose_proof(out);
  out.retry_in_us = wait;
  return out;
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
