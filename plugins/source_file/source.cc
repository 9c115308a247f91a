// The file source: files as one log, positions in bytes, a snapshot that notices changed files.

#include <time.h>

#include <algorithm>

#include "csv_reader.h"
#include "merged_files.h"
#include "replay_clock.h"
#include "source_file_schema.h"

namespace millrace::file_source {
namespace {

constexpr int64_t kLookEveryUs = 200'000;  // For appended bytes and new files, with `follow`.

int64_t monotonic_us() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

class FileSource final : public source {
 public:
  static constexpr auto info = describe(
      "org.millrace.file", "1.0.0", "Apache-2.0",
      "Reads files as one log, in order, and resumes at the byte: JSON lines, CSV or plain "
      "lines, also compressed.",
      schema::source_file, title{"Files as one log: JSON lines, CSV, plain lines"}, status::beta,
      trust::untrusted_input);

  FileSource(const context& ctx, const config& cfg)
      : ctx_(ctx), settings_(cfg), log_(ctx, settings_) {
    if (settings_.replay.speed > 0) clock_.emplace(ctx, settings_.replay);
  }

  static void validate(const context&, const config& cfg) { (void)Settings(cfg); }

  traits source_traits() const override {
    return {.bounded = !settings_.follow, .replay = replay::exact};
  }

  void open(const opening& how) override;
  flow poll(const budget& b, emitter& out) override;
  std::string snapshot(uint64_t epoch) override;
  void seek(uint32_t partition, uint64_t position) override;
  void close() override;

 private:
  bool begin_file();
  std::unique_ptr<TextStream> open_text(const LogFile& file) const;
  std::unique_ptr<RecordReader> open_reader(const LogFile& file, Gate* gate);
  flow poll_merged(const budget& b, emitter& out);
  void open_all();
  static void note_progress(OpenFile& open);
  void finish_file(OpenFile& open);
  bool look_for_more();
  bool has_target() const { return settings_.follow && until_end_; }
  bool ends() const { return !settings_.follow || until_end_; }

