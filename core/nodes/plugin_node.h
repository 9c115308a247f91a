#pragma once

/// A processor plugin as an operator. It sees key, value bytes, time and headers, and what it puts
/// out is read by the operator's `schema`. One instance, in the order of the task.

#include "columns/json_decode.h"
#include "nodes/error_rows.h"
#include "nodes/node.h"
#include "plugin/component.h"

namespace millrace {

struct ProcessorPlan {
  Component component;
  std::string config;
  Schema fields;  ///< Of its output.
};

class PluginNode final : public Node {
 public:
  PluginNode(std::string name, std::string pipeline, std::vector<Input> inputs, ProcessorPlan plan);

  std::unique_ptr<NodeWork> make_work() const override;
  bool parallel() const override { return false; }
  bool prepares_ahead() const override { return false; }
  void prepare(Chunk&) const override {}
  Result<void> apply(Chunk& chunk, Range range) override;
  void demand(size_t input, std::vector<bool>& wanted) const override;
  const EventTime* watermarks(const Chunk& chunk) const override {
    return inputs()[0].node->watermarks(chunk);
  }
  EventTime watermark() const override { return inputs()[0].node->watermark(); }

  Result<void> open(uint64_t last_epoch);
  Result<void> close();
  void cancel();
  /// Asks the plugin for its snapshot; before save().
  Result<void> prepare_commit(uint64_t epoch);
  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;

 private:
  struct Work;
  BatchRef input_batch(Work& work, const RowsView& view);
  void take_rows(Work& work, const RowsView& view, uint32_t fallback_record);
  void place_rows(Work& work, const RowsView& view, uint32_t fallback_record);
  void drop_broken(Work& work);
  void take_errors(Work& work, const RowsView& view, std::vector<Reject> rejects);

  ProcessorPlan plan_;
  std::string pipeline_;
  std::unique_ptr<ProcessorInstance> instance_;
  BatchBuilder builder_;
  std::string state_;
};

}  // namespace millrace
