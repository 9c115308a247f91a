#include "pipeline/committer.h"

#include <algorithm>
#include <utility>

#include "base/fault_point.h"
#include "base/hex.h"
#include "json/write.h"
#include "pipeline/commit_meta.h"
#include "pipeline/ledger_json.h"

namespace millrace {

Committer::Committer(Graph& graph, CommitLog& log)
    : graph_(graph), log_(log), resume_(graph.sources.size()) {
  note_committed(graph_.ledger());
}

Result<bool> Committer::fresh_was_begun() {
  auto last = log_.last();
  if (!last) return last.error();
  if (!*last) return false;
  auto meta = parse_commit_meta((*last)->meta);
  if (!meta) return meta.error();
  const JsonValue* begun = meta->find("fresh_begun");
  return begun && begun->is_bool() && begun->as_bool();
}

Result<void> Committer::begin_fresh() {
  auto last = log_.last();
  if (!last) return last.error();
  if (!*last) return {};
  auto meta = parse_commit_meta((*last)->meta);
  if (!meta) return meta.error();
  auto operators = log_.operators();
  if (!operators) return operators.error();
  Commit commit;
  commit.epoch = (*last)->epoch + 1;
  for (const StoredOperator& stored : *operators) commit.erase_operators.push_back(stored.op);
  JsonValue begun = JsonValue::object();
  begun.set("format", JsonValue::integer(kCommitMetaFormat));
  begun.set("fresh_begun", JsonValue::boolean(true));
  begun.set("sinks", member_of(*meta, "sinks"));
  commit.meta = to_json(begun);
  MILLRACE_TRY(log_.commit(commit));
  epoch_ = commit.epoch;
  for (SinkNode* sink : graph_.sinks) {
    MILLRACE_TRY(sink->restore(member_of(member_of(*meta, "sinks"), sink->name()), log_));
  }
  return {};
}

void Committer::note_committed(Ledger ledger) {
  std::lock_guard lock(mutex_);
  committed_ = std::move(ledger);
}

void Committer::write_source(SourceStart& source, const ResumePoint& point, Commit& commit,
                             JsonValue& one) {
  one.set("identity", JsonValue::string(stored_identity(source.identity)));
  one.set("settings", JsonValue::string(graph_.settings[source.node->name()]));
  one.set("snapshot", JsonValue::string(to_hex(point.snapshot)));
  one.set("skip", JsonValue::integer(static_cast<int64_t>(point.skip)));
  one.set("applied", JsonValue::integer(static_cast<int64_t>(point.applied)));
  if (point.ended) one.set("ended", JsonValue::boolean(true));
  if (!point.seeks.empty()) {
    JsonValue& seek = one.set("seek", JsonValue::object());
    for (const auto& [partition, position] : point.seeks)
      seek.set(std::to_string(partition), JsonValue::integer(static_cast<int64_t>(position)));
  }
  source.node->save(commit.epoch, commit, one);
  one.set("counters", counters_json(source.node->source_counters));
}

void Committer::write_operator(const NamedOperator& op, Commit& commit, JsonValue& one) {
  one.set("identity", JsonValue::string(stored_identity(op.identity)));
  one.set("settings", JsonValue::string(graph_.settings[op.node->name()]));
  op.node->save(commit.epoch, commit, one);
  if (graph_.resets.contains(op.node->name())) one.set("reset", JsonValue::boolean(true));
  one.set("counters", counters_json(op.node->counters));
}

void Committer::write_meta(const std::vector<ResumePoint>& points, OpenCommit& open) {
  Commit& commit = open.commit;
  JsonValue& meta = open.meta;
  meta.set("format", JsonValue::integer(kCommitMetaFormat));
  if (!graph_.tzdata.empty()) meta.set("tzdata", JsonValue::string(graph_.tzdata));
  for (const ProcessingTimeNode* clock : graph_.clocks) {
    JsonValue& latest =
        meta.find("clock") ? *meta.find("clock") : meta.set("clock", JsonValue::integer(kTimeNone));
    latest = JsonValue::integer(std::max(latest.as_int(), clock->clock()));
  }
  JsonValue& sources = meta.set("sources", JsonValue::object());
  uint64_t applied = 0;
  for (size_t i = 0; i < graph_.sources.size(); ++i) {
    SourceStart& source = graph_.sources[i];
    write_source(source, points[i], commit, sources.set(source.node->name(), JsonValue::object()));
    applied += points[i].applied;
  }
  if (std::exchange(closed_, false)) closed_at_ = applied;
  if (closed_at_) meta.set("closed_at", JsonValue::integer(static_cast<int64_t>(*closed_at_)));
  JsonValue& operators = meta.set("operators", JsonValue::object());
  for (const NamedOperator& op : graph_.operators)
    write_operator(op, commit, operators.set(op.node->name(), JsonValue::object()));
  JsonValue& unions = meta.set("unions", JsonValue::object());
  for (Node* node : graph_.unions)
    node->save(commit.epoch, commit, unions.set(node->name(), JsonValue::object()));
  JsonValue& sinks = meta.set("sinks", JsonValue::object());
  for (SinkNode* sink : graph_.sinks) {
    JsonValue& one = sinks.set(sink->name(), JsonValue::object());
    one.set("counters", counters_json(sink->sink_counters));
  }
}

Result<OpenCommit> Committer::begin(const std::vector<ResumePoint>& points,
                                    std::vector<SourceRunner*> sources) {
  OpenCommit open;
  open.commit.epoch = epoch_ + 1;
  open.sources = std::move(sources);
  for (const ResumePoint& point : points) open.snapshots.push_back(point.snapshot);
  fault_point("commit.begin");
  for (PluginNode* processor : graph_.processors)
    MILLRACE_TRY(processor->prepare_commit(open.commit.epoch));
  open.commit.erase_operators = std::move(erase_operators_);
  erase_operators_.clear();
  for (SinkNode* sink : graph_.sinks) {
    const Node& input = *sink->inputs()[0].node;
    if (sink->plan().repartition) sink->outlet().mark({input.watermark(), input.idle()});
    MILLRACE_TRY(sink->outlet().barrier(open.commit.epoch, open.commit));
  }
  write_meta(points, open);
  for (const ResumePoint& point : points) open.commit.positions.push_back(point.snapshot);
  open.ledger = graph_.ledger();
  fault_point("commit.barrier");
  return open;
}

Result<void> Committer::prepare(SinkNode& sink, OpenCommit& open) {
  MILLRACE_TRY(sink.outlet().prepare(open.commit.epoch));
  sink.write_state(*open.meta.find("sinks")->find(sink.name()));
  return {};
}

Result<void> Committer::write_log(OpenCommit& open) {
  fault_point("commit.prepared");
  open.commit.meta = to_json(open.meta);
  MILLRACE_TRY(log_.commit(open.commit));
  fault_point("commit.logged");
  epoch_ = open.commit.epoch;
  ++commits_;
  note_committed(std::move(open.ledger));
  return {};
}

Result<void> Committer::tell_sink(SinkNode& sink, uint64_t epoch) {
  MILLRACE_TRY(sink.outlet().committed(epoch));
  fault_point("commit.sink");
  return {};
}

void Committer::tell_sources(OpenCommit& open) {
  for (size_t i = 0; i < open.sources.size(); ++i)
    open.sources[i]->acknowledge(open.commit.epoch, open.snapshots[i]);
  if (hear_) hear_(std::move(open.commit));
  fault_point("commit.done");
}

Result<bool> Committer::step(OpenCommit& open) {
  const size_t sinks = graph_.sinks.size(), made = open.steps++;
  if (made < sinks) {
    MILLRACE_TRY(prepare(*graph_.sinks[made], open));
    return true;
  }
  size_t next = made - sinks;  // 0: the log; then the sinks, then the sources.
  if (next <= sinks && broken_on_purpose("commit_unsynced")) next = (next + 1) % (sinks + 1);
  if (next == 0) {
    MILLRACE_TRY(write_log(open));
  } else if (next <= sinks) {
    MILLRACE_TRY(tell_sink(*graph_.sinks[next - 1], open.commit.epoch));
  } else {
    tell_sources(open);
    return false;
  }
  return true;
}

Result<void> Committer::finish(OpenCommit open) {
  while (true) {
    auto more = step(open);
    if (!more) return more.error();
    if (!*more) return {};
  }
}

Result<void> Committer::commit(const std::vector<ResumePoint>& points,
                               std::vector<SourceRunner*> sources) {
  auto open = begin(points, std::move(sources));
  if (!open) return open.error();
  return finish(std::move(*open));
}

uint64_t Committer::backlog_bytes() const {
  uint64_t bytes = 0;
  for (const SinkNode* sink : graph_.sinks) bytes += sink->outlet().backlog_bytes();
  return bytes;
}

std::optional<Error> Committer::sink_failure() const {
  for (const SinkNode* sink : graph_.sinks) {
    if (auto failure = sink->outlet().failure()) return failure;
  }
  return std::nullopt;
}

Result<bool> Committer::settle(int64_t give_up_us) {
  bool more = false;
  for (SinkNode* sink : graph_.sinks) {
    auto settled = sink->outlet().settle(give_up_us);
    if (!settled) return settled.error();
    more = more || *settled;
  }
  return more;
}

}  // namespace millrace
