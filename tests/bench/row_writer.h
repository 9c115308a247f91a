#pragma once

/// Output of the hand loops: rows pasted into one buffer and written a MiB at a time.

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include "mapped_lines.h"

namespace millrace::bench {

/// What stands between the quotes of a JSON string's token, escapes as they are.
inline std::string_view text_inside(std::string_view token) {
  while (!token.empty() && token.back() != '"') token.remove_suffix(1);
  return token.size() < 2 ? std::string_view() : token.substr(1, token.size() - 2);
}

class RowWriter {
 public:
  explicit RowWriter(const char* path)
      : fd_(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
    if (fd_ < 0) die(std::string("cannot write ") + path);
  }
  ~RowWriter() {
    flush();
    close(fd_);
  }
  RowWriter(const RowWriter&) = delete;

  RowWriter& text(std::string_view text) {
    if (text.size() > kRoomBytes) die("a text of more than 64 KiB in a row");
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
    return *this;
  }
  RowWriter& number(int64_t value) {
    at_ = std::to_chars(at_, at_ + 24, value).ptr;
    return *this;
  }
  /// The shortest text that reads back equal.
  RowWriter& real(double value) {
    at_ = std::to_chars(at_, at_ + 32, value).ptr;
    return *this;
  }
  /// Minutes since 1970 as RFC 3339 in UTC.
  RowWriter& minute(int64_t minute) { return time_ms(minute * 60'000); }
  /// Milliseconds since 1970, the fraction only if it is not zero and without zeros at its end.
  RowWriter& time_ms(int64_t at_ms) {
    using namespace std::chrono;
    const sys_time<milliseconds> time{milliseconds(at_ms)};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const auto of_day = static_cast<int>((time - day).count());
    const int seconds = of_day / 1000, fraction = of_day % 1000;
    at_ += std::snprintf(at_, 32, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                         static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                         seconds / 3600, seconds / 60 % 60, seconds % 60);
    if (fraction) {
      at_ += std::snprintf(at_, 8, ".%03d", fraction);
      while (at_[-1] == '0') --at_;
    }
    *at_++ = 'Z';
    return *this;
  }
  /// There is room for one more row behind each.
  void end_row() {
    if (static_cast<size_t>(at_ - bytes_.data()) >= kFlushBytes) flush();
  }

 private:
  static constexpr size_t kFlushBytes = 1 << 20, kRoomBytes = 1 << 16, kTextsMax = 8;

  void flush() {
    const char* from = bytes_.data();
    while (from < at_) {
      const ssize_t done = write(fd_, from, static_cast<size_t>(at_ - from));
      if (done < 0) die("cannot write the rows");
      from += done;
    }
    at_ = bytes_.data();
  }

  int fd_;
  std::vector<char> bytes_ = std::vector<char>(kFlushBytes + kTextsMax * kRoomBytes);
  char* at_ = bytes_.data();
};

}  // namespace millrace::bench
