#include "row_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace millrace::file_sink {
namespace {

using local_file::reason;

constexpr std::size_t kCollect = 256 << 10;
constexpr std::size_t kWorthItsOwnWrite = 64 << 10;
constexpr std::string_view kNullValue = "null";

}  // namespace

RowFile::RowFile(std::string path, Make make, compress::Compression compression)
    : path_(std::move(path)),
      compression_(compression),
      compressor_(compress::make_compressor(compression)) {
  const std::string above = local_file::directory_of(path_);
  if (make == Make::kIfMissing && !local_file::make_directories(above)) {
    throw fatal(above + ": the directory cannot be made: " + reason(errno));
  }
  const int may_make = make == Make::kIfMissing ? O_CREAT : 0;
  // O_NONBLOCK: a pipe without a reader must not hang us before we refuse it.
  fd_ = local_file::Fd(
      open(path_.c_str(), O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK | may_make, 0666));
  if (!fd_) fail("cannot be written: " + reason(errno));
  const struct stat found = status();
  if (const auto kind = local_file::other_kind(found.st_mode); !kind.empty()) {
    fail("is " + std::string(kind) + "; rows can be taken back only from a regular file");
  }
  if (flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    fail("another sink or process is writing to it");
  }
  length_ = static_cast<uint64_t>(found.st_size);
  collected_.reserve(kCollect);
}

void RowFile::check_packing() const {
  if (length_ == 0) return;
  char head[16];
  const ssize_t got = pread(fd_.get(), head, sizeof head, 0);
  if (got < 0) fail("cannot be read: " + reason(errno));
  const auto found = *compress::detect({head, static_cast<std::size_t>(got)}, true);
  if (found == compression_) return;
  const auto word = [](compress::Compression c) {
    return c == compress::Compression::kNone ? "plain" : std::string(compress::name_of(c));
  };
  fail("holds " + word(found) + " data, to which " + word(compression_) +
       " data cannot be appended; choose another path");
}

/// Rows stand in the batch's arena; where a line end follows a row and then the next row, as the
/// host lays them out, many rows are one run.
void RowFile::add_rows(batch_view rows) {
  const mr_bytes_col& column = rows.abi().value;
  const uint32_t count = rows.size();
  for (uint32_t i = 0; i < count;) {
    if (!column.spans || column.spans[i].len == MR_NULL_LEN) {
      add_line(kNullValue);
      ++i;
      continue;
    }
    const uint64_t begin = column.spans[i].off;
    uint64_t end = begin + column.spans[i].len;
    for (++i; i < count && column.spans[i].len != MR_NULL_LEN && column.spans[i].off == end + 1 &&
              column.base[end] == '\n';
         ++i) {
      end += 1 + column.spans[i].len;
    }
    const bool ended = end < column.size && column.base[end] == '\n';
    add_run(column.base + begin, end - begin + ended, ended);
  }
}

void RowFile::add_run(const uint8_t* from, uint64_t size, bool ended) {
  const std::string_view run(reinterpret_cast<const char*>(from), size);
  if (!compressor_ && size >= kWorthItsOwnWrite) {
    write_out(run);
  } else {
    collected_.append(run);
  }
  if (!ended) collected_ += '\n';
  if (collected_.size() >= kCollect) flush();
}

void RowFile::add_line(std::string_view line) {
  collected_.append(line);
  collected_ += '\n';
}

void RowFile::flush() {
  if (compressor_) {
    compressor_->encode(collected_, packed_);
    collected_.clear();
  }
  write_out({});
}

/// What was collected, then `more`.
void RowFile::write_out(std::string_view more) {
  std::string& first = compressor_ ? packed_ : collected_;
  if (!local_file::write_both(fd_.get(), first, more)) {
    const int error = errno;
    fail("cannot be written: " + reason(error) + " (what was committed is safe)");
  }
  length_ += first.size() + more.size();
  first.clear();
}

uint64_t RowFile::sync() {
  flush();
  if (compressor_) {
    compressor_->end_frame(packed_);
    write_out({});
  }
  if (length_ != synced_ && fdatasync(fd_.get()) != 0) {
    fail("cannot be written to the disk: " + reason(errno) + " (what was committed is safe)");
  }
  synced_ = length_;
  check_unchanged();
  return length_;
}

void RowFile::check_unchanged() const {
  const struct stat now = status();
  if (static_cast<uint64_t>(now.st_size) != length_) {
    fail("somebody else changed it: it has " + std::to_string(now.st_size) + " bytes, not " +
         std::to_string(length_) + "; no other program may write to it");
  }
  struct stat named {};
  if (stat(path_.c_str(), &named) != 0 || named.st_ino != now.st_ino ||
      named.st_dev != now.st_dev) {
    fail("it was removed or replaced while rows were written to it");
  }
}

void RowFile::cut_to(uint64_t length) {
  collected_.clear();
  packed_.clear();
  if (compressor_) compressor_->reset();
  if (ftruncate(fd_.get(), static_cast<off_t>(length)) != 0) {
    fail("cannot be cut to " + std::to_string(length) + " bytes: " + reason(errno));
  }
  length_ = length;
  synced_ = kNeverSynced;
}

struct stat RowFile::status() const {
  struct stat found {};
  if (fstat(fd_.get(), &found) != 0) fail(reason(errno));
  return found;
}

void RowFile::fail(const std::string& what) const { throw fatal(path_ + ": " + what); }

}  // namespace millrace::file_sink
