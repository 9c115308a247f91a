#include "operators/last_emissions.h"

#include <cstring>
#include <new>

namespace millrace {
namespace {

using Slot = Emission;

Slot& as_slot(std::byte* state) { return *std::launder(reinterpret_cast<Slot*>(state)); }

/// A slot is kept like an aggregate's state, so that it needs no maps and blocks of its own.
const AggregateFunction& slot_function() {
  static const AggregateFunction function = [] {
    AggregateFunction made{};
    made.name = "#last_emission";
    made.result = Type::kInt8;
    AggregateKernel& kernel = made.kernel;
    kernel.state_bytes = sizeof(Slot);
    kernel.align = alignof(Slot);
    kernel.init = [](std::byte* state) { new (state) Slot(); };
    kernel.destroy = [](std::byte*) {};
    kernel.encode = [](const std::byte* state, std::string& out) {
      const Slot& slot = as_slot(const_cast<std::byte*>(state));
      char bytes[sizeof slot.row_hash];
      std::memcpy(bytes, &slot.row_hash, sizeof bytes);
      out.append(bytes, sizeof bytes);
      out.push_back(static_cast<char>(slot.sent | slot.changed << 1));
    };
    kernel.decode = [](std::byte* state, std::string_view& in) {
      Slot& slot = as_slot(state);
      if (in.size() < sizeof slot.row_hash + 1) return false;
      std::memcpy(&slot.row_hash, in.data(), sizeof slot.row_hash);
      const char flags = in[sizeof slot.row_hash];
      slot.sent = flags & 1;
      slot.changed = flags & 2;
      in.remove_prefix(sizeof slot.row_hash + 1);
      return true;
    };
    return made;
  }();
  return function;
}

AggregateLayout slot_layout() { return AggregateLayout({&slot_function()}); }

}  // namespace

std::string LastEmissions::stored_name(std::string_view operator_name) {
  return std::string(operator_name) + "/sent";
}

LastEmissions::LastEmissions(const std::string& operator_name)
    : slots_(slot_layout(), Slicer::whole_stream(), 0),
      blocks_(stored_name(operator_name), slot_layout().describe()) {}

Emission& LastEmissions::slot(EventTime window_end, uint64_t hash, std::string_view key) {
  return as_slot(slots_.slice_starting(window_end).state(hash, key));
}

void LastEmissions::note_change(const Span& window, uint64_t hash, std::string_view key) {
  GroupSlice& slice = slots_.slice_starting(window.end);
  Slot& slot = as_slot(slice.state(hash, key));
  if (slot.changed) return;
  slot.changed = true;
  Changed& changed = changed_.try_emplace(window.end, Changed{window, {}}).first->second;
  // The map's own copy of the key lives as long as the slot.
  changed.groups.push_back({hash, slice.find_shard(group_shard(hash))->find(hash, key)->key});
}

std::vector<LastEmissions::Changed> LastEmissions::take_changed() {
  std::vector<Changed> out;
  for (auto& [end, changed] : changed_) {
    for (const WindowGroups::GroupId& id : changed.groups)
      slot(end, id.hash, id.key).changed = false;
    out.push_back(std::move(changed));
  }
  changed_.clear();
  return out;
}

void LastEmissions::forget_changes(EventTime window_end) { changed_.erase(window_end); }

void LastEmissions::drop(EventTime window_end) {
  slots_.slices().erase(window_end);
  blocks_.drop_slice(window_end);
}

Result<void> LastEmissions::restore(const Slicer& slicer, CommitLog& log) {
  MILLRACE_TRY(blocks_.restore(slots_, log));
  for (auto& [end, slice] : slots_.slices()) {
    const Span window = slicer.first_window_ending_after(end - 1);
    for (unsigned shard = 0; shard < kGroupShards; ++shard) {
      const GroupMap* map = slice.find_shard(static_cast<uint8_t>(shard));
      for (size_t i = 0; map && i < map->size(); ++i) {
        const GroupMap::Group& group = (*map)[i];
        if (!as_slot(group.state).changed) continue;
        changed_.try_emplace(end, Changed{window, {}})
            .first->second.groups.push_back({group.hash, group.key});
      }
    }
  }
  return {};
}

}  // namespace millrace
