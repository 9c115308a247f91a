// When a task commits, and what its state may weigh.
#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "pipeline/task.h"

namespace millrace {

/// Commits what is there, waits until sinks have it, and commits that they have.
Result<void> Task::last_commits(bool stopped) {
  MILLRACE_TRY(commits_.wait());
  // The first commit also records what sinks found when they were opened: made even if idle.
  if ((dirty_ || committer_.commits() == 0) && !awaits_ends()) MILLRACE_TRY(commit());
  MILLRACE_TRY(commits_.wait());
  constexpr int64_t kLookUs = 50'000, kPatienceUs = 5 * kSecondUs;
  int64_t give_up_us = stopped ? now_us() + kPatienceUs : kTimeMax;
  bool more = false;
  while (true) {
    auto settled = committer_.settle(now_us() + kLookUs);
    if (!settled) return settled.error();
    more = *settled;
    if (committer_.backlog_bytes() == 0) break;
    if (!stopped && stop_asked_) {
      stopped = true;
      give_up_us = now_us() + kPatienceUs;
    }
    if (now_us() < give_up_us) continue;
    log_warn("sinks have not taken all rows; those wait in the outbox for the next run");
    break;
  }
  if (more) MILLRACE_TRY(commit());
  return commits_.wait();
}

void Task::note_applied(const Merge::Next& next) {
  const uint64_t records = next.range.end - next.range.begin;
  Input& input = inputs_[next.source];
  records_applied_.fetch_add(records, std::memory_order_relaxed);
  uncommitted_records_ += records;
  dirty_ = true;
  input.resume.skip += records;
  input.resume.applied += records;
  if (records > 0) at_resume_point_ = false;
  if (records > 0) input.resume.ended = false;
  if (!next.range.last) return;
  if (next.chunk->has_snapshot) {
    input.resume = {next.chunk->snapshot, next.chunk->skip, {}, input.resume.applied};
    at_resume_point_ = true;
  }
  if (!next.chunk->end) return;
  input.resume.ended = input.end_applied = true;
  seal_at_end();
}

/// The end of the last source has closed all windows: a commit from here on says so, whatever comes
/// between (a stop, a crash).
void Task::seal_at_end() {
  if (!std::all_of(inputs_.begin(), inputs_.end(), [](const Input& i) { return i.end_applied; }))
    return;
  for (const NamedOperator& op : graph_.operators) op.node->seal_closed();
  committer_.note_closed();
}

/// Ends that the last commit had and that sources have not told again, as they will at once: W of
/// what they reach stands lower until then, where no reading of the sources would bring it.
bool Task::awaits_ends() const {
  return bounded_ && can_skip_ &&
         std::any_of(inputs_.begin(), inputs_.end(),
                     [](const Input& input) { return input.resume.ended && !input.end_applied; });
}

/// By time; but a commit that costs much makes the next one wait, so that at most a quarter of a
/// core goes into commits and what comes meanwhile is committed at once.
bool Task::commit_due() const {
  if (reads_on() || !may_commit_here()) return false;
  if (options_.commit_every_records) return uncommitted_records_ >= options_.commit_every_records;
  if (commits_.busy()) return false;
  if (committer_.backlog_bytes() >= options_.outbox_limit_bytes) return true;
  constexpr int64_t kShare = 4;
  const int64_t every_us =
      std::max(options_.commit_every_us, kShare * (barrier_us_ + commits_.last_cpu_us()));
  return now_us() - last_commit_us_ >= every_us;
}

Result<void> Task::commit() {
  MILLRACE_TRY(commits_.wait());
  MILLRACE_TRY(check_state_size());
  std::vector<ResumePoint> points;
  std::vector<SourceRunner*> runners;
  for (const Input& input : inputs_) {
    points.push_back(input.resume);
    runners.push_back(input.runner);
  }
  last_commit_us_ = now_us();
  auto open = committer_.begin(points, std::move(runners));
  if (!open) return open.error();
  barrier_us_ = now_us() - last_commit_us_;
  uncommitted_records_ = 0;
  dirty_ = false;
  return commits_.start(std::move(*open));
}

/// State must not grow until the next commit, which may be an hour away. Counting costs little, but
/// more where there is more.
std::optional<Error> Task::look_at_state() {
  constexpr int64_t kEveryUs = 100'000, kShare = 50;
  const int64_t now = now_us();
  if (now < look_at_state_us_) return std::nullopt;
  const auto fits = check_state_size();
  look_at_state_us_ = now + std::max(kEveryUs, kShare * (now_us() - now));
  return fits ? std::nullopt : std::optional(fits.error());
}

namespace {

std::string size_text(uint64_t bytes) {
  constexpr uint64_t kMiB = 1 << 20;
  const bool large = bytes >= 10 * kMiB || bytes % kMiB == 0;
  return fmt::format("{} {}", bytes >> (large ? 20 : 10), large ? "MiB" : "KiB");
}

}  // namespace

Result<void> Task::check_state_size() const {
  if (!options_.state_limit_bytes) return {};
  size_t total = 0;
  std::string figures;
  for (const NamedOperator& op : graph_.operators) {
    const size_t bytes = op.node->state_bytes();
    total += bytes;
    if (bytes) figures += fmt::format(" {} {};", op.node->name(), size_text(bytes));
  }
  if (const uint64_t kept = committer_.log_bytes()) {
    total += kept;
    figures += fmt::format(" the copy of what is committed (keep: cache) {};", size_text(kept));
  }
  if (total <= options_.state_limit_bytes) return {};
  return Error{
      Code::kFailed,
      fmt::format(
          "state takes {}, more than limits.state allows ({}):{} make windows smaller, group "
          "by less, or raise limits.state",
          size_text(total), size_text(options_.state_limit_bytes), figures)};
}

}  // namespace millrace
