#include "config/fault.h"

#include <algorithm>
#include <tuple>

#include "base/assert.h"
#include "base/log.h"
#include "base/spelling.h"

namespace millrace {
namespace {

/// Faults of the file first, then of other origins, then those without a place.
int rank(const ConfigFault& fault, const std::string& file_name) {
  if (fault.file != file_name) return 1;
  return fault.line > 0 ? 0 : 2;
}

}  // namespace

std::string ConfigFault::text() const {
  std::string out = file;
  if (line > 0) out += ":" + std::to_string(line) + ":" + std::to_string(column);
  if (!out.empty()) out += ": ";
  if (!pointer.empty()) out += pointer + ": ";
  out += message;
  if (!hint.empty()) out += "; " + hint;
  if (!snippet.empty()) out += "\n" + snippet;
  return masked(out);
}

void Faults::add(ConfigFault fault) {
  if (full()) {
    ++uncollected_;
    return;
  }
  // Two checks may find the same thing; the user needs to read it once.
  for (const ConfigFault& known : faults_) {
    if (known.file == fault.file && known.pointer == fault.pointer &&
        known.message == fault.message) {
      return;
    }
  }
  faults_.push_back(std::move(fault));
}

void Faults::add(const Where& where, std::string message, std::string hint, std::string snippet) {
  add(ConfigFault{where.origin.empty() ? file_name_ : where.origin, where.line, where.column,
                  where.pointer, std::move(message), std::move(hint), std::move(snippet)});
}

bool Faults::any_below(std::string_view pointer) const {
  return std::any_of(faults_.begin(), faults_.end(), [&](const ConfigFault& fault) {
    if (!fault.pointer.starts_with(pointer)) return false;
    return fault.pointer.size() == pointer.size() || fault.pointer[pointer.size()] == '/';
  });
}

std::vector<ConfigFault> Faults::sorted() const {
  std::vector<ConfigFault> out = faults_;
  std::stable_sort(out.begin(), out.end(), [&](const ConfigFault& a, const ConfigFault& b) {
    return std::make_tuple(rank(a, file_name_), a.line, a.column) <
           std::make_tuple(rank(b, file_name_), b.line, b.column);
  });
  return out;
}

std::string Faults::text() const {
  std::string out;
  for (const ConfigFault& fault : sorted()) {
    if (!out.empty()) out += '\n';
    out += fault.text();
  }
  if (uncollected_ > 0) out += "\nand " + std::to_string(uncollected_) + " more";
  return out;
}

Error Faults::error() const {
  MILLRACE_ASSERT(!empty());
  return {Code::kInvalidConfig, text()};
}

std::string spelling_hint(std::string_view wrong, const std::vector<std::string>& candidates) {
  const std::optional<std::string> nearest = nearest_name(wrong, candidates);
  return nearest ? "did you mean \"" + *nearest + "\"?" : std::string();
}

}  // namespace millrace
