#include "history.h"

namespace millrace::page_sink {
namespace {

constexpr size_t kBytesMax = 1 << 20;

}  // namespace

std::string last_lines(std::string_view before, std::string_view then, uint64_t rows_max) {
  std::string lines(before);
  lines += then;
  if (rows_max == 0) return {};
  size_t begin = lines.size();  // Of the first line that is kept.
  for (uint64_t rows = 0; rows < rows_max && begin > 0; ++rows) {
    const size_t end = begin > 1 ? lines.rfind('\n', begin - 2) : lines.npos;
    const size_t next = end == lines.npos ? 0 : end + 1;
    if (rows > 0 && lines.size() - next > kBytesMax) break;
    begin = next;
  }
  return lines.substr(begin);
}

}  // namespace millrace::page_sink
