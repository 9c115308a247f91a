#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::file_source {

/// Text that was read and did not become records yet: usually the front of one record. Grows at the
/// back, shrinks at the front; what goes in front costs nothing until more is put in.
class PendingText {
 public:
  std::string_view view() const { return std::string_view(bytes_).substr(begin_); }
  std::size_t size() const { return bytes_.size() - begin_; }
  bool empty() const { return size() == 0; }

  void consume(std::size_t bytes) {
    begin_ += bytes;
    if (begin_ == bytes_.size()) clear();
  }
  void clear() {
    constexpr std::size_t kWorthFreeing = 4 << 20;
    if (bytes_.capacity() > kWorthFreeing) bytes_ = std::string();
    bytes_.clear();
    begin_ = 0;
  }
  void assign(std::string_view text) {
    clear();
    bytes_.assign(text);
  }
  /// Lets `read(char*, size_t)` add up to `max` bytes; returns how many it did.
  template <class Read>
  std::size_t grow(std::size_t max, Read&& read) {
    bytes_.erase(0, std::exchange(begin_, 0));
    const std::size_t had = bytes_.size();
    bytes_.resize(had + max);
    const std::size_t got = read(bytes_.data() + had, max);
    bytes_.resize(had + got);
    return got;
  }

 private:
  std::string bytes_;
  std::size_t begin_ = 0;
};

}  // namespace millrace::file_source
