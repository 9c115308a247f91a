#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace millrace {

/// A constant that texts are compared with. Short constants are held in two words and compared
/// by two overlapping loads, since a call of memcmp costs more than all the rest of
/// `type = 'edit'`. No byte outside of the compared text is read.
class FixedText {
 public:
  explicit FixedText(std::string_view text) : text_(text), size_(text.size()) {
    if (size_ >= 8) {
      head_ = load<uint64_t>(text.data());
      tail_ = load<uint64_t>(text.data() + size_ - 8);
    } else if (size_ >= 4) {
      head_ = load<uint32_t>(text.data());
      tail_ = load<uint32_t>(text.data() + size_ - 4);
    } else if (size_ > 0) {
      head_ = small_word(text.data());
    }
  }

  /// run(same) with same(text) for just this size. Captured by value it stays in registers, where a
  /// reference would be read anew after every byte that a loop stores.
  template <class Run>
  void specialised(Run run) const {
    const uint64_t head = head_, tail = tail_;
    const size_t size = size_;
    if (size >= 4 && size < 8) {
      run([=](std::string_view other) {
        return other.size() == size && ((load<uint32_t>(other.data()) ^ head) |
                                        (load<uint32_t>(other.data() + size - 4) ^ tail)) == 0;
      });
    } else if (size >= 8 && size <= 16) {
      run([=](std::string_view other) {
        return other.size() == size && ((load<uint64_t>(other.data()) ^ head) |
                                        (load<uint64_t>(other.data() + size - 8) ^ tail)) == 0;
      });
    } else {
      run([this](std::string_view other) { return equals(other); });
    }
  }

  bool equals(std::string_view other) const {
    if (other.size() != size_) return false;
    const char* at = other.data();
    if (size_ >= 4 && size_ < 8) {
      return ((load<uint32_t>(at) ^ head_) | (load<uint32_t>(at + size_ - 4) ^ tail_)) == 0;
    }
    if (size_ >= 8 && size_ <= 16) {
      return ((load<uint64_t>(at) ^ head_) | (load<uint64_t>(at + size_ - 8) ^ tail_)) == 0;
    }
    if (size_ > 16) return std::memcmp(at, text_.data(), size_) == 0;
    return size_ == 0 || small_word(at) == head_;
  }

 private:
  template <class Word>
  static uint64_t load(const char* at) {
    Word word;
    std::memcpy(&word, at, sizeof(word));
    return word;
  }
  /// One to three bytes: first, middle and last cover them all.
  uint64_t small_word(const char* at) const {
    const auto byte = [at](size_t i) { return uint64_t{static_cast<unsigned char>(at[i])}; };
    return byte(0) | byte(size_ / 2) << 8 | byte(size_ - 1) << 16;
  }

  std::string_view text_;
  size_t size_;
  uint64_t head_ = 0, tail_ = 0;
};

}  // namespace millrace
