#include "merged_files.h"

#include <algorithm>
#include <utility>

namespace millrace::file_source {

OpenFile* MergedFiles::next() {
  OpenFile *first = nullptr, *second = nullptr;
  for (OpenFile& one : files_) {
    if (!one.gate->head()) {
      one.gate->open_until(MR_TIME_NONE, false);
      return &one;
    }
    const auto earlier = [&](const OpenFile* than) {
      return !than || *one.gate->head() < *than->gate->head();
    };
    if (earlier(first)) {
      second = std::exchange(first, &one);
    } else if (earlier(second)) {
      second = &one;
    }
  }
  if (!first) return nullptr;
  if (!second) {
    first->gate->open_until(INT64_MAX, true);
  } else {
    first->gate->open_until(*second->gate->head(), first->file->number < second->file->number);
  }
  return first;
}

void MergedFiles::remove(const OpenFile& file) {
  const auto same = [&](const OpenFile& one) { return &one == &file; };
  files_.erase(std::find_if(files_.begin(), files_.end(), same));
}

}  // namespace millrace::file_source
