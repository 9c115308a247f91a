#include "pipeline/commit_thread.h"

namespace millrace {

CommitThread::CommitThread(Committer& committer) : committer_(committer) {
  thread_ = std::thread([this] { work(); });
}

CommitThread::~CommitThread() {
  (void)wait();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::optional<Error> CommitThread::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

Result<void> CommitThread::start(OpenCommit open) {
  MILLRACE_TRY(wait());
  {
    const std::lock_guard lock(mutex_);
    open_ = std::move(open);
    busy_.store(true, std::memory_order_release);
  }
  changed_.notify_all();
  return {};
}

Result<void> CommitThread::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !busy(); });
  if (failure_) return *failure_;
  return {};
}

void CommitThread::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || open_; });
    if (!open_) return;
    OpenCommit open = std::move(*open_);
    open_.reset();
    lock.unlock();
    const int64_t began_us = monotonic_us();
    auto done = committer_.finish(std::move(open));
    last_us_.store(monotonic_us() - began_us, std::memory_order_relaxed);
    lock.lock();
    if (!done) failure_ = done.error();
    busy_.store(false, std::memory_order_release);
    changed_.notify_all();
  }
}

}  // namespace millrace
