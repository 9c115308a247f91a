#include "window/table_versions.h"

#include <algorithm>

namespace millrace {
namespace {

using Version = TableVersions::Version;

bool later_than(EventTime t, const Version& version) { return t < version.time; }

}  // namespace

void TableVersions::put(std::string_view key, EventTime t, bool deleted, std::string row,
                        EventTime bound) {
  bool made = false;
  Key& one = keys_.find_or_add(key, made);
  if (!made && one.versions.back().deleted) deleted_.erase(place_of(one));
  if (!history_) prune(one, kTimeMax);
  row_bytes_ += row.size() + kVersionBytes;
  Version version{t, deleted, std::make_shared<const std::string>(std::move(row))};
  one.versions.insert(std::upper_bound(one.versions.begin(), one.versions.end(), t, later_than),
                      std::move(version));
  if (!history_ && deleted) return erase(one);
  if (history_) prune(one, bound);
  if (one.versions.back().deleted) deleted_.insert(place_of(one));
  keys_.touch(one);
}

void TableVersions::prune(Key& key, EventTime bound) {
  // Behind the newest version at or before the bound nothing older is ever asked for.
  auto keep = std::upper_bound(key.versions.begin(), key.versions.end(), bound, later_than);
  if (keep != key.versions.begin() && history_) --keep;
  for (auto gone = key.versions.begin(); gone != keep; ++gone)
    row_bytes_ -= gone->row->size() + kVersionBytes;
  key.versions.erase(key.versions.begin(), keep);
}

void TableVersions::erase(Key& key) {
  for (const Version& gone : key.versions) row_bytes_ -= gone.row->size() + kVersionBytes;
  keys_.erase(key);
}

void TableVersions::forget_deleted(EventTime bound) {
  while (!deleted_.empty() && deleted_.begin()->first <= bound) {
    Key& key = *deleted_.begin()->second;
    deleted_.erase(deleted_.begin());
    erase(key);
  }
}

std::shared_ptr<const std::string> TableVersions::find(std::string_view key, EventTime t) const {
  const Key* found = keys_.find(key);
  if (!found) return nullptr;
  const auto& versions = found->versions;
  const auto behind =
      history_ ? std::upper_bound(versions.begin(), versions.end(), t, later_than) : versions.end();
  if (behind == versions.begin()) return nullptr;
  const Version& version = *std::prev(behind);
  return version.deleted ? nullptr : version.row;
}

TableVersions::Key& TableVersions::restore(std::string_view key, uint32_t ordinal,
                                           std::vector<Version> versions) {
  for (const Version& version : versions) row_bytes_ += version.row->size() + kVersionBytes;
  Key& one = keys_.restore(key, ordinal);
  one.versions = std::move(versions);
  if (one.versions.back().deleted) deleted_.insert(place_of(one));
  return one;
}

}  // namespace millrace
