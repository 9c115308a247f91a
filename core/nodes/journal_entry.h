#pragma once

/// One poll of a journaled source as bytes: the records with all their columns, what the source
/// refused, lost and said of its partitions, and where the source goes on behind it. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/component.h"
#include "record/batch.h"

namespace millrace {

struct JournalEntry {
  int64_t arrival_us = 0;  ///< Wall clock.
  std::string plugin_state;
  BatchBuilder::Taken taken;
  std::vector<SourceInstance::PartitionEvent> events;
};

std::string write_journal_entry(const JournalEntry& entry);
/// Nullopt: these are not the bytes of one.
std::optional<JournalEntry> read_journal_entry(std::string_view bytes);

}  // namespace millrace