  context ctx_;
  Settings settings_;
  FileLog log_;
  std::optional<ReplayClock> clock_;
  std::map<uint32_t, uint64_t> targets_;  ///< Size at open, by file; with has_target().
  OpenFile current_;                      ///< One after the other.
  std::optional<event_times> times_;      ///< With `parallel`; then
  MergedFiles merged_;                    ///< all files that are not done,
  bool all_open_ = false;                 ///< once they were opened.
  bool merge_was_resumed_ = false;        ///< Others may follow when these are read.
  bool until_end_ = false;
  int64_t look_at_us_ = 0;
};

void FileSource::open(const opening& how) {
  until_end_ = how.until_end;
  if (settings_.parallel) times_.emplace(ctx_);
  log_.open(how.fresh ? std::string_view() : how.state);
  if (has_target()) targets_ = log_.sizes();
}

flow FileSource::poll(const budget& b, emitter& out) {
  if (settings_.parallel) return poll_merged(b, out);
  if (current_.reader && current_.file->done) {
    if (ends()) return flow::end;
    if (!look_for_more()) return flow::idle;
  }
  if (!current_.reader && !begin_file()) return ends() ? flow::end : flow::idle;
  if (!b.has_credit(current_.file->number)) return flow::idle;
  const Step step = current_.reader->read(b, out);
  if (step == Step::kMore) return flow::more;
  if (step == Step::kWaiting) return flow::idle;
  finish_file(current_);
  if (log_.next()) {
    current_.reader.reset();
    return flow::more;
  }
  if (ends()) return flow::end;
  out.at_end(current_.file->number);
  look_at_us_ = monotonic_us() + kLookEveryUs;
  return flow::idle;
}

/// False: there is no file with something to read.
bool FileSource::begin_file() {
  if (!log_.next()) {
    if (ends() || monotonic_us() < look_at_us_) return false;
    look_at_us_ = monotonic_us() + kLookEveryUs;
    log_.refresh();
  }
  current_.file = log_.next();
  if (!current_.file) return false;
  current_.reader = open_reader(*current_.file, clock_ ? &*clock_ : nullptr);
  return true;
}

flow FileSource::poll_merged(const budget& b, emitter& out) {
  if (!all_open_) open_all();
  budget rest = b;
  while (OpenFile* next = merged_.next()) {
    rest.max_records = b.max_records - std::min(b.max_records, out.records());
    if (rest.max_records == 0) return flow::more;
    const Step step = next->reader->read(rest, out);
    if (step == Step::kMore) return flow::more;
    if (step == Step::kWaiting && next->gate->waits_for_clock()) return flow::idle;
    if (step != Step::kDry) continue;  // Its head is known now, and later than another's.
    finish_file(*next);
    merged_.remove(*next);
  }
  if (!merge_was_resumed_) return flow::end;
  // What was added while we were away comes behind what was begun before.
  log_.refresh();
  all_open_ = false;
  return flow::more;
}

void FileSource::open_all() {
  constexpr std::size_t kFilesMax = 512;
  const std::vector<LogFile*> files = log_.begin_merge(merge_was_resumed_);
  if (files.size() > kFilesMax) {
    throw fatal("parallel: " + std::to_string(files.size()) + " files at once, more than " +
                std::to_string(kFilesMax) + ": read them in several sources, or without parallel");
  }
  for (LogFile* file : files) {
    OpenFile open{file, std::make_unique<HeadGate>(*times_, clock_ ? &*clock_ : nullptr), {}};
    open.reader = open_reader(*file, open.gate.get());
    merged_.add(std::move(open));
  }
  all_open_ = true;
}

std::unique_ptr<TextStream> FileSource::open_text(const LogFile& file) const {
  RawFile raw(file.path);
  if (has_target()) {
    const auto target = targets_.find(file.number);
    raw.stop_at(target == targets_.end() ? 0 : target->second);
  }
  if (settings_.parallel) raw.stop_at(file.merged_upto);
  return std::make_unique<TextStream>(std::move(raw), settings_);
}

std::unique_ptr<RecordReader> FileSource::open_reader(const LogFile& file, Gate* gate) {
  constexpr std::size_t kAloneBytes = 256 << 10, kAmongOthersBytes = 64 << 10;
  const ReaderPlan plan{.number = file.number,
                        .tail_is_record = !settings_.follow,
                        .max_record = settings_.max_record,
                        .gate = gate,
                        .chunk_bytes = settings_.parallel ? kAmongOthersBytes : kAloneBytes,
                        .batch_flags = settings_.format == Format::kCsv ? MR_BATCH_TEXT_CELLS : 0};
  const Place place{file.offset, file.line};
  auto text = open_text(file);
  text->go_to(file.offset, ctx_);
  if (settings_.format != Format::kCsv) {
    const bool keep_empty = settings_.format == Format::kLines;
    return std::make_unique<LineReader>(std::move(text), place, plan, keep_empty);
  }
  std::optional<CsvColumns> columns;
  if (!settings_.csv.names.empty()) {
    columns.emplace(settings_.csv);
  } else if (file.offset > 0) {
    columns.emplace(read_header(*open_text(file), settings_.csv));
  }
  return std::make_unique<CsvReader>(std::move(text), place, plan, settings_.csv,
                                     std::move(columns));
}

void FileSource::note_progress(OpenFile& open) {
  if (!open.reader) return;
  LogFile& file = *open.file;
  const Place place = open.reader->place();
  const RawFile& raw = open.reader->text().file();
  const uint64_t head = std::min(raw.offset(), FileMark::kHeadBytesMax);
  if (file.offset == place.offset && file.size == raw.offset() && !file.json.empty()) return;
  if (head > file.mark.head_bytes || file.mark.inode != raw.inode()) {
    file.mark = {raw.inode(), raw.hash_head(head), head};
  }
  file.offset = place.offset;
  file.line = place.line;
  file.size = raw.offset();
  file.json.clear();
}

/// Everything that is there was read.
void FileSource::finish_file(OpenFile& open) {
  TextStream& text = open.reader->text();
  text.file().check_unchanged();
  if (!settings_.follow) text.check_complete();
  note_progress(open);
  open.file->done = true;
  open.file->merged_upto = 0;
  open.file->json.clear();
}

/// With `follow`, at the end of everything: whether there is more by now, in the current file or,
/// without a reader then, in another.
bool FileSource::look_for_more() {
  if (ends() || monotonic_us() < look_at_us_) return false;
  look_at_us_ = monotonic_us() + kLookEveryUs;
  current_.reader->text().file().check_unchanged();
  log_.refresh();
  const LogFile* next = log_.next();
  if (!next) return false;
  if (next != current_.file) current_.reader.reset();
  return true;
}

std::string FileSource::snapshot(uint64_t) {
  note_progress(current_);
  for (OpenFile& open : merged_.all()) note_progress(open);
  return log_.snapshot();
}

void FileSource::seek(uint32_t partition, uint64_t position) {
  close();
  LogFile* file = log_.find(partition);
  if (!file) throw fatal("there is no file with number " + std::to_string(partition));
  file->offset = position;
  file->line = position == 0 ? 1 : 0;
  file->done = false;
  file->json.clear();
}

void FileSource::close() {
  note_progress(current_);
  for (OpenFile& open : merged_.all()) note_progress(open);
  current_ = {};
  merged_.clear();
  all_open_ = false;
}

}  // namespace
}  // namespace millrace::file_source

using millrace::file_source::FileSource;
MILLRACE_PLUGIN(FileSource)
