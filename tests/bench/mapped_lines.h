#pragma once

/// What the hand loops share: a file mapped with the padding that simdjson wants, cut into parts at
/// line ends, and the command line. Errors end the program: a ceiling has nobody to report to.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::bench {

inline constexpr size_t kPadding = 64;  // simdjson reads that far past a record's end.

[[noreturn]] inline void die(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

/// The bytes of a file, with kPadding readable bytes behind them; mapped for the whole run.
inline std::string_view map_file(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat found {};
  if (fd < 0 || fstat(fd, &found) != 0) die(std::string("cannot read ") + path);
  const auto size = static_cast<size_t>(found.st_size);
  // Zero pages first, the file over them: a file that fills its last page has none behind it.
  void* room = mmap(nullptr, size + kPadding, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) die("no memory");
  if (size > 0 && mmap(room, size, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED) {
    die(std::string("cannot map ") + path);
  }
  madvise(room, size, MADV_SEQUENTIAL);
  close(fd);
  return {static_cast<const char*>(room), size};
}

/// `text` in `count` parts of about equal size, each ending behind a line end (the last one: where
/// the text ends).
inline std::vector<std::string_view> cut_at_lines(std::string_view text, size_t count) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0, i = 1; i <= count; ++i) {
    const size_t aim = std::max(begin, text.size() / count * i);
    const size_t line_end = i == count ? std::string_view::npos : text.find('\n', aim);
    const size_t end = line_end == std::string_view::npos ? text.size() : line_end + 1;
    parts.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return parts;
}

/// Calls `take(line)` for each line that is not empty.
template <class Take>
void each_line(std::string_view text, Take take) {
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    const auto* found =
        static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(end - at)));
    const char* line_end = found ? found : end;
    if (line_end > at) take(std::string_view(at, static_cast<size_t>(line_end - at)));
    at = line_end + 1;
  }
}

/// INPUT --out FILE [--threads N] [--query NAME].
struct Arguments {
  const char* input = nullptr;
  const char* out = nullptr;
  const char* query = nullptr;
  size_t threads = 1;
};

inline Arguments parse_arguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--out" && i + 1 < argc) {
      arguments.out = argv[++i];
    } else if (word == "--threads" && i + 1 < argc) {
      arguments.threads = std::max<size_t>(1, std::strtoul(argv[++i], nullptr, 10));
    } else if (word == "--query" && i + 1 < argc) {
      arguments.query = argv[++i];
    } else if (word.substr(0, 2) != "--" && !arguments.input) {
      arguments.input = argv[i];
    } else {
      arguments.input = nullptr;
      break;
    }
  }
  if (!arguments.input || !arguments.out)
    die("usage: INPUT --out FILE [--threads N] [--query NAME]");
  return arguments;
}

}  // namespace millrace::bench
