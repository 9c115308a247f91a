// Making the node, and state for the commit.
#include "operators/sliding_node.h"

#include "base/bytes.h"
#include "operators/sliding_work.h"
#include "operators/stored_emission.h"

namespace millrace {
SlidingNode::SlidingNode(std::string name, std::vector<Input> inputs, StagePlan stage,
                         WindowPlan plan, int64_t difference_us)
    : GroupedNode(std::move(name), std::move(inputs), std::move(stage), std::move(plan)),
      windows_(layout_, difference_us, plan_.allowed_lateness_us, plan_.emit.mode == Mode::kUpdate),
      blocks_(this->name(), "instant v1: time, emissions; " + layout_text(plan_.grouped.select)),
      kept_(this->name(), layout_, layout_text(plan_.grouped.select),
            plan_.emit.retain_us != kTimeMax) {}

std::unique_ptr<NodeWork> SlidingNode::make_work() const {
  auto work = std::make_unique<SlidingWork>(layout_.slot_bytes());
  make(*work);
  return work;
}

void SlidingNode::rows_done(Work& work) { static_cast<SlidingWork&>(work).gone.clear(); }

void SlidingNode::encode(const Instant& instant, std::string& value) const {
  append_i64(value, instant.first);
  append_emission(instant.left.get(), value);
  append_emission(instant.right.get(), value);
  layout_.encode(States::state_of(instant), value);
}

SlidingNode::Instant* SlidingNode::decode(const EntryBlocks::Stored& stored) {
  ByteReader reader(stored.value);
  const EventTime t = reader.i64();
  if (!reader.ok()) return nullptr;
  Instant& instant = windows_.restore(stored.key, t);
  for (const bool left : {true, false}) {
    const auto emission = read_emission(reader);
    if (!emission || plan_.emit.mode != Mode::kUpdate) continue;
    (left ? instant.left : instant.right) = std::make_unique<Emission>(*emission);
    const EventTime end = left ? windows_.left_end(t) : windows_.right_end(t);
    if (emission->changed) changed_[end].push_back({end, &instant, left});
  }
  return reader.ok() && layout_.decode(States::state_of(instant), reader.left()) ? &instant
                                                                                 : nullptr;
}

void SlidingNode::save(uint64_t epoch, Commit& commit, JsonValue& meta) {
  GroupedNode::save(epoch, commit, meta);
  blocks_.save(windows_.states(), epoch, commit,
               [&](const Instant& instant, std::string& value) { encode(instant, value); });
  kept_.save(epoch, commit);
  meta.set("fired_upto", JsonValue::integer(windows_.fired_upto()));
  meta.set("closed_upto", JsonValue::integer(windows_.closed_upto()));
}

Result<void> SlidingNode::restore(const JsonValue& meta, CommitLog& log) {
  MILLRACE_TRY(GroupedNode::restore(meta, log));
  windows_.restore_closed(meta_number(meta, "fired_upto", kTimeNone),
                          meta_number(meta, "closed_upto", kTimeNone));
  MILLRACE_TRY(blocks_.restore(windows_.states(), log,
                               [&](const EntryBlocks::Stored& stored) { return decode(stored); }));
  return kept_.restore(log);
}

}  // namespace millrace
