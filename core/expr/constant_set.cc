#include "expr/constant_set.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "functions/kernel.h"
#include "functions/select_rows.h"

namespace millrace {
namespace {

constexpr size_t kFew = 8;

/// Compares with kCount items without a branch; a short list is filled up with its last item.
template <size_t kCount>
void contains_few(const std::vector<int64_t>& items, const int64_t* values, Selection rows,
                  uint8_t* out) {
  std::array<int64_t, kCount> fixed;
  for (size_t i = 0; i < kCount; ++i) fixed[i] = items[std::min(i, items.size() - 1)];
  each_row(rows, [=](uint32_t row) {
    bool found = false;
    for (size_t i = 0; i < kCount; ++i) found |= values[row] == fixed[i];
    out[row] = found;
  });
}

}  // namespace

void ConstantSet::add(const Column& constant) {
  if (!constant.valid(0)) {
    has_null_ = true;
    return;
  }
  switch (storage_of(type_)) {
    case Storage::kBool: ints_.push_back(constant.bools[0]); break;
    case Storage::kInt: ints_.push_back(constant.ints[0]); break;
    case Storage::kFloat: floats_.push_back(constant.floats[0]); break;
    case Storage::kBytes: texts_.emplace_back(constant.texts[0]); break;
  }
}

void ConstantSet::seal() {
  std::sort(ints_.begin(), ints_.end());
  ints_.erase(std::unique(ints_.begin(), ints_.end()), ints_.end());
  if (texts_.size() > kFew) hashed_.insert(texts_.begin(), texts_.end());
}

void ConstantSet::contains_int(const int64_t* values, Selection rows, uint8_t* out) const {
  if (ints_.empty()) {
    each_row(rows, [=](uint32_t row) { out[row] = 0; });
  } else if (ints_.size() <= kFew / 2) {
    contains_few<kFew / 2>(ints_, values, rows, out);
  } else if (ints_.size() <= kFew) {
    contains_few<kFew>(ints_, values, rows, out);
  } else {
    each_row(rows, [&](uint32_t row) {
      out[row] = std::binary_search(ints_.begin(), ints_.end(), values[row]);
    });
  }
}

void ConstantSet::contains_text(const std::string_view* values, Selection rows,
                                uint8_t* out) const {
  if (!hashed_.empty()) {
    each_row(rows, [&](uint32_t row) { out[row] = hashed_.contains(values[row]); });
    return;
  }
  each_row(rows, [&](uint32_t row) {
    bool found = false;
    for (const std::string& text : texts_) {
      found = found || (text.size() == values[row].size() &&
                        std::memcmp(text.data(), values[row].data(), text.size()) == 0);
    }
    out[row] = found;
  });
}

void ConstantSet::contains(const Column& values, Selection rows, uint8_t* out) const {
  switch (storage_of(type_)) {
    case Storage::kBool:
      each_row(rows, [&](uint32_t row) {
        out[row] = std::find(ints_.begin(), ints_.end(), values.bools[row]) != ints_.end();
      });
      break;
    case Storage::kInt: contains_int(values.ints.data(), rows, out); break;
    case Storage::kFloat:
      each_row(rows, [&](uint32_t row) {
        const double value = values.floats[row];
        out[row] = std::any_of(floats_.begin(), floats_.end(), [value](double item) {
          return item == value || (std::isnan(item) && std::isnan(value));
        });
      });
      break;
    case Storage::kBytes: contains_text(values.texts.data(), rows, out); break;
  }
}

std::optional<uint32_t> ConstantSet::select(const Column& values, Selection rows, bool wanted,
                                            uint32_t* out) const {
  constexpr size_t kItems = 4;
  if (storage_of(type_) != Storage::kInt || ints_.empty() || ints_.size() > kItems)
    return std::nullopt;
  int64_t items[kItems];
  for (size_t i = 0; i < kItems; ++i) items[i] = ints_[std::min(i, ints_.size() - 1)];
  const int64_t a = items[0], b = items[1], c = items[2], d = items[3];
  const int64_t* cells = values.ints.data();
  return select_where(rows, out, [=](uint32_t row) {
    const int64_t value = cells[row];
    return ((value == a) | (value == b) | (value == c) | (value == d)) == wanted;
  });
}

}  // namespace millrace
