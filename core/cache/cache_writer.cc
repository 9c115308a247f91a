#include "cache/cache_writer.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/fault_point.h"
#include "base/log.h"
#include "cache/cut.h"
#include "cache/held_copy.h"
#include "state/block_reader.h"

namespace millrace {
namespace {

uint64_t bytes_of(const Commit& commit) {
  uint64_t bytes = 0;
  for (const StateBlock& block : commit.put) bytes += block.bytes.size();
  return bytes + 64 * (commit.erase.size() + 1);
}

/// A block in its place.
struct Placed {
  BlockId id;
  bool base = false;
};

/// What a commit erases, as far as it is known, but for what it puts in the same place.
std::vector<Placed> erased_by(const Commit& commit, const Manifest& manifest) {
  std::vector<BlockId> ids = commit.erase;
  for (const auto& [op, slice] : commit.erase_slices) {
    for (BlockId& id : manifest.of_slice(op, slice)) ids.push_back(std::move(id));
  }
  for (const std::string& op : commit.erase_operators) {
    for (BlockId& id : manifest.of_operator(op)) ids.push_back(std::move(id));
  }
  std::map<BlockId, bool> puts;
  for (const StateBlock& block : commit.put) {
    const auto header = claimed_block_header(block.bytes);
    puts[block.id] = header && header->base;
  }
  std::vector<Placed> erased;
  for (BlockId& id : ids) {
    Placed place{std::move(id)};
    const auto put = puts.find(place.id);
    if (!manifest.find(place.id, place.base) || (put != puts.end() && put->second == place.base))
      continue;
    erased.push_back(std::move(place));
  }
  return erased;
}

}  // namespace

CacheWriter::CacheWriter(Options options, CommitLog& log, uint64_t epoch)
    : options_(std::move(options)),
      log_(log),
      keys_(options_.prefix, options_.pipeline, log.state_id(), options_.task),
      owner_(epoch + 1),
      start_{epoch, log.goes_on_at()},
      has_all_(start_.next.has_value()),
      place_(start_) {
  const Manifest* held = log.proven_copy();
  const Manifest* said = has_all_ ? log.manifest() : nullptr;
  whole_ = held != nullptr;
  unchecked_ = !held && said;
  dropped_ = !held && !said;
  if (held || said) manifest_ = held ? *held : *said;
  drive_ = options_.machine->drive(*this, "cache");
}

CacheWriter::~CacheWriter() {
  {
    Lock lock(mutex);
    // Readers outside like the end to be there; nobody else waits for it.
    constexpr int64_t kMomentUs = 500'000;
    Machine& machine = *options_.machine;
    machine.wait_until(lock, changed, machine.monotonic_us() + kMomentUs,
                       [this] { return queue_.empty() && !dropped_ && !unchecked_; });
  }
  drive_.reset();
}

void CacheWriter::committed(Commit commit) {
  Lock lock(mutex);
  place_ = {commit.epoch, log_.goes_on_at()};
  const uint64_t bytes = bytes_of(commit);
  if (dropped_) return;
  if (pending_bytes_ + bytes > options_.max_pending_bytes) {
    drop_queue(lock);
  } else {
    pending_bytes_ += bytes;
    commit.meta.clear();
    commit.rows.clear();  // Not of the state, and large.
    queue_.push_back({std::move(commit), place_});
  }
  changed.notify_all();
}

bool CacheWriter::is_copied(std::string_view op) const {
  return has_all_ || !is_durable_operator(op);
}

void CacheWriter::drop_queue(Lock&) {
  queue_.clear();
  pending_bytes_ = 0;
  dropped_ = true;
  unchecked_ = false;  // All is sent again, whatever is there.
}

Result<void> CacheWriter::connect() {
  if (connection_) return {};
  auto made = options_.connect(options_.url, options_.timeout_us);
  if (!made) return made.error();
  connection_ = std::move(*made);
  check_policy();
  return {};
}

void CacheWriter::check_policy() {
  auto policy = connection_->command({"CONFIG", "GET", "maxmemory-policy"});
  if (!policy || policy->items.size() != 2) return;  // A role that may not ask.
  if (policy->items[1].text.starts_with("allkeys-") && failures_ == 0) {
    log_warn("cache: Redis evicts keys (maxmemory-policy " + policy->items[1].text +
             "), so blocks may go missing from it; noeviction is better");
  }
}

Result<void> CacheWriter::erase_all(CacheBatch& batch) {
  MILLRACE_TRY(batch.drop_meta("complete_to"));
  MILLRACE_TRY(batch.finish());
  const std::string chains = keys_.chains();
  auto members = connection_->command({"SMEMBERS", chains});
  if (!members) return members.error();
  for (const RedisValue& key : members->items) MILLRACE_TRY(batch.drop_chain(key.text));
  return {};
}

/// After a start with a local copy Redis mostly has all that is in it: then nothing is sent again.
Result<void> CacheWriter::go_on() {
  auto held = holds(*connection_, keys_, start_.epoch, manifest_);
  if (!held) return held.error();
  {
    Lock lock(mutex);
    unchecked_ = false;
    if (!*held) drop_queue(lock);
  }
  if (!*held) return {};
  whole_from_ = start_.epoch;
  whole_ = true;
  CacheBatch batch(*connection_, keys_, owner_, true);
  for (const std::string& chain : chains_of(keys_, manifest_))
    MILLRACE_TRY(batch.keep_chain(chain));
  return write_sums(batch, start_);
}

/// Reads the log beside the commits, so what it reads may be newer than `begun`: the changes since
/// then, which wait in the queue, are applied behind it, and only then is the copy whole.
Result<void> CacheWriter::copy_all() {
  {
    Lock lock(mutex);
    dropped_ = false;
    queue_.clear();
    pending_bytes_ = 0;
  }
  manifest_.clear();
  whole_ = false;
  CacheBatch batch(*connection_, keys_, owner_, false);
  MILLRACE_TRY(erase_all(batch));
  auto operators = log_.operators();
  if (!operators) return operators.error();
  for (const StoredOperator& stored : *operators) {
    if (!is_copied(stored.op)) continue;
    // The log is not held while Redis answers.
    std::vector<StateBlock> blocks;
    MILLRACE_TRY(log_.read_blocks(stored.op, [&](const BlockId& id, std::string_view bytes) {
      blocks.push_back({id, std::string(bytes)});
      return Result<void>();
    }));
    for (const StateBlock& block : blocks) MILLRACE_TRY(put(batch, block));
    MILLRACE_TRY(batch.finish());  // Before the blocks go.
  }
  auto last = log_.last();
  if (!last) return last.error();
  whole_from_ = *last ? (*last)->epoch : 0;
  Place heard;
  {
    Lock lock(mutex);
    heard = place_;
  }
  whole_ = true;
  return write_sums(batch, heard);
}

Result<void> CacheWriter::write_sums(CacheBatch& batch, const Place& place) {
  for (const auto& [op, sum] : manifest_.sums())
    MILLRACE_TRY(batch.set_meta(std::string(kManifestField) + op, sum.to_text()));
  MILLRACE_TRY(batch.set_meta("commit", std::to_string(place.epoch)));
  MILLRACE_TRY(batch.set_meta("written_us", std::to_string(options_.machine->wall_us())));
  bool current = false;
  {
    Lock lock(mutex);
    current = queue_.empty() || queue_.front().place.epoch > whole_from_;
  }
  // Last, so that it never promises what did not get there.
  if (place.epoch >= whole_from_ && current) {
    if (place.next) MILLRACE_TRY(batch.set_meta("next", std::to_string(*place.next)));
    MILLRACE_TRY(batch.set_meta("complete_to", std::to_string(place.epoch)));
  }
  fault_point("cache.write");
  return batch.finish();
}

Result<void> CacheWriter::put(CacheBatch& batch, const StateBlock& block) {
  MILLRACE_TRY(manifest_.put(block.id, block.bytes));
  bool base = false;
  manifest_.find(block.id, base);
  return batch.put(block.id, base, block.bytes);
}

/// What is new first; then, in one call, what goes and the number of the commit: so the copy is
/// that of one commit or the other.
Result<void> CacheWriter::apply(const Waiting& waiting) {
  const Commit& commit = waiting.commit;
  CacheBatch batch(*connection_, keys_, owner_, true);
  std::vector<std::string> before;
  for (const auto& [op, sum] : manifest_.sums()) before.push_back(op);
  const std::vector<Placed> erased = erased_by(commit, manifest_);
  std::set<BlockId> puts;
  for (const StateBlock& block : commit.put) {
    if (!is_copied(block.id.op)) continue;
    MILLRACE_TRY(put(batch, block));
    puts.insert(block.id);
  }
  MILLRACE_TRY(batch.finish());
  batch.keep_together();
  for (const Placed& gone : erased) {
    MILLRACE_TRY(batch.erase(gone.id, gone.base));
    if (!puts.contains(gone.id)) manifest_.erase(gone.id);
  }
  for (const std::string& op : before) {
    if (!manifest_.sums().contains(op))
      MILLRACE_TRY(batch.drop_meta(std::string(kManifestField) + op));
  }
  return write_sums(batch, waiting.place);
}

/// The circuit breaker: everything is dropped, and begun anew after a pause.
void CacheWriter::pause(Lock& lock, const Error& error) {
  constexpr int64_t kFirstMs = 500, kLongestMs = 30'000;
  const int64_t wait_ms = std::min(kFirstMs << std::min(failures_, 10u), kLongestMs);
  if (failures_++ == 0) log_warn("cache: " + error.message + "; going on without it");
  connection_.reset();
  whole_ = false;
  drop_queue(lock);
  retry_at_us_ = options_.machine->monotonic_us() + wait_ms * 1000;
}

int64_t CacheWriter::due_us() const {
  return left_alone_ || (!dropped_ && !unchecked_ && queue_.empty()) ? kTimeMax : retry_at_us_;
}

/// Looks whether Redis has all, writes one commit, or copies all.
void CacheWriter::step(Lock& lock) {
  const bool looks = unchecked_, copies = !looks && (dropped_ || !whole_);
  Waiting first;
  if (!looks && !copies) {
    first = std::move(queue_.front());
    queue_.pop_front();
    pending_bytes_ -= std::min(pending_bytes_, bytes_of(first.commit));
  }
  lock.unlock();
  auto done = connect();
  if (done) done = looks ? go_on() : copies ? copy_all() : apply(first);
  lock.lock();
  if (done) {
    if (failures_ > 0 && !dropped_) log_info("cache: Redis is back and has everything again");
    failures_ = 0;
    retry_at_us_ = 0;
    changed.notify_all();
  } else if (done.error().code == Code::kCancelled) {
    log_warn("cache: " + done.error().message + "; it is left to that one");
    drop_queue(lock);
    left_alone_ = true;
  } else {
    pause(lock, done.error());
  }
}

}  // namespace millrace
