#include "kafka/changelog_copier.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/fault_point.h"
#include "base/log.h"
#include "base/machine.h"

namespace millrace::kafka {
namespace {

using std::chrono::steady_clock;

}  // namespace

Result<void> ChangelogCopier::take_commit(const RecordAssembly::Whole& whole) {
  if (!whole.bytes) return {};
  auto record = read_commit_record(*whole.bytes);
  if (!record)
    return Error{Code::kCorrupt, "a commit record in " + name_ + " " + record.error().message};
  const bool from_start = from_ <= reader_.range().begin;
  if (!from_start && record->state_id != local_.state_id()) foreign_state_ = true;
  copied_.state_id = std::move(record->state_id);
  copied_.last = Restored{whole.commit, std::move(record->meta)};
  copied_.mark.written_us = record->written_us;
  return {};
}

/// False: a copy of another state.
Result<bool> ChangelogCopier::take(const ChangelogReader::Record& record) {
  read_bytes_ += record.value ? record.value->size() : 0;
  auto whole = assembly_.take(record.key, record.value);
  if (const uint8_t newer = assembly_.newer()) {
    const Error error = other_format(newer, kRecordFormat);
    return Error{error.code, "a record in " + name_ + " " + error.message};
  }
  if (whole && whole->block == kCommitKey) {
    MILLRACE_TRY(take_commit(*whole));
    if (foreign_state_) return false;
  } else if (whole) {
    held_bytes_ += whole->bytes ? whole->bytes->size() : 0;
    copied_.changes[std::move(whole->block)] = std::move(whole->bytes);
  }
  next_ = record.next;
  if (held_bytes_ >= kCopiedBytes) MILLRACE_TRY(flush());
  tell(false);
  return true;
}

/// Half a commit may lie in the copy until the rest follows: the mark says where that is.
Result<void> ChangelogCopier::flush() {
  copied_.mark.next = static_cast<uint64_t>(next_);
  if (copied_.mark.written_us == 0) copied_.mark.written_us = wall_clock_us();
  LocalLog::Copied copied = std::move(copied_);
  copied_ = {};
  copied_.mark = copied.mark;
  if (unproven_) copied.mark.written_us = kUnproven;
  MILLRACE_TRY(local_.copy(copied));
  fault_point("restore.flushed");
  held_bytes_ = 0;
  return {};
}

void ChangelogCopier::tell(bool done) {
  const auto now = steady_clock::now();
  if (!done && now - told_ < std::chrono::seconds(2)) return;
  told_ = now;
  const double seconds = std::chrono::duration<double>(now - began_).count();
  if (done && next_ - from_ < 1000 && seconds < 1) return;
  log_info(fmt::format("{} {}: offsets {} to {} of {}, {:.1f} MB/s", name_,
                       done ? "restored" : "restoring", from_, next_, reader_.range().end,
                       static_cast<double>(read_bytes_) / 1e6 / std::max(seconds, 1e-3)));
}

Result<bool> ChangelogCopier::run(int64_t from) {
  from_ = next_ = from;
  began_ = told_ = steady_clock::now();
  auto read =
      reader_.read(from, [this](const ChangelogReader::Record& record) { return take(record); });
  if (!read) return read.error();
  if (!read->whole) return false;
  next_ = read->next;
  MILLRACE_TRY(flush());
  tell(true);
  return true;
}

}  // namespace millrace::kafka
