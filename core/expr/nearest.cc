#include "expr/nearest.h"

#include <algorithm>
#include <cctype>

namespace millrace {
namespace {

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

/// Edit distance with swaps of neighbours (the commonest slip) at cost 1.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::vector<std::string_view> nearest_names(std::string_view word,
                                            const std::vector<std::string_view>& names) {
  constexpr size_t kLongest = 128;  // The distance is quadratic.
  if (word.size() > kLongest) return {};
  const size_t limit = std::max<size_t>(1, word.size() / 3);
  std::vector<std::pair<size_t, std::string_view>> found;
  for (const std::string_view name : names) {
    if (name.size() > kLongest) continue;
    const size_t far = distance(word, name);
    // The last part alone is a likely slip too: `new` for `length.new`.
    const bool tail = name.size() > word.size() && name.ends_with(word) &&
                      name[name.size() - word.size() - 1] == '.';
    if (far <= limit || tail) found.emplace_back(tail ? std::min(far, limit) : far, name);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string_view> nearest;
  for (const auto& [far, name] : found) {
    if (nearest.size() == 3) break;
    if (std::find(nearest.begin(), nearest.end(), name) == nearest.end()) nearest.push_back(name);
  }
  return nearest;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& names) {
  const auto nearest = nearest_names(word, names);
  if (nearest.empty()) return "";
  std::string text = "did you mean ";
  for (size_t i = 0; i < nearest.size(); ++i) {
    if (i) text += " or ";
    text += '"';
    text += nearest[i];
    text += '"';
  }
  return text + "?";
}

}  // namespace millrace
