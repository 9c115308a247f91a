#include <unistd.h>

#include <cerrno>

#include "output.h"
#include "saved.h"
#include "uncommitted_note.h"

namespace millrace::file_sink {
namespace {

using local_file::reason;

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw fatal(path + ": " + what + "; put it back as it was, or start again with --fresh");
}

class PathOutput final : public Output {
 public:
  PathOutput(const context& ctx, const Settings& settings)
      : ctx_(ctx), settings_(settings), note_(settings.path) {}

  void open(const opening& how) override;
  void write(batch_view rows) override {
    before_first_bytes();
    file_->add_rows(rows);
  }
  std::string prepare() override;
  void commit() override;
  void abort() override;
  void close() override { file_.reset(); }

 private:
  void go_on(const SavedFile& saved);
  void start_again(const SavedFile& saved);
  void start();
  void cut(uint64_t length, const char* why);
  void before_first_bytes();

  context ctx_;
  const Settings& settings_;
  UncommittedNote note_;
  std::optional<RowFile> file_;
  uint64_t base_ = 0;
  uint64_t committed_ = 0;  ///< Length that the last commit holds; base_ before the first.
  uint64_t prepared_ = 0;
  bool has_commit_ = false;
};

void PathOutput::open(const opening& how) {
  has_commit_ = false;
  std::optional<SavedFile> saved = SavedFile::read(ctx_, how.state);
  // Under a changed path this is another file: the old one stays as it was committed.
  if (saved && saved->path != settings_.path) saved.reset();
  if (saved && !how.fresh) {
    go_on(*saved);
  } else {
    file_.emplace(settings_.path, RowFile::Make::kIfMissing, settings_.compression);
    saved ? start_again(*saved) : start();
  }
  file_->check_packing();
  if (file_->length() > 0 || settings_.header.empty()) return;
  before_first_bytes();
  file_->add_line(settings_.header);
  file_->sync();
}

void PathOutput::go_on(const SavedFile& saved) {
  if (access(settings_.path.c_str(), F_OK) != 0) {
    refuse(settings_.path,
           "is gone, but " + std::to_string(saved.length) + " bytes of it were committed");
  }
  file_.emplace(settings_.path, RowFile::Make::kNever, settings_.compression);
  if (file_->inode() != saved.inode) {
    refuse(settings_.path, "was replaced by another file since the last commit");
  }
  if (file_->length() < saved.length) {
    refuse(settings_.path, "has " + std::to_string(file_->length()) + " bytes, but " +
                               std::to_string(saved.length) + " were committed");
  }
  cut(saved.length, "rows behind the last commit");
  base_ = saved.base;
  committed_ = saved.length;
  has_commit_ = true;
  note_.remove();
}

/// --fresh: what this pipeline wrote goes, what was there before it stays.
void PathOutput::start_again(const SavedFile& saved) {
  // Asked for, so nothing that the log need tell.
  if (file_->inode() == saved.inode && file_->length() >= saved.base) file_->cut_to(saved.base);
  base_ = committed_ = file_->length();
}

void PathOutput::start() {
  if (!local_file::sync_directory(local_file::directory_of(settings_.path))) {
    throw fatal(settings_.path + ": its directory cannot be synced: " + reason(errno));
  }
  if (const auto base = note_.base_of(file_->inode()); base && *base <= file_->length()) {
    cut(*base, "rows of a run that ended before its first commit");
  }
  base_ = committed_ = file_->length();
}

void PathOutput::cut(uint64_t length, const char* why) {
  if (file_->length() == length) return;
  ctx_.info(settings_.path + ": cut from " + std::to_string(file_->length()) + " to " +
            std::to_string(length) + " bytes: " + why);
  file_->cut_to(length);
}

/// Before the first commit nothing but a note beside the file says which rows are ours.
void PathOutput::before_first_bytes() {
  if (has_commit_ || note_.is_written()) return;
  if (!note_.write(file_->inode(), base_)) {
    ctx_.warn(note_.path() + ": cannot be written: " + reason(errno) +
              "; a crash before the first commit may repeat rows");
  }
}

std::string PathOutput::prepare() {
  prepared_ = file_->sync();
  return SavedFile{settings_.path, file_->inode(), base_, prepared_}.json();
}

void PathOutput::commit() {
  if (!file_ || prepared_ < committed_) return;
  committed_ = prepared_;
  if (std::exchange(has_commit_, true)) return;
  note_.remove();
}

void PathOutput::abort() {
  if (!file_) return;
  file_->cut_to(committed_);
  prepared_ = 0;
}

}  // namespace

std::unique_ptr<Output> make_path_output(const context& ctx, const Settings& settings) {
  return std::make_unique<PathOutput>(ctx, settings);
}

}  // namespace millrace::file_sink
