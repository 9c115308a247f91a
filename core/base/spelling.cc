#include "base/spelling.h"

#include <algorithm>

namespace millrace {
namespace {

/// Nobody writes keys that long, and the distance is quadratic.
constexpr size_t kLengthMax = 100;

std::string folded(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c == '_' || c == '-') continue;
    out += (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

}  // namespace

size_t edit_distance(std::string_view a, std::string_view b) {
  // Rows i-2, i-1 and i of the table of optimal string alignment.
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] != b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::optional<std::string> nearest_name(std::string_view wrong,
                                        const std::vector<std::string>& candidates) {
  if (wrong.empty() || wrong.size() > kLengthMax) return std::nullopt;
  const std::string sought = folded(wrong);
  // A third of the letters may be wrong, at least one; "by" is not a misspelt "on".
  size_t best_distance = std::min<size_t>(std::max<size_t>(sought.size() / 3, 1), 3) + 1;
  const std::string* best = nullptr;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLengthMax) continue;
    const std::string name = folded(candidate);
    const size_t distance = edit_distance(sought, name);
    if (distance >= best_distance || distance >= std::max(sought.size(), name.size())) continue;
    best_distance = distance;
    best = &candidate;
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

}  // namespace millrace
