#include "nodes/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/log.h"
#include "state/state_directory.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".journal";
constexpr uint64_t kSegmentBytes = 16 << 20;
constexpr uint64_t kHeadBytes = 12;

/// Nullopt: fewer bytes are there.
std::optional<std::string> read_at(int file, uint64_t offset, size_t size) {
  std::string bytes(size, '\0');
  size_t got = 0;
  while (got < size) {
    const ssize_t n =
        ::pread(file, bytes.data() + got, size - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    got += static_cast<size_t>(n);
  }
  return bytes;
}

/// Where the entry at `offset` of a file ends, by its own word; 0: not even that can be read. A
/// power failure may leave zeros where nothing was written yet.
uint64_t end_of_entry(int file, uint64_t offset) {
  const auto head = read_at(file, offset, kHeadBytes);
  if (!head || head->find_first_not_of('\0') == std::string::npos) return 0;
  return offset + kHeadBytes + ByteReader(*head).u32();
}

/// The entry at `offset` of a file. Nullopt: it is not whole.
std::optional<std::string> entry_at(int file, uint64_t offset) {
  const auto head_bytes = read_at(file, offset, kHeadBytes);
  if (!head_bytes) return std::nullopt;
  ByteReader in(*head_bytes);
  const uint32_t length = in.u32();
  const uint64_t checksum = in.u64();
  struct stat status {};
  if (::fstat(file, &status) != 0 ||
      offset + kHeadBytes + length > static_cast<uint64_t>(status.st_size))
    return std::nullopt;
  auto bytes = read_at(file, offset + kHeadBytes, length);
  if (!bytes || hash_bytes(*bytes) != checksum) return std::nullopt;
  return bytes;
}

class OpenedFile {
 public:
  OpenedFile(const std::string& path, int flags) : file_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  ~OpenedFile() {
    if (file_ >= 0) ::close(file_);
  }
  OpenedFile(const OpenedFile&) = delete;
  int get() const { return file_; }

 private:
  int file_;
};

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(const std::string& folder, int64_t retain_us) {
  MILLRACE_TRY(make_directories(folder));
  const int lock = ::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return file_error(errno, "cannot write", folder + "/lock");
  std::unique_ptr<Journal> journal(new Journal(folder, retain_us, lock));
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    return Error{Code::kFailed, "the journal " + folder +
                                    " is in use by another run or source: give each a path of its "
                                    "own"};
  }
  MILLRACE_TRY(journal->find_segments());
  return journal;
}

Journal::~Journal() {
  if (tail_ >= 0) ::close(tail_);
  if (lock_ >= 0) ::close(lock_);
}

uint64_t Journal::begin() const { return segments_.empty() ? end_ : segments_.front().begin; }

std::string Journal::path_of(const Segment& segment) const {
  const std::string number = std::to_string(segment.begin);
  return folder_ + "/" + std::string(20 - number.size(), '0') + number + std::string(kSuffix);
}

Result<void> Journal::find_segments() {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(kSuffix)) continue;
    uint64_t begin = 0;
    std::from_chars(name.data(), name.data() + name.size(), begin);
    std::error_code none;
    segments_.push_back({begin, begin + fs::file_size(entry.path(), none)});
  }
  if (error) return file_error(error.value(), "cannot read directory", folder_);
  std::sort(segments_.begin(), segments_.end(),
            [](const Segment& a, const Segment& b) { return a.begin < b.begin; });
  for (size_t i = 0; i + 1 < segments_.size(); ++i) {
    if (segments_[i].end == segments_[i + 1].begin) continue;
    return Error{Code::kCorrupt, "the journal " + folder_ + " is damaged: " +
                                     path_of(segments_[i]) + " is not as long as it was"};
  }
  last_ = end_ = segments_.empty() ? 0 : segments_.back().end;
  // A crash may have cut the first entry of the last segment: the last entry is then in the one
  // before.
  for (size_t i = segments_.size(); i-- > 0;) {
    MILLRACE_TRY(mend(segments_[i]));
    if (i + 1 == segments_.size()) end_ = segments_[i].end;
    if (last_ < segments_[i].end) return {};
  }
  last_ = end_;
  return {};
}

