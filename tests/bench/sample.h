#pragma once

/// The records that the unit benchmarks work on: a few thousand lines of the quickstart's
/// generator, made at build time, cut into batches as a file source would.

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "columns/json_decode.h"

namespace millrace::bench {

inline constexpr size_t kBatchRows = 256;  // 256 KiB of 1 KB records: what fits the L2 cache.

class Sample {
 public:
  static const Sample& get() {
    static const Sample sample;
    return sample;
  }
  const std::vector<std::string_view>& lines() const { return lines_; }
  size_t bytes() const { return bytes_.size(); }

 private:
  Sample() {
    std::ifstream file(MILLRACE_BENCH_SAMPLE, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    if (bytes_.empty()) throw std::runtime_error("no records in " MILLRACE_BENCH_SAMPLE);
    bytes_.reserve(bytes_.size() + 64);  // What a record's arena promises behind its last byte.
    for (std::string_view rest = bytes_; !rest.empty();) {
      const size_t line_end = std::min(rest.find('\n'), rest.size());
      if (line_end > 0) lines_.push_back(rest.substr(0, line_end));
      rest.remove_prefix(std::min(line_end + 1, rest.size()));
    }
  }
  std::string bytes_;
  std::vector<std::string_view> lines_;
};

inline WantedField wanted(std::string_view path, Type type,
                          CellFormat format = CellFormat::kTyped) {
  return {split_path(path), type, format};
}

}  // namespace millrace::bench
