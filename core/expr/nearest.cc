#include "expr/nearest.h"

#include <algorithm>

#include "base/spelling.h"

namespace millrace {

std::string did_you_mean(std::string_view word, const std::vector<std::string>& names) {
  constexpr size_t kNamesMax = 3;
  std::vector<std::string> meant;
  if (auto nearest = nearest_name(word, names)) meant.push_back(std::move(*nearest));
  std::string tail(".");
  tail += word;
  for (const std::string& name : names) {
    if (meant.size() == kNamesMax) break;
    const bool known = std::find(meant.begin(), meant.end(), name) != meant.end();
    if (name.ends_with(tail) && !known) meant.push_back(name);
  }
  if (meant.empty()) return "";
  std::string text("did you mean ");
  for (size_t i = 0; i < meant.size(); ++i) {
    if (i) text += " or ";
    text += '"';
    text += meant[i];
    text += '"';
  }
  text += '?';
  return text;
}

}  // namespace millrace