Result<void> Journal::mend(Segment& segment) {
  const std::string path = path_of(segment);
  const OpenedFile file(path, O_RDWR);
  if (file.get() < 0) return file_error(errno, "cannot open", path);
  uint64_t offset = 0;
  last_ = segment.end;
  while (const auto entry = entry_at(file.get(), offset)) {
    last_ = segment.begin + offset;
    offset += kHeadBytes + entry->size();
  }
  const uint64_t size = segment.end - segment.begin;
  if (offset == size) return {};
  // An append that a crash cut short has nothing behind it.
  if (const uint64_t end = end_of_entry(file.get(), offset); end != 0 && end < size) {
    return Error{Code::kCorrupt,
                 "the journal " + path + " is damaged at " + std::to_string(offset) +
                     ": put it back from a copy, or remove the folder and go on with --forget"};
  }
  log_warn("the journal " + path +
           " ended inside an entry, which is taken off: it was never processed");
  segment.end = segment.begin + offset;
  if (offset == 0) last_ = segment.end;
  if (::ftruncate(file.get(), static_cast<off_t>(offset)) != 0)
    return file_error(errno, "cannot cut", path);
  return {};
}

Result<void> Journal::begin_segment() {
  if (tail_ >= 0) ::close(tail_);
  tail_ = -1;
  const bool goes_on =
      !segments_.empty() && segments_.back().end - segments_.back().begin < kSegmentBytes;
  if (!goes_on) segments_.push_back({end_, end_});
  const std::string path = path_of(segments_.back());
  tail_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (tail_ < 0) return file_error(errno, "cannot write", path);
  return sync_directory(folder_);
}

Result<void> Journal::append(std::string_view entry) {
  if (tail_ < 0 || segments_.back().end - segments_.back().begin >= kSegmentBytes)
    MILLRACE_TRY(begin_segment());
  Segment& segment = segments_.back();
  std::string bytes;
  append_u32(bytes, static_cast<uint32_t>(entry.size()));
  append_u64(bytes, hash_bytes(entry));
  bytes.append(entry);
  const uint64_t at = segment.end - segment.begin;
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n =
        ::pwrite(tail_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(at + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return file_error(n < 0 ? errno : ENOSPC, "cannot write", path_of(segment));
    done += static_cast<size_t>(n);
  }
  if (::fdatasync(tail_) != 0) return file_error(errno, "cannot write", path_of(segment));
  last_ = end_;
  segment.end += bytes.size();
  end_ = segment.end;
  return {};
}

Result<std::string> Journal::read(uint64_t& offset) const {
  const auto segment = std::find_if(segments_.begin(), segments_.end(), [&](const Segment& one) {
    return offset >= one.begin && offset < one.end;
  });
  if (segment == segments_.end())
    return Error{Code::kCorrupt,
                 "the journal " + folder_ + " has nothing at " + std::to_string(offset)};
  const std::string path = path_of(*segment);
  const OpenedFile file(path, O_RDONLY);
  if (file.get() < 0) return file_error(errno, "cannot read", path);
  auto entry = entry_at(file.get(), offset - segment->begin);
  if (!entry)
    return Error{Code::kCorrupt, "the journal " + path + " is damaged at " +
                                     std::to_string(offset - segment->begin)};
  offset += kHeadBytes + entry->size();
  return std::move(*entry);
}

void Journal::forget(uint64_t committed, int64_t now_us) {
  while (segments_.size() > 1 && segments_.front().end <= committed) {
    const std::string path = path_of(segments_.front());
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return;
    const int64_t written_us = int64_t{status.st_mtim.tv_sec} * 1'000'000;
    if (written_us >= now_us - retain_us_) return;
    if (::unlink(path.c_str()) != 0) return;
    segments_.pop_front();
  }
}

}  // namespace millrace
