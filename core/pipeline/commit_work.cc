#include "pipeline/commit_work.h"

namespace millrace {

CommitWork::CommitWork(Committer& committer, Machine& machine)
    : committer_(committer), machine_(machine), drive_(machine.drive(*this, "commits")) {}

CommitWork::~CommitWork() {
  (void)wait();
  drive_.reset();
}

std::optional<Error> CommitWork::failure() const {
  const std::lock_guard lock(mutex);
  return failure_;
}

Result<void> CommitWork::start(OpenCommit open) {
  MILLRACE_TRY(wait());
  {
    const std::lock_guard lock(mutex);
    open_ = std::move(open);
    cpu_us_ = 0;
    busy_.store(true, std::memory_order_release);
  }
  changed.notify_all();
  return {};
}

Result<void> CommitWork::wait() {
  Lock lock(mutex);
  machine_.wait_until(lock, changed, kTimeMax, [this] { return !busy(); });
  if (failure_) return *failure_;
  return {};
}

int64_t CommitWork::due_us() const { return open_ ? 0 : kTimeMax; }

void CommitWork::step(Lock& lock) {
  lock.unlock();
  const int64_t before_us = machine_.thread_cpu_us();
  auto more = committer_.step(*open_);  // Nobody else touches it while busy().
  const int64_t took_us = machine_.thread_cpu_us() - before_us;
  lock.lock();
  cpu_us_ += took_us;
  if (more && *more) return;
  if (!more) failure_ = more.error();
  open_.reset();
  last_cpu_us_.store(cpu_us_, std::memory_order_relaxed);
  busy_.store(false, std::memory_order_release);
  changed.notify_all();
}

}  // namespace millrace
