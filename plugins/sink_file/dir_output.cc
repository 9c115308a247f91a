#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include "output.h"
#include "saved.h"

namespace millrace::file_sink {
namespace {

using local_file::reason;

constexpr std::string_view kPart = "part-";
constexpr std::string_view kOpen = ".open";  // Behind the name of a part that is not in view.

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw fatal(path + ": " + what + "; put it back as it was, or start again with --fresh");
}

/// The number in "part-000007…"; nullopt for names that are not ours.
std::optional<uint64_t> number_of(std::string_view name) {
  if (!name.starts_with(kPart)) return std::nullopt;
  name.remove_prefix(kPart.size());
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool whole = error == std::errc() && end != name.data() + name.size() && *end == '.';
  return whole ? std::optional(number) : std::nullopt;
}

int64_t monotonic_us() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

class DirOutput final : public Output {
 public:
  DirOutput(const context& ctx, const Settings& settings) : ctx_(ctx), settings_(settings) {}

  void open(const opening& how) override;
  void write(batch_view rows) override;
  std::string prepare() override;
  void commit() override;
  void abort() override;
  void close() override;

 private:
  void lock();
  void go_on(const SavedParts& saved);
  void go_on_with(const Part& part);
  void start_again(const SavedParts& saved);
  void start();
  void begin_part();
  bool is_due() const;
  void show(const Part& part);
  void sync_names() const;
  void remove_uncommitted() const;
  std::string note_path() const { return settings_.dir + "/.uncommitted"; }
  void remove(const std::string& path);
  std::vector<std::string> entries() const;
  std::string visible(const std::string& name) const { return settings_.dir + "/" + name; }
  std::string hidden(const std::string& name) const {
    return settings_.dir + "/." + name + std::string(kOpen);
  }
  std::string name_of(uint64_t number) const;

  context ctx_;
  const Settings& settings_;
  local_file::Fd dir_;  ///< Holds the lock.
  std::optional<RowFile> part_;
  SavedParts now_;                ///< Of now_.open: the length that is committed.
  uint64_t prepared_length_ = 0;  ///< Of the open part.
  int64_t part_since_us_ = 0;
  bool noted_ = false;     ///< The note of uncommitted parts is there.
  bool in_doubt_ = false;  ///< Prepared, and nobody said yet whether the commit held.
};

std::string DirOutput::name_of(uint64_t number) const {
  char text[32];
  std::snprintf(text, sizeof text, "part-%06llu", static_cast<unsigned long long>(number));
  return text + settings_.extension();
}

void DirOutput::open(const opening& how) {
  part_.reset();
  in_doubt_ = false;
  lock();
  now_ = {};
  const auto saved = SavedParts::read(ctx_, how.state);
  if (!saved) return start();
  how.fresh ? start_again(*saved) : go_on(*saved);
}

void DirOutput::lock() {
  if (!local_file::make_directories(settings_.dir)) {
    throw fatal(settings_.dir + ": the directory cannot be made: " + reason(errno));
  }
  dir_ = local_file::Fd(::open(settings_.dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir_) throw fatal(settings_.dir + ": cannot be read: " + reason(errno));
  if (flock(dir_.get(), LOCK_EX | LOCK_NB) != 0) {
    throw fatal(settings_.dir + ": another sink or process is writing to it");
  }
}

/// Behind all parts that are there. Hidden ones of a run that ended before its first commit go: the
/// note says which they are. Others are not ours to judge.
void DirOutput::start() {
  remove_uncommitted();
  uint64_t next = 0;
  for (const std::string& name : entries()) {
    const bool is_hidden = name.starts_with('.') && name.ends_with(kOpen);
    const auto number = number_of(std::string_view(name).substr(is_hidden));
    if (!number) continue;
    next = std::max(next, *number + 1);
    if (is_hidden)
      ctx_.warn(settings_.dir + "/" + name + ": was left behind by a run that crashed");
  }
  now_.base = now_.number = next;
  if (FILE* note = std::fopen(note_path().c_str(), "w")) {
    std::fprintf(note, "%llu\n", static_cast<unsigned long long>(next));
    std::fclose(note);
    noted_ = true;
  }
}

/// Until the first commit nobody but the note knows from which number on parts are this sink's.
void DirOutput::remove_uncommitted() const {
  unsigned long long first = 0;
  FILE* note = std::fopen(note_path().c_str(), "r");
  if (!note) return;
  const bool read = std::fscanf(note, "%llu", &first) == 1;
  std::fclose(note);
  for (const std::string& name : entries()) {
    const bool is_hidden = name.starts_with('.') && name.ends_with(kOpen);
    const auto number = is_hidden ? number_of(std::string_view(name).substr(1)) : std::nullopt;
    if (read && number && *number >= first) ::unlink((settings_.dir + "/" + name).c_str());
  }
}

/// --fresh: the parts that the earlier runs wrote go, those of others stay.
void DirOutput::start_again(const SavedParts& saved) {
  for (const std::string& name : entries()) {
    const auto number = number_of(name);
    if (number && *number >= saved.base && *number <= saved.number) remove(visible(name));
  }
  if (!saved.open.name.empty()) remove(hidden(saved.open.name));
  for (const Part& part : saved.finished) remove(hidden(part.name));
  for (const uint64_t number : {saved.number, saved.number + 1}) remove(hidden(name_of(number)));
  start();
}

void DirOutput::go_on(const SavedParts& saved) {
  // A run begins at most one part behind the one that a commit tells of, before it is committed.
  ::unlink(note_path().c_str());
  now_ = saved;
  for (const Part& part : now_.finished) show(part);
  now_.finished.clear();
  if (!now_.open.name.empty()) go_on_with(Part(now_.open));
  if (!part_) remove(hidden(name_of(now_.number)));
  remove(hidden(name_of(now_.number + 1)));
}

void DirOutput::go_on_with(const Part& part) {
  const bool there = access(hidden(part.name).c_str(), F_OK) == 0;
  if (!there || part.name != name_of(now_.number)) {
    // Shown when the last run closed, or of another format or compression by now.
    if (there) show(part);
    now_.open = {};
    ++now_.number;
    return;
  }
  part_.emplace(hidden(part.name), RowFile::Make::kNever, settings_.compression);
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
  now_.open = {name_of(now_.number), 0};
  part_.emplace(hidden(now_.open.name), RowFile::Make::kIfMissing, settings_.compression);
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
    if (now_.open.length == 0) sync_names();
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
  if (std::exchange(noted_, false)) ::unlink(note_path().c_str());
  if (!std::exchange(in_doubt_, false)) return;
  now_.open.length = prepared_length_;
  for (const Part& part : now_.finished) show(part);
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
      show(part);
    } else {
      const std::string path = part_->path();
      part_.reset();
      remove(path);
    }
  }
  part_.reset();
  dir_.reset();
}

