// Making the node, and state for the commit.
#include "operators/session_node.h"

#include "base/bytes.h"
#include "operators/session_work.h"
#include "operators/stored_emission.h"

namespace millrace {

SessionNode::SessionNode(std::string name, std::vector<Input> inputs, StagePlan stage,
                         WindowPlan plan, int64_t gap_us)
    : GroupedNode(std::move(name), std::move(inputs), std::move(stage), std::move(plan)),
      sessions_(layout_, gap_us, plan_.allowed_lateness_us, plan_.emit.mode == Mode::kUpdate),
      blocks_(this->name(), "session v1: first, last, emission, vanished starts; " +
                                layout_text(plan_.grouped.select)),
      kept_(this->name(), layout_, layout_text(plan_.grouped.select),
            plan_.emit.retain_us != kTimeMax) {}

std::unique_ptr<NodeWork> SessionNode::make_work() const {
  auto work = std::make_unique<SessionWork>();
  make(*work);
  return work;
}

void SessionNode::rows_done(Work& work) { static_cast<SessionWork&>(work).gone.clear(); }

void SessionNode::encode(const Session& session, std::string& value) const {
  append_i64(value, session.first);
  append_i64(value, session.last);
  std::optional<Emission> emission;
  if (session.shown) {
    emission = session.shown->emission;
    emission->changed = session.changed_at != kNoOrdinal;
  }
  append_emission(emission ? &*emission : nullptr, value);
  // Of what vanished, readers must hear only of what they have.
  std::string starts;
  for (const auto& vanished : session.vanished) {
    if (vanished->emission.sent) append_i64(starts, vanished->start);
  }
  append_sized(value, starts);
  layout_.encode(States::state_of(session), value);
}

SessionNode::Session* SessionNode::decode(const EntryBlocks::Stored& stored) {
  ByteReader reader(stored.value);
  const EventTime first = reader.i64(), last = reader.i64();
  const auto emission = read_emission(reader);
  ByteReader starts(reader.sized());
  if (!reader.ok() || first > last) return nullptr;
  Session& session = sessions_.restore(stored.key, first, last);
  if (session.shown && emission) {
    session.shown->emission = *emission;
    if (emission->changed) note_change(session);
  }
  while (session.shown && starts.ok() && !starts.at_end()) {
    const EventTime start = starts.i64();
    session.vanished.push_back(
        std::make_unique<SessionWindows::Shown>(SessionWindows::Shown{start, {0, true, false}}));
  }
  return layout_.decode(States::state_of(session), reader.left()) ? &session : nullptr;
}

void SessionNode::save(uint64_t epoch, Commit& commit, JsonValue& meta) {
  GroupedNode::save(epoch, commit, meta);
  blocks_.save(sessions_.states(), epoch, commit,
               [&](const Session& session, std::string& value) { encode(session, value); });
  kept_.save(epoch, commit);
  meta.set("fired_upto", JsonValue::integer(sessions_.fired_upto()));
  meta.set("closed_upto", JsonValue::integer(sessions_.closed_upto()));
}

Result<void> SessionNode::restore(const JsonValue& meta, CommitLog& log) {
  MILLRACE_TRY(GroupedNode::restore(meta, log));
  sessions_.restore_closed(meta_number(meta, "fired_upto", kTimeNone),
                           meta_number(meta, "closed_upto", kTimeNone));
  MILLRACE_TRY(blocks_.restore(sessions_.states(), log,
                               [&](const EntryBlocks::Stored& stored) { return decode(stored); }));
  return kept_.restore(log);
}

}  // namespace millrace
