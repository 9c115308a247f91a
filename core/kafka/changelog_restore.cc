#include "kafka/changelog_restore.h"

#include <fmt/format.h>

#include <chrono>

#include "base/log.h"
#include "base/machine.h"
#include "kafka/changelog_copier.h"

namespace millrace::kafka {
namespace {

using std::chrono::steady_clock;

/// Where the changelog goes on behind the local copy, if that can be believed.
Result<std::optional<int64_t>> local_next(const std::string& name, LocalLog& local,
                                          ChangelogReader::Range range) {
  std::optional<int64_t> none;
  auto mark = local.mark();
  if (!mark) return mark.error();
  if (!*mark) return none;
  if ((*mark)->written_us == kUnproven) {
    MILLRACE_TRY(local.reset_to(""));
    return none;
  }
  const auto next = static_cast<int64_t>((*mark)->next);
  if (next > range.end) {
    return Error{Code::kFailed,
                 fmt::format("the local copy in {} is ahead of {} (offset {}, the topic ends at "
                             "{}): the topic was made anew or restored from an older copy; bring "
                             "it back, or remove that directory to go on from the topic as it is",
                             local.path(), name, next, range.end)};
  }
  if (wall_clock_us() - (*mark)->written_us <= kCopyAgeMaxUs || next == range.end)
    return std::optional(next);
  log_info(fmt::format("the local copy of {} is older than its tombstones live; reading all of it",
                       name));
  MILLRACE_TRY(local.reset_to(local.state_id()));
  return none;
}

Result<void> read_changelog(const std::string& name, ChangelogReader& reader, LocalLog& local,
                            int64_t from, Restoration& done) {
  for (int tries = 0;; ++tries) {
    ChangelogCopier copier(name, reader, local);
    auto whole = copier.run(from);
    done.changelog_bytes += copier.bytes();
    if (!whole) return whole.error();
    if (*whole) return {};
    if (tries > 0) return Error{Code::kUnavailable, name + " changes while it is read"};
    log_info(
        fmt::format("the local copy in {} is not of {}; reading all of that", local.path(), name));
    MILLRACE_TRY(local.reset_to(""));
    from = reader.range().begin;
  }
}

}  // namespace

Result<Restoration> restore_changelog(const std::string& name, ChangelogReader& reader,
                                      LocalLog& local, const BlocksElsewhere& elsewhere) {
  Restoration done;
  const auto began = steady_clock::now();
  const ChangelogReader::Range range = reader.range();
  auto next = local_next(name, local, range);
  if (!next) return next.error();
  if (next->value_or(range.begin) >= range.end) return done;
  bool restored = false;
  if (elsewhere) {
    auto taken = restore_from_copy(name, reader, local, *next, elsewhere, done);
    if (!taken) return taken.error();
    restored = *taken;
    if (!restored) next = local_next(name, local, range);
    if (!next) return next.error();
  }
  if (!restored)
    MILLRACE_TRY(read_changelog(name, reader, local, next->value_or(range.begin), done));
  done.seconds = std::chrono::duration<double>(steady_clock::now() - began).count();
  return done;
}

}  // namespace millrace::kafka
