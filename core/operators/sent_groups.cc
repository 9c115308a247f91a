#include "operators/sent_groups.h"

#include <algorithm>

#include "base/bytes.h"
#include "operators/last_emissions.h"

namespace millrace {

SentGroups::SentGroups(const std::string& operator_name)
    : blocks_(LastEmissions::stored_name(operator_name), "sent groups v1") {}

Emission& SentGroups::slot(std::string_view key) {
  bool made = false;
  Row& row = slots_.find_or_add(key, made);
  slots_.touch(row);
  return row.slot;
}

void SentGroups::note_change(std::string_view key) {
  Emission& noted = slot(key);
  if (noted.changed) return;
  noted.changed = true;
  changed_.emplace_back(key);
}

std::vector<std::string> SentGroups::take_changed() {
  for (const std::string& key : changed_) slot(key).changed = false;
  return std::exchange(changed_, {});
}

void SentGroups::forget(std::string_view key) {
  Row* row = slots_.find(key);
  if (row && !row->slot.sent && !row->slot.changed) slots_.erase(*row);
}

void SentGroups::save(uint64_t epoch, Commit& commit) {
  blocks_.save(slots_, epoch, commit, [](const Row& row, std::string& value) {
    append_u64(value, row.slot.row_hash);
    append_u8(value, static_cast<uint8_t>((row.slot.sent ? 1 : 0) | (row.slot.changed ? 2 : 0)));
  });
}

Result<void> SentGroups::restore(CommitLog& log) {
  return blocks_.restore(slots_, log, [&](const KeyedBlocks::Stored& stored) {
    ByteReader reader(stored.value);
    Emission slot;
    slot.row_hash = reader.u64();
    const uint8_t flags = reader.u8();
    slot.sent = (flags & 1) != 0;
    slot.changed = (flags & 2) != 0;
    slots_.restore(stored.key, stored.ordinal).slot = slot;
    if (slot.changed) changed_.emplace_back(stored.key);
    return reader.at_end();
  });
}

}  // namespace millrace