/// Puts a part into view, if that did not happen before the crash already.
void DirOutput::show(const Part& part) {
  const std::string from = hidden(part.name), to = visible(part.name);
  struct stat found {};
  if (stat(from.c_str(), &found) != 0) {
    if (errno == ENOENT) return;
    throw fatal(from + ": " + reason(errno));
  }
  if (static_cast<uint64_t>(found.st_size) < part.length) {
    refuse(from, "has " + std::to_string(found.st_size) + " bytes, but " +
                     std::to_string(part.length) + " were committed");
  }
  if (truncate(from.c_str(), static_cast<off_t>(part.length)) != 0) {
    throw fatal(from + ": cannot be cut: " + reason(errno));
  }
  if (access(to.c_str(), F_OK) == 0) {
    throw fatal(to + ": is there already; move it away, " + from + " shall get its name");
  }
  if (rename(from.c_str(), to.c_str()) != 0) {
    throw fatal(from + ": cannot be renamed to " + to + ": " + reason(errno));
  }
  sync_names();
}

void DirOutput::sync_names() const {
  if (local_file::sync_directory(settings_.dir)) return;
  throw fatal(settings_.dir + ": cannot be synced: " + reason(errno));
}

void DirOutput::remove(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    throw fatal(path + ": cannot be removed: " + reason(errno));
  }
}

std::vector<std::string> DirOutput::entries() const {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(settings_.dir.c_str()), closedir);
  if (!dir) throw fatal(settings_.dir + ": cannot be read: " + reason(errno));
  std::vector<std::string> names;
  while (const dirent* entry = readdir(dir.get())) names.emplace_back(entry->d_name);
  return names;
}

}  // namespace

std::unique_ptr<Output> make_dir_output(const context& ctx, const Settings& settings) {
  return std::make_unique<DirOutput>(ctx, settings);
}

}  // namespace millrace::file_sink
