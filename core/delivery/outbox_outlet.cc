#include "delivery/outbox_outlet.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/fault_point.h"
#include "base/log.h"
#include "base/noun.h"

namespace millrace {
namespace {

std::string layout_of(const Schema& columns) {
  std::string text;
  for (const Field& field : columns.fields()) {
    text += fmt::format("{} {},", field.name, type_name(field.type));
  }
  return text;
}

}  // namespace

OutboxOutlet::OutboxOutlet(SinkPort::Options options)
    : Outlet(std::move(options)), rows_(port_.options().name, layout_of(port_.options().columns)) {}

OutboxOutlet::~OutboxOutlet() { stop(); }

Result<void> OutboxOutlet::restore(OutletState state, CommitLog& log) {
  state_ = std::move(state);
  confirmed_ = state_.delivered;
  prepared_ = state_.prepared;
  return log.read_blocks(
      outbox_operator(port_.options().name), [&](const BlockId& id, std::string_view bytes) {
        if (stored_.empty() || stored_.back() != id.slice) stored_.push_back(id.slice);
        if (static_cast<uint64_t>(id.slice) <= confirmed_) return Result<void>();
        if (queue_.empty() || queue_.back().epoch != static_cast<uint64_t>(id.slice)) {
          queue_.push_back({static_cast<uint64_t>(id.slice), 0, {}});
        }
        queue_.back().blocks.emplace_back(bytes);
        queue_.back().bytes += bytes.size();
        queued_bytes_ += bytes.size();
        return Result<void>();
      });
}

Result<void> OutboxOutlet::open(const OutletStart& start) {
  const SinkPort::Options& options = port_.options();
  owner_ = options.pipeline + "/" + options.name + "@" + start.state_id;
  epoch_ = start.epoch;
  flags_ = start.flags;
  machine_ = &start.machine;
  MILLRACE_TRY(port_.create());
  MILLRACE_TRY(open_port(start.epoch));
  drive_ = machine_->drive(*this, "outbox");
  return {};
}

Result<void> OutboxOutlet::open_port(uint64_t epoch) {
  MILLRACE_TRY(port_.open(prepared_ ? &*prepared_ : nullptr, epoch, flags_));
  flags_ &= ~MR_OPEN_FRESH;
  return port_.is_epoch_marked() ? reconcile(epoch) : Result<void>();
}

/// What the sink itself says that it has is believed, unless state or sink went back in time: then
/// rows were lost, or would be taken for delivered, without anybody's notice.
Result<void> OutboxOutlet::reconcile(uint64_t epoch) {
  auto has = port_.last_epoch(owner_);
  if (!has) return has.error();
  const std::string& name = port_.options().name;
  const Lock lock(mutex);
  if (*has < confirmed_) {
    return Error{
        Code::kFailed,
        fmt::format(
            "sink {0} has commit {1} of this pipeline, but had confirmed {2}: it was restored from "
            "an older copy and lacks rows; restore the newer one, or accept the loss with --forget "
            "{0}",
            name, *has, confirmed_)};
  }
  if (*has > epoch) {
    return Error{
        Code::kFailed,
        fmt::format(
            "sink {0} has commit {1} of this pipeline, but its state is at commit {2}: the state "
            "was "
            "restored from an older copy; restore the newer one, or start anew with --fresh",
            name, *has, epoch)};
  }
  sink_has_ = *has;
  return {};
}

Result<void> OutboxOutlet::write(BatchRef rows) {
  if (failed()) return *failure();
  const uint64_t before = rows_.bytes();
  rows_.add(rows, epoch_ + 1);
  const Lock lock(mutex);
  open_bytes_ += rows_.bytes() - before;
  return {};
}

Result<void> OutboxOutlet::barrier(uint64_t epoch, Commit& commit) {
  if (failed()) return *failure();
  std::vector<StateBlock> blocks = rows_.finish();
  in_commit_ = {epoch, 0, {}};
  for (StateBlock& block : blocks) {
    in_commit_.bytes += block.bytes.size();
    in_commit_.blocks.push_back(block.bytes);
    commit.put.push_back(std::move(block));
  }
  epoch_ = epoch;
  const Lock lock(mutex);
  open_bytes_ = in_commit_.bytes;
  state_ = {prepared_, confirmed_};
  std::erase_if(stored_, [&](int64_t slice) {
    if (static_cast<uint64_t>(slice) > confirmed_) return false;
    commit.erase_slices.emplace_back(outbox_operator(port_.options().name), slice);
    return true;
  });
  if (!in_commit_.blocks.empty()) stored_.push_back(static_cast<int64_t>(epoch));
  return {};
}

Result<void> OutboxOutlet::committed(uint64_t) {
  const Lock lock(mutex);
  if (in_commit_.blocks.empty()) return {};
  open_bytes_ -= std::min(open_bytes_, in_commit_.bytes);
  queued_bytes_ += in_commit_.bytes;
  queue_.push_back(std::move(in_commit_));
  in_commit_ = {};
  changed.notify_all();
  return {};
}

Result<void> OutboxOutlet::deliver(const OutboxEpoch& epoch) {
  if (port_.is_epoch_marked() && epoch.epoch <= sink_has_) return {};
  fault_point("outbox.deliver");
  std::vector<BatchRef> batches;
  for (const std::string& block : epoch.blocks) {
    auto batch = rows_.read(block, owner_);
    if (!batch) return batch.error();
    batches.push_back(std::move(*batch));
  }
  if (port_.is_epoch_marked()) return port_.write_epoch(owner_, epoch.epoch, batches);
  for (const BatchRef& batch : batches) {
    MILLRACE_TRY(port_.write(batch));
    fault_point("outbox.batch");
  }
  auto prepared = port_.prepare(epoch.epoch);
  if (!prepared) return prepared.error();
  {
    const Lock lock(mutex);
    prepared_ = std::move(*prepared);
  }
  return port_.commit(epoch.epoch);
}

int64_t OutboxOutlet::due_us() const {
  return stopping_ || failed() || queue_.empty() ? kTimeMax : retry_at_us_;
}

/// Delivers one epoch, as far as it comes.
void OutboxOutlet::step(Lock& lock) {
  const OutboxEpoch& epoch = queue_.front();  // Others only push behind it.
  const uint64_t latest = queue_.back().epoch;
  lock.unlock();
  Result<void> done = port_.is_open() ? Result<void>() : open_port(latest);
  if (done) done = deliver(epoch);
  if (broken_on_purpose("confirm_unsent")) done = {};
  fault_point("outbox.delivered");
  lock.lock();
  if (done) {
    confirm(lock);
  } else if (done.error().code == Code::kUnavailable) {
    back_off(lock, done.error());
  } else if (!stopping_) {
    fail(done.error());
    changed.notify_all();
  }
}

void OutboxOutlet::confirm(Lock&) {
  failures_ = 0;
  retry_at_us_ = 0;
  confirmed_ = queue_.front().epoch;
  queued_bytes_ -= queue_.front().bytes;
  queue_.pop_front();
  changed.notify_all();
}

/// Doubling waits, from 50 ms to 10 s. Whether a lost answer meant success, only the sink knows: it
/// is opened anew and asked.
void OutboxOutlet::back_off(Lock& lock, const Error& error) {
  constexpr int64_t kFirstMs = 50, kLongestMs = 10'000;
  const int64_t wait_ms = std::min(kFirstMs << std::min(failures_, 16u), kLongestMs);
  ++failures_;
  log_warn(fmt::format("{}; rows of {} wait in the outbox, trying again in {} ms", error.message,
                       counted(queue_.size(), "commit"), wait_ms));
  retry_at_us_ = machine_->monotonic_us() + wait_ms * 1000;
  lock.unlock();
  (void)port_.close();
  lock.lock();
}

Result<bool> OutboxOutlet::settle(int64_t give_up_us) {
  Lock lock(mutex);
  machine_->wait_until(lock, changed, give_up_us, [this] { return queue_.empty() || failed(); });
  if (failed()) return *failure();
  return confirmed_ > state_.delivered;
}

void OutboxOutlet::stop() {
  if (!drive_) return;
  bool busy = false;
  {
    const Lock lock(mutex);
    stopping_ = true;
    busy = !queue_.empty() && !failed();
    changed.notify_all();
  }
  if (busy) port_.cancel();
  drive_.reset();
}

Result<void> OutboxOutlet::close() {
  stop();
  return port_.close();
}

uint64_t OutboxOutlet::backlog_bytes() const {
  const Lock lock(mutex);
  return open_bytes_ + queued_bytes_;
}

}  // namespace millrace
