#pragma once

/// Files of this machine: descriptors that close themselves, and errors as words that a user can
/// act on. Nothing here throws; callers know which kind of failure it is.

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::local_file {

/// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { reset(); }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

/// "no space left on device"; for a few errors followed by what to do about it.
std::string reason(int error);

/// What a path leads to that is not a regular file: "a directory", "a pipe"…; "" for a regular one.
std::string_view other_kind(mode_t mode);

/// Directory part of a path; "." if there is none.
std::string directory_of(std::string_view path);
std::string_view base_name(std::string_view path);

/// Makes a directory and those above it. False with errno set.
bool make_directories(const std::string& path);
/// Makes names that were added to or removed from a directory durable. False with errno set.
bool sync_directory(const std::string& path);

/// All of `text` at the descriptor's position, in as many calls as it takes. False with errno set.
bool write_all(int fd, std::string_view text);
/// The same for two texts in a row.
bool write_both(int fd, std::string_view first, std::string_view second);

}  // namespace millrace::local_file
