#pragma once

/// Session windows (semantics R6, R7). A record extends an open session of its group, opens one, or
/// makes two of them one; the states of both are merged then, the older one first.
/// update: a start that vanishes is deleted before the upsert of the session that swallowed it, at
/// the same place in the log.

#include "operators/entry_blocks.h"
#include "operators/grouped_node.h"
#include "operators/kept_results.h"
#include "window/session_windows.h"

namespace millrace {

class SessionNode final : public GroupedNode {
 public:
  SessionNode(std::string name, std::vector<Input> inputs, StagePlan stage, WindowPlan plan,
              int64_t gap_us);

  std::unique_ptr<NodeWork> make_work() const override;
  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;
  size_t state_bytes() const override { return sessions_.bytes() + kept_.bytes(); }
  void seal_closed() override { sessions_.seal_closed(); }

 private:
  struct SessionWork;
  using Session = SessionWindows::Session;
  using States = SessionWindows::States;
  bool next_due(EventTime& closes_at) const override { return sessions_.next_due(closes_at); }
  uint64_t open_windows() const override { return sessions_.states().entries(); }
  void fold_rows(Work& work, Fold& fold, const GroupedInput::Cut& cut) override;
  void fire_due(Work& work, Fold& fold, EventTime w, uint32_t upto) override;
  void show_changed(Work& work, uint32_t release, EventTime now) override;
  bool any_changed() const override;
  bool show_all(Work& work, uint32_t release, EventTime now, uint64_t& rows) override;
  /// Rows tell the last instant of a session, e - 1.
  void forget_closed(EventTime end) override { kept_.forget(saturating_sub(end, 1)); }
  void rows_done(Work& work) override;

  // session_fold.cc
  void place_row(SessionWork& work, Fold& fold, size_t i, EventTime w);
  void close(SessionWork& work, Session* const* begin, Session* const* end, uint32_t release);
  FiredGroup fired(Session& session, EventTime time) const;
  // session_emit.cc
  void record_trigger(SessionWork& work, Session& session, size_t i, EventTime w);
  void take_vanished(SessionWork& work, Session& session, EventTime time);
  void fire_vanished(SessionWork& work, uint32_t release);
  void fire_rows(SessionWork& work, uint32_t release, FiringKind kind);
  void note_change(Session& session);
  void forget_change(Session& session);
  // session_node.cc
  void encode(const Session& session, std::string& value) const;
  Session* decode(const EntryBlocks::Stored& stored);

  SessionWindows sessions_;
  EntryBlocks blocks_;
  KeptResults kept_;  ///< complete.
  std::vector<Session*>
      changed_;  ///< update, every: since the last trigger; null: closed or merged.
};

}  // namespace millrace
