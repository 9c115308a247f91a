#include "nodes/duplicate_blocks.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"
#include "state/block_reader.h"
#include "state/block_writer.h"

namespace millrace {
namespace {

constexpr std::string_view kLayout = "duplicate entry v1: hash u64, time i64, group u32";
constexpr size_t kEntryBytes = 20;

std::string entry_bytes(const DuplicateFilter::Entry& entry) {
  std::string out(kEntryBytes, '\0');
  std::memcpy(out.data(), &entry.hash, 8);
  std::memcpy(out.data() + 8, &entry.time_us, 8);
  std::memcpy(out.data() + 16, &entry.group, 4);
  return out;
}

bool read_entry(std::string_view bytes, DuplicateFilter::Entry& entry) {
  if (bytes.size() != kEntryBytes) return false;
  std::memcpy(&entry.hash, bytes.data(), 8);
  std::memcpy(&entry.time_us, bytes.data() + 8, 8);
  std::memcpy(&entry.group, bytes.data() + 16, 4);
  return true;
}

/// The later of two times, by group.
void note_time(std::map<uint32_t, int64_t>& newest, uint32_t group, int64_t time_us) {
  int64_t& known_us = newest.try_emplace(group, time_us).first->second;
  known_us = std::max(known_us, time_us);
}

}  // namespace

DuplicateBlocks::DuplicateBlocks(std::string source, int64_t horizon_us, size_t entries_max)
    : op_(std::move(source)),
      horizon_us_(horizon_us),
      slice_us_(std::max<int64_t>(horizon_us / 8, 1)),
      entries_max_(entries_max) {}

DuplicateBlocks::Slice& DuplicateBlocks::slice_of(int64_t time_us) {
  return slice_starting(floor_div(time_us, slice_us_) * slice_us_);
}

/// Slices of an earlier run keep their starts, also when the horizon, and so their width, changed.
DuplicateBlocks::Slice& DuplicateBlocks::slice_starting(int64_t start) {
  const auto found = slices_.find(start);
  if (found != slices_.end()) return found->second;
  return slices_.emplace(start, Slice(Chain(op_, start, 0))).first->second;
}

void DuplicateBlocks::add(const std::vector<DuplicateFilter::Entry>& entries) {
  for (const DuplicateFilter::Entry& entry : entries) remember(slice_of(entry.time_us), entry);
}

void DuplicateBlocks::remember(Slice& slice, const DuplicateFilter::Entry& entry) {
  slice.entries.push_back(entry);
  note_time(slice.newest, entry.group, entry.time_us);
}

/// `newest`: of all slices, by group. `newer`: how many entries younger slices hold. A group that
/// has fallen silent holds back what it has itself, but no slices of others.
bool DuplicateBlocks::is_over(const Slice& slice, const std::map<uint32_t, int64_t>& newest,
                              size_t newer) const {
  const int64_t keep_us = newer >= entries_max_ ? 0 : horizon_us_;
  return std::all_of(slice.newest.begin(), slice.newest.end(), [&](const auto& one) {
    return one.second < saturating_sub(newest.at(one.first), keep_us);
  });
}

void DuplicateBlocks::drop_old(Commit& commit) {
  std::map<uint32_t, int64_t> newest;
  for (const auto& [start, slice] : slices_) {
    for (const auto& [group, time_us] : slice.newest) note_time(newest, group, time_us);
  }
  size_t newer = 0;
  for (auto slice = slices_.end(); slice != slices_.begin();) {
    --slice;
    if (is_over(slice->second, newest, newer)) {
      if (!slice->second.chain.empty()) commit.erase_slices.emplace_back(op_, slice->first);
      slice = slices_.erase(slice);
    } else {
      newer += slice->second.entries.size();
    }
  }
}

void DuplicateBlocks::save(uint64_t epoch, Commit& commit) {
  drop_old(commit);
  for (auto& [start, slice] : slices_) {
    if (slice.saved == slice.entries.size()) continue;
    const size_t fresh = slice.entries.size() - slice.saved;
    const BlockSeries series =
        slice.chain.next(epoch, hash_bytes(kLayout), fresh * (kEntryBytes + 4));
    BlockWriter writer(series);
    for (size_t i = series.base() ? 0 : slice.saved; i < slice.entries.size(); ++i) {
      writer.put(static_cast<uint32_t>(i), "", entry_bytes(slice.entries[i]));
    }
    std::vector<StateBlock> blocks = writer.finish();
    for (BlockId& id : slice.chain.wrote(series, blocks)) commit.erase.push_back(std::move(id));
    for (StateBlock& block : blocks) commit.put.push_back(std::move(block));
    slice.saved = slice.entries.size();
  }
}

Result<void> DuplicateBlocks::restore(CommitLog& log) {
  auto read = log.read_blocks(op_, [&](const BlockId& id, std::string_view bytes) -> Result<void> {
    auto reader = BlockReader::open(bytes, hash_bytes(kLayout));
    if (!reader) return reader.error();
    Slice& slice = slice_starting(id.slice);
    MILLRACE_TRY(slice.chain.restore(reader->header(), bytes.size()));
    BlockEntry stored;
    while (reader->next(stored)) {
      DuplicateFilter::Entry entry{};
      if (!read_entry(stored.value, entry))
        return Error{Code::kCorrupt, to_text(id) + " does not add up"};
      remember(slice, entry);
    }
    slice.saved = slice.entries.size();
    return {};
  });
  if (!read) return read.error();
  for (const auto& [start, slice] : slices_) MILLRACE_TRY(slice.chain.restored());
  return {};
}

std::vector<DuplicateFilter::Entry> DuplicateBlocks::entries() const {
  std::vector<DuplicateFilter::Entry> all;
  for (const auto& [start, slice] : slices_)
    all.insert(all.end(), slice.entries.begin(), slice.entries.end());
  return all;
}

}  // namespace millrace
