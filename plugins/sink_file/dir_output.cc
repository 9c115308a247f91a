#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "output.h"
#include "part_folder.h"
#include "saved.h"
#include "uncommitted_note.h"

namespace millrace::file_sink {
namespace {

using local_file::reason;

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw fatal(path + ": " + what + "; put it back as it was, or start again with --fresh");
}

int64_t monotonic_us() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

class DirOutput final : public Output {
 public:
  DirOutput(const context& ctx, const Settings& settings)
      : ctx_(ctx), settings_(settings), folder_(settings), note_(settings.dir + "/parts") {}

  void open(const opening& how) override;
  void write(batch_view rows) override;
  std::string prepare() override;
  void commit() override;
  void abort() override;
  void close() override;

 private:
  void go_on(const SavedParts& saved);
  void go_on_with(const Part& part);
  void start_again(const SavedParts& saved);
  void start();
  void remove_uncommitted();
  void begin_part();
  bool is_due() const;

  context ctx_;
  const Settings& settings_;
  PartFolder folder_;
  UncommittedNote note_;  ///< The number of the first part, until a commit tells of it.
  std::optional<RowFile> part_;
  SavedParts now_;                ///< Of now_.open: the length that is committed.
  uint64_t prepared_length_ = 0;  ///< Of the open part.
  int64_t part_since_us_ = 0;
  bool has_commit_ = false;
  bool in_doubt_ = false;  ///< Prepared, and nobody said yet whether the commit held.
};

void DirOutput::open(const opening& how) {
  part_.reset();
  in_doubt_ = has_commit_ = false;
  folder_.lock();
  now_ = {};
  const auto saved = SavedParts::read(ctx_, how.state);
  if (!saved) return start();
  how.fresh ? start_again(*saved) : go_on(*saved);
}

/// Behind all parts that are there. Hidden ones of a run that ended before its first commit go: the
/// note says which they are. Others are not ours to judge.
void DirOutput::start() {
  remove_uncommitted();
  uint64_t next = 0;
  for (const auto& part : folder_.parts()) {
    next = std::max(next, part.number + 1);
    if (!part.is_hidden) continue;
    ctx_.warn(folder_.visible(part.name) + ": was left behind by a run that crashed");
  }
  now_.base = now_.number = next;
}

void DirOutput::remove_uncommitted() {
  const auto first = note_.base_of(folder_.inode());
  if (!first) return;
  for (const auto& part : folder_.parts()) {
    if (part.is_hidden && part.number >= *first) folder_.remove(folder_.visible(part.name));
  }
  note_.remove();
}

/// --fresh: the parts that the earlier runs wrote go, those of others stay.
void DirOutput::start_again(const SavedParts& saved) {
  for (const auto& part : folder_.parts()) {
    const bool ours = part.number >= saved.base && part.number <= saved.number;
    if (ours && !part.is_hidden) folder_.remove(folder_.visible(part.name));
  }
  if (!saved.open.name.empty()) folder_.remove(folder_.hidden(saved.open.name));
  for (const Part& part : saved.finished) folder_.remove(folder_.hidden(part.name));
  for (const uint64_t number : {saved.number, saved.number + 1}) {
    folder_.remove(folder_.hidden(folder_.name_of(number)));
  }
  start();
}

void DirOutput::go_on(const SavedParts& saved) {
  has_commit_ = true;
  note_.remove();
  // A run begins at most one part behind the one that a commit tells of, before it is committed.
  now_ = saved;
  for (const Part& part : now_.finished) folder_.show(part);
  now_.finished.clear();
  if (!now_.open.name.empty()) go_on_with(Part(now_.open));
  if (!part_) folder_.remove(folder_.hidden(folder_.name_of(now_.number)));
  folder_.remove(folder_.hidden(folder_.name_of(now_.number + 1)));
}

void DirOutput::go_on_with(const Part& part) {
  const bool there = access(folder_.hidden(part.name).c_str(), F_OK) == 0;
  if (!there || part.name != folder_.name_of(now_.number)) {
    // Shown when the last run closed, or of another format or compression by now.
    if (there) folder_.show(part);
    now_.open = {};
    ++now_.number;
    return;
  }
  part_.emplace(folder_.hidden(part.name), RowFile::Make::kNever, settings_.compression);
  if (part_->length() < part.length) {
    refuse(part_->path(), "has " + std::to_string(part_->length()) + " bytes, but " +
                              std::to_string(part.length) + " were committed");
  }
  part_->cut_to(part.length);
  part_since_us_ = monotonic_us();
}

void DirOutput::write(batch_view rows) {
  if (rows.size() == 0) return;
  if (!part_) begin_part();
  part_->add_rows(rows);
}

void DirOutput::begin_part() {
  now_.open = {folder_.name_of(now_.number), 0};
  if (!has_commit_ && !note_.is_written() && !note_.write(folder_.inode(), now_.base)) {
    ctx_.warn(note_.path() + ": cannot be written: " + reason(errno));
  }
  part_.emplace(folder_.hidden(now_.open.name), RowFile::Make::kIfMissing, settings_.compression);
  part_->cut_to(0);
  part_since_us_ = monotonic_us();
  if (!settings_.header.empty()) part_->add_line(settings_.header);
}

bool DirOutput::is_due() const {
  if (part_->length() >= settings_.roll_size) return true;
  const int64_t every = settings_.roll_every.count();
  return every > 0 && monotonic_us() - part_since_us_ >= every;
}

/// The answer tells the length that the open part has now; `now_` keeps the committed one until
/// commit(). A part that is due takes no more rows.
std::string DirOutput::prepare() {
  in_doubt_ = true;
  prepared_length_ = 0;
  SavedParts next = now_;
  if (part_) {
    next.open.length = prepared_length_ = part_->sync();
    // The name of a part must survive, too.
    if (now_.open.length == 0) folder_.sync();
    if (is_due()) {
      next.finished.push_back(std::exchange(next.open, {}));
      ++next.number;
      part_.reset();
      prepared_length_ = 0;
      now_ = next;
    }
  }
  return next.json();
}

void DirOutput::commit() {
  if (!std::exchange(in_doubt_, false)) return;
  if (!std::exchange(has_commit_, true)) note_.remove();
  now_.open.length = prepared_length_;
  for (const Part& part : now_.finished) folder_.show(part);
  now_.finished.clear();
}

/// The next open() cuts: it knows what the last commit holds.
void DirOutput::abort() {
  part_.reset();
  now_.finished.clear();
  now_.open = {};
}

/// A clean stop shows what is committed. In doubt everything stays hidden: the rows may be
/// committed or not, and only the host's log knows.
void DirOutput::close() {
  if (part_ && !in_doubt_) {
    const Part part = now_.open;
    if (part.length > 0) {
      part_->cut_to(part.length);
      part_->sync();
      part_.reset();
      folder_.show(part);
    } else {
      const std::string path = part_->path();
      part_.reset();
      folder_.remove(path);
      if (!has_commit_) note_.remove();
    }
  }
  part_.reset();
  folder_.unlock();
}

}  // namespace

std::unique_ptr<Output> make_dir_output(const context& ctx, const Settings& settings) {
  return std::make_unique<DirOutput>(ctx, settings);
}

}  // namespace millrace::file_sink
