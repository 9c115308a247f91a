#include "window/table_versions.h"

namespace millrace {
namespace {

using Version = TableVersions::Version;

bool later_than(EventTime t, const Version& version) { return t < version.time; }

}  // namespace

void TableVersions::put(std::string_view key, EventTime t, bool deleted, std::string row,
                        EventTime bound) {
  const auto [place, fresh] = keys_.try_emplace(std::string(key), nullptr);
  if (fresh) {
    Key made;
    made.key = &place->first;
    place->second = &slices_.add(0, std::move(made));
  }
  Key& one = *place->second;
  row_bytes_ += row.size() + kVersionBytes;
  Version version{t, deleted, std::make_shared<const std::string>(std::move(row))};
  if (!history_) {
    prune(one, kTimeMax);
    one.versions.clear();
  }
  one.versions.insert(std::upper_bound(one.versions.begin(), one.versions.end(), t, later_than),
                      std::move(version));
  if (history_) prune(one, bound);
  slices_.touch(one);
}

void TableVersions::prune(Key& key, EventTime bound) {
  // Behind the newest version at or before the bound nothing older is ever asked for.
  auto keep = std::upper_bound(key.versions.begin(), key.versions.end(), bound, later_than);
  if (keep != key.versions.begin() && history_) --keep;
  for (auto gone = key.versions.begin(); gone != keep; ++gone)
    row_bytes_ -= gone->row->size() + kVersionBytes;
  key.versions.erase(key.versions.begin(), keep);
}

std::shared_ptr<const std::string> TableVersions::find(std::string_view key, EventTime t) const {
  const auto found = keys_.find(std::string(key));
  if (found == keys_.end()) return nullptr;
  const auto& versions = found->second->versions;
  const auto behind =
      history_ ? std::upper_bound(versions.begin(), versions.end(), t, later_than) : versions.end();
  if (behind == versions.begin()) return nullptr;
  const Version& version = *std::prev(behind);
  return version.deleted ? nullptr : version.row;
}

TableVersions::Key& TableVersions::restore(std::string_view key, std::vector<Version> versions) {
  const auto place = keys_.try_emplace(std::string(key), nullptr).first;
  for (const Version& version : versions) row_bytes_ += version.row->size() + kVersionBytes;
  Key made;
  made.key = &place->first;
  made.versions = std::move(versions);
  place->second = &slices_.restore(0, std::move(made));
  return *place->second;
}

}  // namespace millrace
