#include "operators/kept_results.h"

#include "base/bytes.h"
#include "base/hash.h"

namespace millrace {

KeptResults::KeptResults(const std::string& operator_name, const AggregateLayout& layout,
                         std::string_view layout_text, bool forgets)
    : forgets_(forgets),
      states_(layout),
      blocks_(operator_name + "/kept", "kept v1: start, end; " + std::string(layout_text)) {}

KeptResults::Kept& KeptResults::add(uint64_t hash, std::string_view key, const Span& window) {
  Kept& kept = states_.add(hash, key, nullptr, window.start, window.end);
  if (forgets_) states_.wait(kept, window.end);
  return kept;
}

void KeptResults::forget(EventTime end) {
  while (Kept* kept = states_.take_waiting(end)) states_.remove(*kept);
}

void KeptResults::keep(uint64_t hash, std::string_view key, const Span& window,
                       const std::byte* state) {
  Kept& kept = add(hash, key, window);
  states_.layout().merge(States::state_of(kept), state);
}

void KeptResults::save(uint64_t epoch, Commit& commit) {
  blocks_.save(states_, epoch, commit, [&](const Kept& kept, std::string& value) {
    append_i64(value, kept.first);
    append_i64(value, kept.last);
    states_.layout().encode(States::state_of(kept), value);
  });
}

Result<void> KeptResults::restore(CommitLog& log) {
  return blocks_.restore(states_, log, [&](const EntryBlocks::Stored& stored) -> Kept* {
    ByteReader reader(stored.value);
    const EventTime start = reader.i64(), end = reader.i64();
    if (!reader.ok()) return nullptr;
    Kept& kept = add(hash_bytes(stored.key), stored.key, {start, end});
    return states_.layout().decode(States::state_of(kept), reader.left()) ? &kept : nullptr;
  });
}

}  // namespace millrace
